"""The real slice as contract events: values untouched, times and ids given."""

import csv
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

PATH = Path(__file__).parent / "data" / "mobile-logs.csv"
FEED = "generalitat-replay"
SCHEMA_VERSION = 1
LOCAL_ZONE = ZoneInfo("Europe/Madrid")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "telcopulse/feed/replay")
_INTEGERS = ("signal", "status", "satellites")
_NUMBERS = ("lat", "long", "speed", "precission")
_TEXTS = ("network", "operator", "description", "provider", "activity", "postal_code")

Row = Mapping[str, str]


def read(path: Path = PATH) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def event_id(number: int, loop: int, day: date) -> str:
    """Stable: the same row, loop and day give the same id, so a re-run repeats itself."""
    return str(uuid.uuid5(_NAMESPACE, f"{day.isoformat()}/{loop}/{number}"))


def to_event(row: Row, *, event_id: str, event_ts: datetime) -> dict[str, Any]:
    """A contract event; what the row lacks is left out."""
    event: dict[str, Any] = {
        "event_id": event_id,
        "event_ts": event_ts.isoformat(timespec="milliseconds"),
        "schema_version": SCHEMA_VERSION,
        "feed": FEED,
    }
    for name in _INTEGERS:
        if row[name]:
            event[name] = int(float(row[name]))
    for name in _NUMBERS:
        if row[name]:
            event[name] = float(row[name])
    event.update({name: row[name] for name in _TEXTS if row[name]})
    return event


def last_occurrence(hour: str, now: datetime) -> datetime:
    """The newest instant at or before `now` whose local time of day is `hour` (HH:MM:SS), in UTC."""
    local_now = now.astimezone(LOCAL_ZONE)
    candidate = datetime.combine(local_now.date(), time.fromisoformat(hour), LOCAL_ZONE)
    if candidate > local_now:
        candidate = datetime.combine(local_now.date() - timedelta(days=1), time.fromisoformat(hour), LOCAL_ZONE)
    return candidate.astimezone(UTC)
