"""What a bad release refused is accepted by the next one, from the payloads, while others write."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local import athena_client
from tests.integration.other_release import REFUSING_ALL
from tests.integration.programs import (
    backfill,
    backfill_command,
    run,
    started,
    streaming,
    table_arguments,
    wait_until,
)
from tests.integration.test_stream_to_raw import counted, new_stream, put

DATABASE = "raw_reparse"
RECORDS = """
    select source, source_row, shard_id, sequence_number, arrival_ts, to_hex(payload) from network_events
    where source like '%/bad.jsonl' or source = 'stream' order by 1, 2, 3, 4
"""
REASONS = "select coalesce(reject_reason, 'accepted'), count(*) from network_events group by 1 order by 1"


def now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def reparse(since: str, until: str, *arguments: str) -> dict[str, Any]:
    command = ["-m", "glue_streaming.reparse", *table_arguments(DATABASE), "--since", since, "--until", until]
    return json.loads(run(*command, *arguments).stdout.splitlines()[-1])


def snapshot() -> str:
    parameters = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="network_events")["Table"]["Parameters"]
    return str(parameters["metadata_location"])


def write_events(file: Path, count: int, last: str = "") -> Path:
    events = ({"event_id": f"{file.stem}{number}", "event_ts": "2017-03-01T10:00:00Z"} for number in range(count))
    file.write_text("".join(json.dumps(event) + "\n" for event in events) + last)
    return file


@pytest.mark.slow
@pytest.mark.usefixtures("local_aws")
def test_rows_of_a_bad_release_are_accepted_and_nothing_else_changes(tmp_path: Path) -> None:
    since, stream = now(), new_stream(1)
    put(stream, 0, 40)
    with streaming(DATABASE, tmp_path, stream, release=REFUSING_ALL) as job:
        wait_until(lambda: counted(DATABASE)[0] == 40, "rows of the bad release")
        job.terminate()
        assert job.wait(timeout=180) == 0
    backfill(write_events(tmp_path / "bad.jsonl", 300, "not json\n"), database=DATABASE, release=REFUSING_ALL)
    until = now()
    before = athena_client.query(RECORDS, database=DATABASE)
    assert athena_client.query(REASONS, database=DATABASE) == [["wrong_type", "341"]]

    rival = backfill_command(write_events(tmp_path / "rival.jsonl", 400), "--chunk-rows", "10", database=DATABASE)
    with started(*rival, log=tmp_path / "rival.log") as process:
        wait_until(lambda: counted(DATABASE)[0] > 341, "first commit of the rival")
        figures = reparse(since, until, "--reason", "wrong_type")
        still_writing = process.poll() is None
        assert process.wait(timeout=400) == 0, (tmp_path / "rival.log").read_text()[-4000:]

    assert (figures["rows_read"], figures["rows_changed"]) == (341, 341)
    assert figures["reasons"] == [
        {"before": "wrong_type", "after": "accepted", "rows": 340},
        {"before": "wrong_type", "after": "not_json", "rows": 1},
    ]
    assert athena_client.query(REASONS, database=DATABASE) == [["accepted", "740"], ["not_json", "1"]]
    assert athena_client.query(RECORDS, database=DATABASE) == before
    stale = f"select count(*) from network_events where ingest_ts < timestamp '{until.replace('T', ' ')[:-3]}'"
    assert athena_client.query(stale, database=DATABASE) == [["0"]]
    print(f"the rival was still writing when the re-parse ended: {still_writing}")

    unchanged = snapshot()
    again = reparse(since, now())
    assert (again["rows_read"], again["rows_changed"], again["reasons"]) == (741, 0, [])
    assert snapshot() == unchanged
