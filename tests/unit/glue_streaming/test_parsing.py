"""Every record becomes one row: accepted with typed values, or rejected with its reason and its payload intact."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from glue_streaming.contract import RAW_FIELDS, REJECT_REASONS
from glue_streaming.parsing import parse
from tests.unit.glue_streaming.records import RECORD_SCHEMA

ARRIVAL = datetime(2026, 11, 24, 1, 0)
EVENT = {"event_id": "e1", "event_ts": "2026-11-24T01:59:00.125+01:00"}
AUDIT = ("reject_reason", "payload", "source", "source_row", "shard_id", "sequence_number", "arrival_ts", "ingest_ts")
OK = '"event_id":"e","event_ts":"2026-11-24T01:00:00Z"'

Parser = Callable[..., list[Row]]


@pytest.fixture
def parse_all(spark: SparkSession) -> Parser:
    def run(payloads: list[bytes], arrival_ts: datetime | None = ARRIVAL) -> list[Row]:
        records = [(payload, "stream", None, "shard-0", str(i), arrival_ts) for i, payload in enumerate(payloads)]
        rows = spark.createDataFrame(records, RECORD_SCHEMA).transform(parse).collect()
        assert [row.sequence_number for row in rows] == [str(i) for i in range(len(payloads))]
        return rows

    return run


def event(**fields: Any) -> bytes:
    return json.dumps(EVENT | fields, ensure_ascii=False).encode()


# Reason by record; every reason of the contract must occur (checked below).
REJECTED: list[tuple[bytes, str]] = [
    (bytes.fromhex("F3899AC2") + b"\x0a\x01a" + b"\x00" * 16, "kpl_aggregated"),
    (b'{"event_id":"\xff\xfe"}', "not_utf8"),
    (b"\xc3", "not_utf8"),
    (b"", "not_json"),
    (b"   ", "not_json"),
    (b"{", "not_json"),
    (b"{'event_id':'e'}", "not_json"),
    (f'{{{OK},"signal":NaN}}'.encode(), "not_json"),
    (f"{{{OK},}}".encode(), "not_json"),
    (f"{{{OK}}} trailing".encode(), "not_json"),
    (f'{{{OK}}} {{"b":2}}'.encode(), "not_json"),
    (f"{{{OK}}}x}}".encode(), "not_json"),
    (f"{{{OK}}},{{{OK}}}".encode(), "not_json"),
    (f"{{{OK}}}],[{{{OK}}}".encode(), "not_json"),
    (f"\ufeff{{{OK}}}".encode(), "not_json"),
    (f'{{{OK},"deep":{"[" * 2000}{"]" * 2000}}}'.encode(), "not_json"),
    (b"null", "not_object"),
    (b"[1]", "not_object"),
    (b'"text"', "not_object"),
    (b"12", "not_object"),
    (event(signal="12"), "wrong_type"),
    (event(signal=3.0), "wrong_type"),
    (event(status=99999999999), "wrong_type"),
    (event(lat=True), "wrong_type"),
    (event(lat="NaN"), "wrong_type"),
    (event(satellites=[4]), "wrong_type"),
    (event(schema_version=2), "unknown_schema_version"),
    (event(event_id=None), "missing_event_id"),
    (event(event_id=" "), "missing_event_id"),
    (b'{"event_ts":"2026-11-24T01:00:00Z"}', "missing_event_id"),
    (event(event_ts=None), "missing_event_ts"),
    (event(event_ts=""), "missing_event_ts"),
    (b'{"event_id":"e"}', "missing_event_ts"),
    (event(event_ts="yesterday"), "bad_event_ts"),
    (event(event_ts=1700000000), "bad_event_ts"),
    (event(event_ts="2026-02-30T01:00:00Z"), "bad_event_ts"),
    (event(event_ts="2026-11-24T01:00:00"), "bad_event_ts"),
    (event(event_ts="2026-11-24 01:00:00Z"), "bad_event_ts"),
    (event(event_ts="2026-11-24T24:00:00Z"), "bad_event_ts"),
    (event(event_ts="2026-11-24T01:05:01Z"), "event_in_future"),
    (event(event_ts="2026-11-17T00:59:59Z"), "event_too_old"),
]

ACCEPTED: list[tuple[str, bytes, dict[str, Any]]] = [
    ("offset becomes UTC", event(), {"event_ts": datetime(2026, 11, 24, 0, 59, 0, 125000)}),
    ("without seconds", event(event_ts="2026-11-24T01:00Z"), {"event_ts": datetime(2026, 11, 24, 1, 0)}),
    ("nanoseconds are cut", event(event_ts="2026-11-24T00:00:00.123456789Z"), {}),
    ("just not too far ahead", event(event_ts="2026-11-24T01:05:00Z"), {"event_ts": ARRIVAL + timedelta(minutes=5)}),
    ("just not too old", event(event_ts="2026-11-17T01:00:00Z"), {"event_ts": ARRIVAL - timedelta(days=7)}),
    ("defaults", event(), {"schema_version": 1, "feed": "default"}),
    ("null optional fields", event(signal=None, feed=None, schema_version=None), {"signal": None, "feed": "default"}),
    ("unknown fields", event(battery={"level": 3}), {"event_id": "e1"}),
    ("a number as text", event(postal_code=80333), {"postal_code": "80333"}),
    ("an object as text", event(network={"a": 1}), {"network": '{"a":1}'}),
    ("an int as double", event(speed=4), {"speed": 4.0}),
    ("the last duplicate key", f'{{{OK},"signal":1,"signal":2}}'.encode(), {"signal": 2}),
    ("beyond double", f'{{{OK},"speed":1e400}}'.encode(), {"speed": float("inf")}),
    ("white space around", f" \n{{{OK}}}\r\n".encode(), {"event_id": "e"}),
    ("mojibake and accents stay", event(network="S?lo Ã¡ 📶"), {"network": "S?lo Ã¡ 📶"}),
    ("a field named like Spark's own", event(_corrupt="x"), {"event_id": "e1"}),
]


def test_a_refused_record_keeps_its_reason_and_payload_and_nothing_else(parse_all: Parser) -> None:
    rows = parse_all([payload for payload, _ in REJECTED])
    values = [field.name for field in RAW_FIELDS if field.name not in AUDIT]
    for (payload, reason), row in zip(REJECTED, rows, strict=True):
        assert row.reject_reason == reason, payload[:80]
        assert bytes(row.payload) == payload
        assert not [name for name in values if row[name] is not None], payload[:80]


def test_every_reason_of_the_contract_occurs() -> None:
    assert {reason for _, reason in REJECTED} == set(REJECT_REASONS)


def test_an_accepted_record_keeps_its_values_and_its_payload(parse_all: Parser) -> None:
    rows = parse_all([payload for _, payload, _ in ACCEPTED])
    for (name, payload, expected), row in zip(ACCEPTED, rows, strict=True):
        assert row.reject_reason is None, name
        assert bytes(row.payload) == payload
        assert {column: row[column] for column in expected} == expected, name


def test_backfilled_rows_may_be_of_any_age(parse_all: Parser) -> None:
    rows = parse_all([event(event_ts="2015-02-01T08:00:00Z"), event(event_ts="2031-01-01T00:00:00Z")], None)
    assert [row.reject_reason for row in rows] == [None, None]


def test_the_columns_are_the_contracts_in_order_and_type(spark: SparkSession) -> None:
    parsed = spark.createDataFrame([], RECORD_SCHEMA).transform(parse)
    assert [(field.name, field.dataType.simpleString()) for field in parsed.schema] == [
        (field.name, field.type) for field in RAW_FIELDS
    ]
