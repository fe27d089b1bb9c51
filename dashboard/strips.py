"""A month of availability as strips of days, like a public status page. Pure; every text of the data is escaped."""

import html
from collections.abc import Mapping
from datetime import date, timedelta

from dashboard import formatting as fmt
from dashboard.client import Row
from dashboard.palette import GREEN, GREY, ORANGE, PURPLE, VERMILION

DAYS = 30
# The height of a day says the same as its colour, and a day that can't be judged is hollow.
_LOOKS = {
    "no_outage": (GREEN, 40),
    "degraded": (PURPLE, 60),
    "minor_outage": (ORANGE, 80),
    "outage": (VERMILION, 100),
    "insufficient_data": (GREY, 100),
}
_STYLE = """
<style>
.tp-month {display:flex; flex-direction:column; gap:.45rem; font-variant-numeric:tabular-nums;}
.tp-row {display:grid; grid-template:"name days share" / 12rem 1fr 7rem; gap:.1rem .9rem; align-items:end;}
.tp-days {grid-area:days; display:flex; gap:2px; height:1.9rem; align-items:flex-end; min-width:0;}
.tp-name {grid-area:name; overflow-wrap:anywhere;}
.tp-share {grid-area:share;}
.tp-day {flex:1 1 0; min-width:3px; height:var(--tp-high); background:var(--tp); border-radius:2px;}
.tp-day.tp-hollow {background:none; border:1px dashed var(--tp); box-sizing:border-box;}
.tp-month .tp-share {text-align:right;}
.tp-month small {display:block;}
.tp-legend {display:flex; flex-wrap:wrap; gap:.2rem 1.1rem; align-items:flex-end; margin-top:.6rem; font-size:.85rem;}
.tp-legend span {display:inline-flex; align-items:flex-end; gap:.35rem; height:1.2rem;}
.tp-legend .tp-day {flex:none; width:.7rem;}
@media (max-width:640px) {.tp-row {grid-template:"name share" "days days" / 1fr auto;}}
</style>
"""


def month(rows: list[Row], today: date) -> str:
    """A strip for each cell of `rows` (queries.availability), in their order, of the 30 days up to `today`."""
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        cells.setdefault((row["area_code"], row["network"]), []).append(row)
    strips = "".join(_strip(of_cell, today) for of_cell in cells.values())
    legend = "".join(f"<span>{_day(level)}{word}</span>" for level, word in fmt.AVAILABILITY_WORDS.items())
    return f'{_STYLE}<div class="tp-month">{strips}</div><div class="tp-legend">{legend}</div>'


def _strip(rows: list[Row], today: date) -> str:
    (whole,) = [row for row in rows if row["period"] == "30_days"]
    by_date = {row["period_date"]: row for row in rows if row["period"] == "day"}
    dates = [today - timedelta(days=days) for days in reversed(range(DAYS))]
    days = "".join(_day(_level(by_date.get(day)), _title(by_date.get(day), day)) for day in dates)
    share = whole["availability_share"]
    shown = f"<b>{fmt.precise_share(share)}</b>" if share is not None else "<b>Can't tell</b>"
    return (
        f'<div class="tp-row"><b class="tp-name">{html.escape(_name(whole))}</b>'
        f'<span class="tp-days" role="img" aria-label="{html.escape(_spoken(by_date, dates))}">{days}</span>'
        f'<span class="tp-share">{shown}<small>{_incidents(whole["incident_n"])}</small></span></div>'
    )


def _name(row: Row) -> str:
    """A cell as the page names it: what all cells share goes without saying."""
    names = [
        row["area_name"] if row["area_code"] != "all" else None,
        row["network_name"] if row["network"] != "all" else None,
    ]
    return " · ".join(name for name in names if name) or "Everything"


def _day(level: str, title: str = "") -> str:
    colour, height = _LOOKS[level]
    hollow = " tp-hollow" if level == "insufficient_data" else ""
    told = f' title="{html.escape(title)}"' if title else ""
    return f'<i class="tp-day{hollow}" style="--tp:{colour}; --tp-high:{height}%"{told}></i>'


def _level(row: Row | None) -> str:
    return row["availability_level"] if row else "insufficient_data"


def _title(row: Row | None, day: date) -> str:
    if row is None:
        return f"{day:%a %d %b}: no checks"
    parts = [f"{day:%a %d %b}: {fmt.AVAILABILITY_WORDS[row['availability_level']]}"]
    if row["availability_share"] is not None:
        parts.append(f"available {fmt.precise_share(row['availability_share'])}")
    parts.append(f"outage {fmt.minutes(row['outage_minutes'])} of {fmt.minutes(row['judged_minutes'])} judged")
    parts.append(_incidents(row["incident_n"]))
    return " · ".join(parts)


def _spoken(by_date: Mapping[date, Row], dates: list[date]) -> str:
    levels = [_level(by_date.get(day)) for day in dates]
    counted = [f"{levels.count(level)} {word}" for level, word in fmt.AVAILABILITY_WORDS.items() if levels.count(level)]
    return f"Of {len(dates)} days: {', '.join(counted)}"


def _incidents(count: int) -> str:
    return f"{fmt.number(count)} incident{'' if count == 1 else 's'}"
