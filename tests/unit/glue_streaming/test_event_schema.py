"""The JSON Schema and the page say what the parser does, and the committed copies are fresh."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pyspark.sql import SparkSession

from glue_streaming import event_schema
from glue_streaming.contract import EVENT_FIELDS, ODD_CASES, REJECT_REASONS
from glue_streaming.parsing import parse
from tests.unit.glue_streaming.oracle import judge
from tests.unit.glue_streaming.records import ARRIVAL, RECORD_SCHEMA, collect, good_events, odd_events, values

DOCS = Path(__file__).parents[3] / "docs"
VALIDATOR = Draft202012Validator(event_schema.schema())
INTEGERS = [field.name for field in EVENT_FIELDS if field.type == "int"]
OK = '"event_id":"e","event_ts":"2026-11-24T01:00:00Z"'
# A record for each of the listed cases, which the schema takes and the job refuses.
UNSEEN = {
    "bytes": [f"{{{OK}}} {{}}", f'{{{OK},"x":NaN}}'],
    "duplicate keys": [f'{{{OK},"signal":"1","signal":1}}'],
    "3.0 for an integer": [f'{{{OK},"signal":3.0}}', f'{{{OK},"schema_version":1.0}}'],
    "calendar": [OK.join("{}").replace("11-24", "02-30"), OK.join("{}").replace("2026", "0000")],
    "age": [OK.join("{}").replace("2026", "2031"), OK.join("{}").replace("2026", "2020")],
    "limits": [f'{{{OK},"{"x" * 60_000}":1}}', f'{{{OK},"x":{"9" * 1_001}}}'],
}


def reasons(spark: SparkSession, records: list[str], arrival_ts: datetime | None = ARRIVAL) -> list[str | None]:
    rows = [(record.encode(), "stream", None, "s", "1", arrival_ts) for record in records]
    return [row.reject_reason for row in spark.createDataFrame(rows, RECORD_SCHEMA).transform(parse).collect()]


def is_unseen(event: Any, reason: str | None) -> bool:
    """Whether generated records fall into one of the listed cases; they never fall into the others."""
    if reason in ("event_in_future", "event_too_old"):
        return True
    if reason == "bad_event_ts":
        return judge(json.dumps({"event_id": "e", "event_ts": event["event_ts"]}).encode(), None) == "bad_event_ts"
    return reason == "wrong_type" and any(
        isinstance(event.get(name), float) and event[name].is_integer() for name in INTEGERS
    )


def test_schema_and_parser_agree_but_for_the_listed_cases(spark: SparkSession) -> None:
    events = collect(st.one_of(good_events, odd_events, values), 600)
    judged = reasons(spark, [json.dumps(event) for event in events])
    for event, reason in zip(events, judged, strict=True):
        if VALIDATOR.is_valid(event):
            assert reason is None or is_unseen(event, reason), (reason, event)
        else:
            assert reason is not None, event
    assert {None, "not_object", "wrong_type", "bad_event_ts"} <= set(judged)


def test_each_listed_case_is_one_that_the_schema_takes_and_the_job_refuses(spark: SparkSession) -> None:
    assert UNSEEN.keys() == event_schema.UNSEEN.keys()
    records = [record for examples in UNSEEN.values() for record in examples]
    assert None not in reasons(spark, records)
    for record in records:
        event, _ = json.JSONDecoder().raw_decode(record)
        assert VALIDATOR.is_valid(event), record


@pytest.mark.parametrize(
    ("file", "text"),
    [(event_schema.SCHEMA_FILE, event_schema.schema_text()), (event_schema.PAGE_FILE, event_schema.page())],
)
def test_the_committed_copy_is_fresh(file: str, text: str) -> None:
    assert (DOCS / file).read_text(encoding="utf-8") == text, "run `make docs`"


def test_the_page_names_every_field_reason_and_odd_case() -> None:
    page = event_schema.page()
    assert all(f"| `{field.name}` |" in page for field in EVENT_FIELDS)
    assert all(f"| `{reason}` |" in page for reason in REJECT_REASONS)
    assert all(sentence in page for sentence in ODD_CASES)


def test_the_schema_is_a_valid_one() -> None:
    Draft202012Validator.check_schema(event_schema.schema())
