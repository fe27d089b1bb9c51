"""Incidents as HTML cards. Pure; every text of the data is escaped."""

import html
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dashboard import formatting as fmt
from dashboard.client import Row
from dashboard.palette import STATE_COLOURS

# Okabe and Ito's colours; a sign and a word say the same.
_SIGNS = {"CONFIRMED": "■", "SUSPECTED": "▲", "DEGRADED": "◆", "RECOVERING": "↗", "INSUFFICIENT_DATA": "?", "OK": "–"}
STYLE = """
<style>
.tp-incidents {display:flex; flex-direction:column; gap:.5rem;}
.tp-incident {display:grid; grid-template-columns:minmax(9.5rem,auto) 1fr auto; gap:.2rem 1rem; align-items:baseline;
  padding:.6rem .9rem; border-left:5px solid var(--tp); border-radius:4px; color:inherit !important;
  text-decoration:none !important; background:color-mix(in srgb, var(--tp) 10%, transparent);}
.tp-incident:hover, .tp-incident:focus-visible {background:color-mix(in srgb, var(--tp) 22%, transparent);}
.tp-incident b {font-weight:650;}
.tp-incident .tp-more {grid-column:1 / -1; font-size:.9rem; opacity:.85; font-variant-numeric:tabular-nums;}
.tp-incident .tp-when {text-align:right; font-size:.9rem; font-variant-numeric:tabular-nums;}
@media (max-width:640px) {.tp-incident {grid-template-columns:1fr;} .tp-incident .tp-when {text-align:left;}}
</style>
"""


def incident_list(rows: list[Row], now: datetime) -> str:
    return f'{STYLE}<div class="tp-incidents">{"".join(_linked(row, now) for row in rows)}</div>'


def incident_card(row: Row, now: datetime) -> str:
    return f'{STYLE}<div class="tp-incidents">{_card(row, now, "div", "role=status")}</div>'


def link(incident_id: str) -> str:
    return f"/incident?id={quote(incident_id)}"


def _linked(row: Row, now: datetime) -> str:
    return _card(row, now, "a", f'href="{html.escape(link(row["incident_id"]))}" target="_self"')


def _card(row: Row, now: datetime, tag: str, attributes: str) -> str:
    colour, sign = STATE_COLOURS[row["state"]], _SIGNS[row["state"]]
    where = f"<b>{_text(row['area_name'])}</b> · {_text(row['network_name'])}"
    seen = row["acknowledged_by"]
    acknowledged = f"acknowledged by {_text(seen)}" if seen else "not acknowledged"
    more = " · ".join([_peak(row), _text(fmt.evidence(row["evidence"])), acknowledged])
    return (
        f'<{tag} class="tp-incident" style="--tp:{colour}" {attributes}>'
        f"<span>{sign} <b>{fmt.STATE_WORDS[row['state']]}</b></span><span>{where}</span>"
        f'<span class="tp-when" title="{html.escape(fmt.utc_time(row["start_ts"]))}">{_when(row, now)}</span>'
        f'<span class="tp-more">{more}</span></{tag}>'
    )


def _when(row: Row, now: datetime) -> str:
    since = fmt.local_time(row["start_ts"])
    if row["end_ts"] is not None:
        return f"{since}, lasted {fmt.minutes(row['duration_minutes'])}"
    return f"since {since}, {fmt.age(fmt.age_s(row['start_ts'], now))}"


def _peak(row: Row) -> str:
    if not row["peak_bad_n"]:
        return "no votes at all"
    usual = f", usual {fmt.share(row['baseline_share'])}" if row["baseline_share"] is not None else ""
    return (
        f"at worst {fmt.share(row['peak_bad_share'])} without service "
        f"({fmt.number(row['peak_bad_n'])} of {fmt.number(row['peak_vote_n'])} votes{usual})"
    )


def _text(value: Any) -> str:
    return html.escape(str(value))
