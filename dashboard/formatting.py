"""Numbers, shares, times and ages as people read them. Pure."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Europe/Madrid")
MISSING = "–"
CONFIDENCE_WORDS = {"published": "Published", "low_confidence": "Low confidence", "suppressed": "Too few devices"}
LOSS_WORDS = {"high": "High", "elevated": "Elevated", "low": "Low", "insufficient_data": "Too few devices"}
STATE_WORDS = {
    "CONFIRMED": "Outage",
    "SUSPECTED": "Suspected outage",
    "DEGRADED": "Degraded",
    "RECOVERING": "Recovering",
    "INSUFFICIENT_DATA": "Can't tell",
    "OK": "Over",
}
VERDICT_WORDS = {**STATE_WORDS, "OK": "Good"}
EVIDENCE_WORDS = {
    "explicit": "phones report no service",
    "late": "reports came late",
    "silence": "phones fell silent",
}

AVAILABILITY_WORDS = {
    "outage": "Outage",
    "minor_outage": "Minor outage",
    "degraded": "Degraded",
    "insufficient_data": "Can't tell",
    "no_outage": "No outage",
}

FRESH_S, DELAYED_S = 120, 600
FRESHNESS_RULE = (
    f"Fresh: event and marts both up to {FRESH_S // 60} min old · Delayed: up to {DELAYED_S // 60} min · Stale: older, "
    "so don't trust what looks quiet"
)
_NO_USUAL = "no usual yet: fewer than 2 such weekdays"
_TOO_FEW_WEEKS = "with fewer than 2 comparable weeks before them"
_TOO_FEW_DEVICES = "with too few devices"
_TOO_OLD = "older than the days that are compared"
_UNCOMPARED_WORDS = (_TOO_FEW_WEEKS, _TOO_FEW_DEVICES, _TOO_OLD)
# A negative number is none.
_FORMULA = re.compile(r"[=+@\t\r]|-(?![\d.,]+$)")


def number(value: Any, digits: int = 0) -> str:
    return MISSING if value is None else f"{float(value):,.{digits}f}"


def share(value: Any) -> str:
    """A share of 0–1 as percent; one digit below 10 %."""
    if value is None:
        return MISSING
    percent = 100 * float(value)
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"


def interval(low: Any, high: Any, *, is_share: bool = True, unit: str = "") -> str:
    if low is None or high is None:
        return MISSING
    if is_share:
        return f"{share(low)} – {share(high)}"
    return f"{number(low, 1)} – {number(high, 1)}{unit}"


def points(value: Any) -> str:
    """A difference of shares as percentage points with its sign; one digit below 10."""
    if value is None:
        return MISSING
    difference = 100 * float(value)
    return f"{difference:+.{1 if abs(difference) < 10 else 0}f}"


def points_interval(low: Any, high: Any) -> str:
    return MISSING if low is None or high is None else f"{points(low)} to {points(high)}"


def no_change(rows: Sequence[Mapping[str, Any]]) -> str:
    """Why none of these hours is said to be unlike usual: none differs, or they can't be compared."""
    if not _compared_n(rows):
        return f"Can't be told: no hour of this range can be compared with what is usual ({uncompared(rows)})."
    return f"None of the compared hours differs from usual by more than chance: {comparability(rows)}"


def comparability(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many hours can be compared with what is usual, and why the others can't."""
    compared_n = _compared_n(rows)
    told = f"{number(compared_n)} of {number(len(rows))} hours can be compared"
    return f"{told}." if compared_n == len(rows) else f"{told}, the others can't ({uncompared(rows)})."


def uncompared(rows: Sequence[Mapping[str, Any]]) -> str:
    counts = Counter(_why_uncompared(row) for row in rows if not _is_compared(row))
    return ", ".join(f"{number(counts[why])} {why}" for why in _UNCOMPARED_WORDS if counts[why])


def _compared_n(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(map(_is_compared, rows))


def _is_compared(row: Mapping[str, Any]) -> bool:
    return row["change_confidence"] not in (None, "suppressed")


def _why_uncompared(row: Mapping[str, Any]) -> str:
    if row["confidence"] == "suppressed":
        return _TOO_FEW_DEVICES
    return _TOO_OLD if row["change_confidence"] is None else _TOO_FEW_WEEKS


def rank(row: Mapping[str, Any] | None) -> str:
    """The ranks that an operator of gps_ranking may hold; a dash for one that isn't there."""
    if row is None:
        return MISSING
    best, worst, of = row["rank_best"], row["rank_worst"], row["rank_of"]
    return f"{best} of {of}" if best == worst else f"{best}–{worst} of {of}"


def rivals(row: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    """Whom an operator can't be told apart from, as gps_ranking lists them: `orange, yoigo`."""
    if row is None or row["indistinct_operators"] is None:
        return MISSING
    return ", ".join(names.get(name, name) for name in row["indistinct_operators"].split(", "))


def ranking(ranked: Sequence[Mapping[str, Any]]) -> str:
    """What the ranking of these operators says, in a sentence."""
    names = [row["operator_name"] for row in ranked if row["rank_best"] == 1]
    if len(ranked) == 1:
        return f"Only {names[0]} has enough devices to be ranked."
    if all((row["rank_best"], row["rank_worst"]) == (1, row["rank_of"]) for row in ranked):
        return f"No two of the {len(ranked)} operators can be told apart."
    if len(names) == 1:
        return f"{names[0]} has the highest share of {len(ranked)} operators."
    return f"Any of {len(names)} of the {len(ranked)} operators may have the highest share: {', '.join(names)}."


def against_normal(row: Mapping[str, Any] | None) -> str:
    """A row of kpi_changes in words: what is usual, and whether the day differs from it."""
    if row is None or row["confidence"] == "suppressed":
        return _NO_USUAL
    judged = "as usual" if not row["is_changed"] else "higher than usual" if row["change"] > 0 else "lower than usual"
    usual = f"{share(row['normal_share'])} ({interval(row['normal_share_ci_low'], row['normal_share_ci_high'])})"
    weeks = f"{row['normal_week_count']} weekdays until {_end_of_hour(row)}"
    return f"{judged}: {share(row['kpi_share'])} against {usual}, n = {number(row['normal_n'])}, {weeks}"


def events_against_normal(row: Mapping[str, Any] | None) -> str:
    if row is None or row["confidence"] == "suppressed":
        return _NO_USUAL
    low, high = number(row["normal_event_n_min"]), number(row["normal_event_n_max"])
    return f"until {_end_of_hour(row)} {number(row['event_n'])}, usual {low} – {high}"


def _end_of_hour(row: Mapping[str, Any]) -> str:
    return f"{row['last_local_hour_ts'] + timedelta(hours=1):%H:%M}"


def local_time(value: datetime | None) -> str:
    return MISSING if value is None else _aware(value).astimezone(LOCAL_ZONE).strftime("%a %d %b %H:%M:%S")


def local_hour(value: datetime) -> str:
    return f"{_aware(value).astimezone(LOCAL_ZONE):%a %d %b %H:%M}"


def local_date(value: datetime) -> date:
    return _aware(value).astimezone(LOCAL_ZONE).date()


def utc_time(value: datetime | None) -> str:
    return MISSING if value is None else f"{_aware(value).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def size(byte_count: Any) -> str:
    """Bytes in units of a thousand, as Athena's price has them."""
    if byte_count is None:
        return MISSING
    value = float(byte_count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.{0 if unit == 'B' or value >= 99.95 else 1}f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


def dollars(value: Any) -> str:
    if value is None:
        return MISSING
    return "< $0.01" if 0 < float(value) < 0.005 else f"${float(value):,.2f}"


def seconds(value: Any) -> str:
    """A duration; one digit below 10 s."""
    return MISSING if value is None else age(float(value)) if float(value) >= 10 else f"{float(value):.1f} s"


def minutes(value: Any) -> str:
    return age(None if value is None else 60.0 * float(value))


def evidence(kinds: str) -> str:
    """As outage_incidents lists them: `explicit, late`."""
    return ", ".join(EVIDENCE_WORDS.get(kind, kind) for kind in kinds.split(", "))


def place(row: Mapping[str, Any]) -> str:
    """The area's name; a province is told from the municipality that has its name."""
    return f"{row['area_name']} (province)" if row["area_level"] == "province" else str(row["area_name"])


def age_s(value: datetime | None, now: datetime) -> float | None:
    return None if value is None else max(0.0, (now - _aware(value)).total_seconds())


def age(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"


def freshness_word(seconds: float | None) -> str:
    """Fresh up to 2 minutes, delayed up to 10, stale beyond."""
    if seconds is None:
        return "No data"
    if seconds <= FRESH_S:
        return "Fresh"
    return "Delayed" if seconds <= DELAYED_S else "Stale"


def precise_share(value: Any) -> str:
    """An availability: 99.95 % is not 100 %."""
    if value is None:
        return MISSING
    percent = 100 * float(value)
    return "100 %" if percent == 100 else f"{min(percent, 99.99):.2f} %"


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with their columns' names first. A text that a spreadsheet would compute gets an apostrophe before it."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def plain(value: Any) -> Any:
    """Athena's decimals as floats, for tables and charts."""
    return float(value) if isinstance(value, Decimal) else value


def _inert(value: Any) -> Any:
    is_formula = isinstance(value, str) and _FORMULA.match(value)
    return f"'{value}" if is_formula else value


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
