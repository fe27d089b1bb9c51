"""Numbers, shares, times and ages as people read them. Pure."""

from datetime import UTC, datetime
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

FRESH_S, DELAYED_S = 120, 600


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


def local_time(value: datetime | None) -> str:
    return MISSING if value is None else _aware(value).astimezone(LOCAL_ZONE).strftime("%a %d %b %H:%M:%S")


def utc_time(value: datetime | None) -> str:
    return MISSING if value is None else f"{_aware(value).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def minutes(value: Any) -> str:
    return age(None if value is None else 60.0 * float(value))


def evidence(kinds: str) -> str:
    """As outage_incidents lists them: `explicit, late`."""
    return ", ".join(EVIDENCE_WORDS.get(kind, kind) for kind in kinds.split(", "))


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


def plain(value: Any) -> Any:
    """Athena's decimals as floats, for tables and charts."""
    return float(value) if isinstance(value, Decimal) else value


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
