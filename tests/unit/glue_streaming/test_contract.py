"""The contract's own rules, and two of its versions side by side."""

import json
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_streaming import parsing
from glue_streaming.contract import EVENT_FIELDS, RAW_FIELDS, SCHEMA_VERSIONS, Field
from tests.unit.glue_streaming.records import ARRIVAL, RECORD_SCHEMA

ADDED = Field("cell_id", "int", "Cell that served the phone.", since=2)


def record(**fields: Any) -> tuple[Any, ...]:
    event = {"event_id": "e", "event_ts": "2026-11-24T01:00:00Z"} | fields
    return json.dumps(event).encode(), "stream", None, "s", "1", ARRIVAL


def test_names_are_unique_and_versions_known() -> None:
    names = [field.name for field in RAW_FIELDS]
    assert len(names) == len(set(names))
    assert {field.since for field in EVENT_FIELDS} <= set(SCHEMA_VERSIONS)


def test_only_optional_fields_have_a_default() -> None:
    assert [field.name for field in EVENT_FIELDS if field.required] == ["event_id", "event_ts"]
    assert not [field.name for field in EVENT_FIELDS if field.required and field.default is not None]


def test_a_comment_may_hold_an_apostrophe() -> None:
    assert Field("a", "int", "The phone's.", required=True).ddl == "`a` int comment 'The phone\\'s. Required.'"


def test_two_versions_are_taken_side_by_side(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "SCHEMA_VERSIONS", (1, 2))
    monkeypatch.setattr(parsing, "EVENT_FIELDS", (*EVENT_FIELDS, ADDED))
    monkeypatch.setattr(parsing, "RAW_FIELDS", (*RAW_FIELDS, ADDED))
    records = [
        record(),
        record(schema_version=1, cell_id=5),
        record(schema_version=2, cell_id=7),
        record(schema_version=2),
        record(schema_version=3, cell_id=7),
        record(schema_version=2, cell_id="7"),
    ]
    rows = spark.createDataFrame(records, RECORD_SCHEMA).transform(parsing.parse).collect()
    assert [(row.reject_reason, row.schema_version, row.cell_id) for row in rows] == [
        (None, 1, None),
        (None, 1, 5),
        (None, 2, 7),
        (None, 2, None),
        ("unknown_schema_version", None, None),
        ("wrong_type", None, None),
    ]
