"""A simulated history as the raw table would hold it, had its records come by the stream when they say they arrived."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from glue_streaming.contract import EVENT_FIELDS
from tests.raw_writer import ARROW_SCHEMA

# What the job takes from a record's arrival to its commit, about.
INGEST_DELAY = timedelta(seconds=5)
_PYTHON_TYPES = {"string": str, "int": int, "double": (int, float), "bigint": int}
_FIELDS = {
    field.name: _PYTHON_TYPES[field.type]
    for field in EVENT_FIELDS
    if field.name not in ("event_id", "event_ts", "schema_version")
}


def days(folder: Path) -> Iterator[pa.Table]:
    """The readable records of each day of arrival."""
    for path in sorted(folder.glob("events-*.jsonl")):
        with path.open("rb") as file:
            rows = [row for number, line in enumerate(file) if (row := _row(line, f"{path.stem}-{number:09d}"))]
        yield pa.Table.from_pylist(rows, schema=ARROW_SCHEMA)


def _row(line: bytes, sequence_number: str) -> dict[str, Any] | None:
    """None for what the job would reject."""
    try:
        event = json.loads(line)
        event_ts, arrival_ts = _instant(event["event_ts"]), _instant(event["simulated_arrival_ts"])
        is_known = event.get("schema_version", 1) == 1 and isinstance(event["event_id"], str)
    except (ValueError, TypeError, KeyError):
        return None
    is_typed = all(event.get(name) is None or isinstance(event[name], kind) for name, kind in _FIELDS.items())
    if not (is_known and is_typed):
        return None
    return {name: event.get(name) for name in _FIELDS} | {
        "event_id": event["event_id"],
        "event_ts": event_ts,
        "payload": b"{}",
        "source": "stream",
        "shard_id": "shardId-000000000000",
        "sequence_number": sequence_number,
        "arrival_ts": arrival_ts,
        "ingest_ts": arrival_ts + INGEST_DELAY,
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
