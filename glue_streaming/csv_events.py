"""Rows of the public mobile-coverage CSV as contract events."""

import json
import math
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from glue_streaming.contract import EVENT_FIELDS
from glue_streaming.errors import UnreadableInput

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "telcopulse/backfill")
_ABSENT = ("", "nan", "null")


def require_columns(uri: str, columns: Collection[str]) -> None:
    """A CSV must say when: `event_ts`, or `date` and `hour` as the public data set has them.

    Raises: UnreadableInput.
    """
    if "event_ts" not in columns and not {"date", "hour"} <= set(columns):
        raise UnreadableInput(
            uri, f"it has neither a column event_ts nor date and hour; its columns: {sorted(columns)}"
        )


def to_event(row: Mapping[str, str | None], *, uri: str, number: int, zone: ZoneInfo) -> bytes:
    """One CSV row as the JSON of a contract event.

    Numbers of the CSV are text, integers often as "4.0"; they become numbers where the contract has numbers, and
    stay text when they are none, so that the parser rejects them. Without `event_id` the id is made from file and row.
    """
    event: dict[str, Any] = {}
    for field in EVENT_FIELDS:
        text = (row.get(field.name) or "").strip()
        if text.lower() not in _ABSENT:
            event[field.name] = _number(text, field.type) if field.type in ("int", "double") else text
    event.setdefault("event_id", str(uuid.uuid5(_NAMESPACE, f"{uri}#{number}")))
    if "event_ts" not in event:
        event["event_ts"] = _local_time(row.get("date") or "", row.get("hour") or "", zone)
    return json.dumps(event, ensure_ascii=False).encode()


def _number(text: str, kind: str) -> float | int | str:
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    return int(value) if kind == "int" and value.is_integer() else value


def _local_time(date: str, hour: str, zone: ZoneInfo) -> str:
    try:
        return datetime.fromisoformat(f"{date.strip()}T{hour.strip()}").replace(tzinfo=zone).isoformat()
    except ValueError:
        return f"{date} {hour}"
