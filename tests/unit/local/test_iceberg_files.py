"""A crawler reads Iceberg's files as they lie: names, types and globs."""

import re

import pytest

from infra.local.crawl_registry import is_older, table_name
from infra.local.iceberg_files import FoundTable, columns, glob_pattern, glue_type, newest_metadata


@pytest.mark.parametrize(
    ("files", "hint", "expected"),
    [
        ({"00002-b.metadata.json": 1, "00010-a.metadata.json": 0}, None, "00010-a.metadata.json"),
        ({"00002-b.metadata.json": 1, "00002-a.metadata.json": 2}, None, "00002-a.metadata.json"),
        ({"v1.metadata.json": 1, "v2.metadata.json": 2, "version-hint.text": 3}, "1\n", "v1.metadata.json"),
        ({"v1.metadata.json": 1, "v2.metadata.json": 2}, "7", "v2.metadata.json"),
        ({"00003-a.gz.metadata.json": 1, "v2.gz.metadata.json": 1}, None, "00003-a.gz.metadata.json"),
        ({"00003-a.metadata.json.gz": 1}, None, "00003-a.metadata.json.gz"),
        ({"snap-1-1-a.avro": 1, "a-m0.avro": 1, "x.metadata.json": 1}, None, None),
    ],
)
def test_the_newest_metadata_is_chosen(files: dict[str, int], hint: str | None, expected: str | None) -> None:
    assert newest_metadata(files, hint) == expected


@pytest.mark.parametrize(
    ("iceberg", "glue"),
    [
        ("long", "bigint"),
        ("timestamptz", "timestamp"),
        ("uuid", "string"),
        ("decimal(9, 2)", "decimal(9,2)"),
        ("fixed[16]", "binary"),
        ({"type": "list", "element": "int"}, "array<int>"),
        ({"type": "map", "key": "string", "value": "long"}, "map<string,bigint>"),
        (
            {"type": "struct", "fields": [{"name": "a", "type": {"type": "list", "element": "time"}}]},
            "struct<a:array<string>>",
        ),
    ],
)
def test_types_are_in_glues_words(iceberg: object, glue: str) -> None:
    assert glue_type(iceberg) == glue


def test_columns_are_the_current_schemas() -> None:
    old = {"schema-id": 0, "fields": [{"id": 1, "name": "a", "required": True, "type": "int"}]}
    new = {"schema-id": 1, "fields": [{"id": 2, "name": "b", "required": False, "type": "int", "doc": "what it is"}]}
    (column,) = columns({"schemas": [old, new], "current-schema-id": 1})
    assert (column["Name"], column["Comment"], column["Parameters"]["iceberg.field.id"]) == ("b", "what it is", "2")


@pytest.mark.parametrize(
    ("glob", "path", "is_match"),
    [
        ("tmp*", "tmp_a", True),
        ("tmp*", "tmp/a", False),
        ("**/tmp", "a/b/tmp", True),
        ("a?c", "abc", True),
        ("{raw,tmp}", "tmp", True),
        ("[!r]aw", "raw", False),
        ("a.b,c", "a.b,c", True),
    ],
)
def test_globs_are_glues(glob: str, path: str, is_match: bool) -> None:
    assert bool(re.fullmatch(glob_pattern(glob), path)) is is_match


def test_a_table_is_named_after_its_folder() -> None:
    assert table_name("s3://b/db/Events-2024", "raw_") == "raw_events_2024"


@pytest.mark.parametrize(("registered", "expected"), [("00001-a", True), ("00002-b", False), ("00003-c", False)])
def test_the_leftover_of_a_lost_commit_does_not_replace_a_registered_table(registered: str, expected: bool) -> None:
    table = {"Parameters": {"metadata_location": f"s3://b/t/metadata/{registered}.metadata.json"}}
    found = FoundTable("s3://b/t", "s3://b/t/metadata/00002-x.metadata.json")
    assert is_older(table, found) is expected
