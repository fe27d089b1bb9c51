"""How fresh the data is and incidents, as HTML. Pure; every text of the data is escaped."""

import html
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dashboard import formatting as fmt
from dashboard.client import Row
from dashboard.palette import BLUE, GREY, ORANGE, STATE_COLOURS, VERMILION

# Okabe and Ito's colours; a sign and a word say the same.
_SIGNS = {"CONFIRMED": "■", "SUSPECTED": "▲", "DEGRADED": "◆", "RECOVERING": "↗", "INSUFFICIENT_DATA": "?", "OK": "–"}
_FRESHNESS_SIGNS = {"Fresh": "●", "Delayed": "◐", "Stale": "○", "No data": "✕"}
_FRESHNESS_COLOURS = {"Fresh": BLUE, "Delayed": ORANGE, "Stale": VERMILION, "No data": GREY}
_STRIP_STYLE = """
<style>
.tp-strip {display:flex; flex-wrap:wrap; gap:.5rem 1.75rem; padding:.6rem .9rem; border-left:5px solid var(--tp);
  background:color-mix(in srgb, var(--tp) 10%, transparent); border-radius:4px; font-size:.95rem;}
.tp-strip small {flex-basis:100%; font-size:.85rem;}
.tp-strip b {font-variant-numeric:tabular-nums;}
</style>
"""
NONE_OPEN = "No incident is open."
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


def freshness_strip(newest: Row, now: datetime) -> str:
    """The age of the newest event and of the marts, in words beside the colour."""
    event_age, mart_age = fmt.age_s(newest["newest_event_ts"], now), fmt.age_s(newest["refreshed_ts"], now)
    ages = [value for value in (event_age, mart_age) if value is not None]
    word = fmt.freshness_word(max(ages) if len(ages) == 2 else None)
    lag = fmt.age(newest["lag_arrival_p95_s"]) if newest["lag_arrival_p95_s"] is not None else fmt.MISSING
    parts = [
        f"<b>{_FRESHNESS_SIGNS[word]} {word}</b>",
        f"newest event <b>{fmt.age(event_age)}</b> ago",
        f"marts refreshed <b>{fmt.age(mart_age)}</b> ago",
        f"arrival to mart, 95 %: <b>{lag}</b>",
        f'data as of <b title="{html.escape(fmt.utc_time(newest["newest_event_ts"]))}">'
        f"{fmt.local_time(newest['newest_event_ts'])}</b> (Madrid)",
    ]
    spans = "".join(f"<span>{part}</span>" for part in parts)
    return (
        f'{_STRIP_STYLE}<div class="tp-strip" role="status" style="--tp:{_FRESHNESS_COLOURS[word]}">{spans}'
        f"<small>{fmt.FRESHNESS_RULE}</small></div>"
    )


def open_incidents(rows: list[Row]) -> list[Row]:
    return [row for row in rows if not row["is_closed"]]


def incident_list(rows: list[Row], now: datetime) -> str:
    return f'{STYLE}<div class="tp-incidents">{"".join(_linked(row, now) for row in rows)}</div>'


def incident_card(row: Row, now: datetime) -> str:
    return f'{STYLE}<div class="tp-incidents">{_card(row, now, "div", "role=status")}</div>'


def judged(found: list[Row]) -> str:
    """How many areas could be judged: silence is not good news by itself."""
    if not found:
        return "No area had enough votes to tell within the last hour."
    row = found[0]
    told = f"{fmt.number(row['judged_count'])} of {fmt.number(row['check_count'])}"
    return f"Of the areas and networks with votes, {told} have enough to tell ({fmt.local_time(row['check_ts'])})."


def link(incident_id: str) -> str:
    return f"/incident?id={quote(incident_id)}"


def _linked(row: Row, now: datetime) -> str:
    return _card(row, now, "a", f'href="{html.escape(link(row["incident_id"]))}" target="_self"')


def _card(row: Row, now: datetime, tag: str, attributes: str) -> str:
    colour, sign = STATE_COLOURS[row["state"]], _SIGNS[row["state"]]
    where = f"<b>{_text(fmt.place(row))}</b> · {_text(row['network_name'])}"
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
