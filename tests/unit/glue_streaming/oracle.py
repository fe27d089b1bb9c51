"""The contract's judgement once more, in plain Python and from its words alone, to hold the parser to."""

import json
import re
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

from glue_streaming.contract import EVENT_FIELDS, MAX_AGE_DAYS, MAX_FUTURE_MINUTES, SCHEMA_VERSIONS

MAX_DEPTH = 999
MAX_DIGITS = 1_000
MAX_NAME = 50_000
_TYPES = {field.name: field.type for field in EVENT_FIELDS}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_CYCLE = timedelta(days=146_097)  # 400 years, after which the calendar repeats


class _Pairs(list[tuple[str, Any]]):
    """An object with its duplicate keys."""


class _Decimal(str):
    """A number that is written with a fraction or an exponent."""


def judge(payload: bytes, arrival_ts: datetime | None) -> str | None:
    """The reason to refuse a record; None when it is accepted."""
    if payload.startswith(bytes.fromhex("F3899AC2")):
        return "kpl_aggregated"
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    try:
        value = _loads(text)
    except ValueError:
        return "not_json"
    if not isinstance(value, _Pairs):
        return "not_object"
    if not all(_fits(_TYPES.get(name), field) for name, field in value):
        return "wrong_type"
    return _judge_event(dict(value), arrival_ts)


def _judge_event(event: dict[str, Any], arrival_ts: datetime | None) -> str | None:
    if event.get("schema_version") not in (None, *SCHEMA_VERSIONS):
        return "unknown_schema_version"
    for name in ("event_id", "event_ts"):
        value = event.get(name)
        if value is None or (type(value) is str and not value.strip(" ")):
            return f"missing_{name}"
    since_year_1 = _since_year_1(event["event_ts"])
    if since_year_1 is None:
        return "bad_event_ts"
    if arrival_ts is None:
        return None
    lead = since_year_1 - (arrival_ts - datetime(1, 1, 1))
    if lead > timedelta(minutes=MAX_FUTURE_MINUTES):
        return "event_in_future"
    return "event_too_old" if lead < -timedelta(days=MAX_AGE_DAYS) else None


def _loads(text: str) -> Any:
    outside = _STRING.sub("", text)
    depth = deepest = 0
    for character in outside:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise ValueError("too deep")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 10 * MAX_DEPTH)
    try:
        return json.loads(
            text, parse_constant=_refuse, parse_int=_integer, parse_float=_decimal, object_pairs_hook=_pairs
        )
    finally:
        sys.setrecursionlimit(limit)


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(text)


def _decimal(text: str) -> _Decimal:
    if len(re.findall(r"\d", text)) > MAX_DIGITS:
        raise ValueError("too many digits")
    return _Decimal(text)


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    if any(len(name) > MAX_NAME for name, _ in pairs):
        raise ValueError("name too long")
    return _Pairs(pairs)


def _fits(field_type: str | None, value: Any) -> bool:
    if value is None or field_type not in ("int", "double"):
        return True
    if field_type == "double":
        return type(value) in (int, _Decimal)
    return type(value) is int and -(2**31) <= value < 2**31


def _since_year_1(text: Any) -> timedelta | None:
    match = _TIME.fullmatch(text) if type(text) is str else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    if offset > timedelta(hours=18) or int(offset_minutes or 0) > 59:
        return None
    # Python's calendar ends where the contract's does, and an offset may cross the end: 400 years away it can't.
    shift = 1 if int(year) < 5_000 else -1
    try:
        day_there = date(int(year) + 400 * shift, int(month), int(day))
        clock = time(int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")[:6]))
    except ValueError:
        return None
    there = datetime.combine(day_there, clock) - (-offset if sign == "-" else offset)
    if not 1 <= there.year - 400 * shift <= 9_999:
        return None
    return there - datetime(1, 1, 1) - shift * _CYCLE
