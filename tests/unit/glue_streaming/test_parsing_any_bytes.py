"""Whatever bytes arrive: one row each, payload intact, a reason of the contract or none, as the oracle says."""

import json
from datetime import datetime

import pytest
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from glue_streaming import parsing
from glue_streaming.contract import REJECT_REASONS
from tests.unit.glue_streaming.oracle import judge
from tests.unit.glue_streaming.records import ARRIVAL, NAMES, RECORD_SCHEMA, collect, good_events, odd_events, rendered

OK = '"event_id":"e","event_ts":"2026-11-24T01:00:00Z"'
_META = ["{", "}", "}\n", "\n}", "[", "]", ",", ":", '"', "\\", " ", "\n", "\x00", "null", "//", "'"]
_META += ['{"a":1}', ',"b":2', "\\ud800"]


def as_bytes(event: object) -> bytes:
    return json.dumps(event).encode()


def spliced(payload: bytes, start: int, length: int, piece: bytes) -> bytes:
    start %= len(payload) + 1
    return payload[:start] + piece + payload[start + length :]


pieces = st.sampled_from(_META).map(str.encode) | st.binary(max_size=4)
pairs = st.lists(st.tuples(st.sampled_from([*NAMES, "x"]), rendered), max_size=4).map(
    lambda chosen: f"{{{OK}{''.join(f',{json.dumps(name)}:{value}' for name, value in chosen)}}}".encode()
)
events = st.one_of(good_events, odd_events).map(as_bytes)
records = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    rendered.map(str.encode),
    st.lists(st.sampled_from(_META), max_size=8).map(lambda parts: "".join(parts).encode()),
    pairs,
    events,
    st.builds(spliced, st.one_of(events, pairs), st.integers(0, 400), st.integers(0, 3), pieces),
    st.builds(lambda event, piece: event + piece, events, pieces),
)


def nested(levels: int, opening: str, closing: str, inside: str = "") -> bytes:
    """An event of so many levels, itself the first."""
    return f'{{{OK},"x":{opening * (levels - 1)}{inside}{closing * (levels - 1)}}}'.encode()


EXTREMES = [
    b"",
    b"\x00",
    *(nested(levels, "[", "]") for levels in (998, 999, 1_000, 1_001, 2_000)),
    *(nested(levels, '{"a":', "}", "1") for levels in (998, 999, 1_000, 1_001, 2_000)),
    b"[" * 2_000,
    b'{"a":' * 2_000,
    f'{{{OK},"network":"{"x" * 2**20}"}}'.encode(),
    f'{{{OK},"x":[{",".join(["{}"] * 2**18)}]}}'.encode(),
    b"x" * 2**20,
    b"{" + b" " * 2**20 + b"}",
    *(f'{{{OK},"lat":{"9" * digits}}}'.encode() for digits in (999, 1_000, 1_001)),
    *(f'{{{OK},"x":0.{"9" * digits}}}'.encode() for digits in (900, 1_100)),
    *(f'{{{OK},"{"n" * length}":1}}'.encode() for length in (49_999, 60_000, 200_000)),
    *(f'{{"event_id":"e","event_ts":"{text}"}}'.encode() for text in (
        "0000-12-31T23:00:00-02:00", "0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-18:00",
        "9999-12-31T23:59:59.999999Z", "99999-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "2026-11-24T01:00:00Z\\n",
    )),
]  # fmt: skip


@pytest.mark.parametrize("arrival_ts", [ARRIVAL, None, datetime(1, 1, 1), datetime(9999, 12, 31)])
def test_any_record_is_one_row_judged_as_the_contract_says(spark: SparkSession, arrival_ts: datetime | None) -> None:
    payloads = EXTREMES + collect(records, 500)
    rows = [(payload, "stream", None, "s", str(number), arrival_ts) for number, payload in enumerate(payloads)]
    parsed = spark.createDataFrame(rows, RECORD_SCHEMA).transform(parsing.parse)
    kept = parsed.select("sequence_number", "payload", "reject_reason", F.col("event_ts").cast("string")).collect()
    assert [(row.sequence_number, bytes(row.payload)) for row in kept] == [(row[4], row[0]) for row in rows]
    expected = [judge(payload, arrival_ts) for payload in payloads]
    wrong = [
        (row.reject_reason, reason, bytes(row.payload)[:500])
        for row, reason in zip(kept, expected, strict=True)
        if row.reject_reason != reason
    ]
    assert not wrong, f"(parser, oracle, record): {wrong[:5]}"
    assert {row.reject_reason for row in kept} <= {*REJECT_REASONS, None}
    assert all((row.event_ts is None) == (row.reject_reason is not None) for row in kept)


def test_an_object_known_by_its_braces_is_one_json_value(spark: SparkSession) -> None:
    """The cheap rule may send a record on to the full one, but never accept what that refuses."""
    payloads = EXTREMES + collect(records, 500)
    text = F.col("_text")
    judged = (
        spark.createDataFrame([(payload,) for payload in payloads], "payload binary")
        .transform(parsing._read_json)
        .select("payload", (F.col("_is_read") & parsing._is_flat_object(text)).alias("cheap"))
        .where("cheap")
        .select("payload", parsing._is_one_json_value(F.col("payload").cast("string")).alias("full"))
        .collect()
    )
    assert judged
    assert [row.payload for row in judged if not row.full] == []
