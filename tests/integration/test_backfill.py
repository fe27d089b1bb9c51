"""A file is loaded once, whole, whatever is repeated; a file that can't be read is named."""

import json
from pathlib import Path

import pytest

from infra.local import athena_client
from tests.integration.programs import backfill, run

DATABASE = "raw_backfill"


@pytest.mark.usefixtures("local_aws")
def test_a_second_run_adds_only_what_is_missing(tmp_path: Path) -> None:
    events = [{"event_id": f"e{number}", "event_ts": "2017-03-01T10:00:00Z"} for number in range(100)]
    lines = [json.dumps(event) for event in events] + ["not json"]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(lines[:60]) + "\n")
    first = backfill(file, database=DATABASE)
    file.write_text("\n".join(lines) + "\n")
    second = backfill(file, database=DATABASE)
    assert (first["rows_loaded"], first["rows_already_there"]) == (60, 0)
    assert (second["rows_loaded"], second["rows_already_there"]) == (41, 60)
    rows = athena_client.query(
        "select count(*), count(distinct source_row), count(reject_reason), min(source) from network_events",
        database=DATABASE,
    )
    assert rows == [["101", "101", "1", file.as_uri()]]


@pytest.mark.usefixtures("local_aws")
@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("missing.csv", None, "No such file"),
        ("a.parquet", "x", "must end in .csv"),
        ("a.csv", "signal,network\n1,x\n", "neither a column event_ts nor date and hour"),
    ],
)
def test_an_unreadable_file_is_named_with_the_reason(tmp_path: Path, name: str, text: str | None, says: str) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    arguments = ["--input", str(file), "--table", "glue_catalog.raw_x.network_events", "--warehouse", "s3://x/y"]
    finished = run("-m", "glue_streaming.backfill", *arguments, expect=2)
    assert name in finished.stderr
    assert says in finished.stderr
    assert "Traceback" not in finished.stderr
