"""A file is loaded once, whole, whatever is repeated; a file that can't be read is named."""

import json
import random
import subprocess
import time
from pathlib import Path

import boto3
import pytest

from infra.local import athena_client
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings
from tests.integration.programs import backfill, backfill_command, kill, run, started, wait_until

DATABASE = "raw_backfill"
KILLS = 3


def write_events(file: Path, count: int) -> None:
    events = ({"event_id": f"e{number}", "event_ts": "2017-03-01T10:00:00Z"} for number in range(count))
    file.write_text("".join(json.dumps(event) + "\n" for event in events))


def counted(database: str) -> list[str | None]:
    """rows, distinct rows of the file, the last of them"""
    sql = "select count(*), count(distinct source_row), max(source_row) from network_events"
    return athena_client.query(sql, database=database)[0]


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


@pytest.mark.usefixtures("local_aws")
def test_a_csv_in_s3_keeps_the_bytes_of_rows_that_can_not_be_read() -> None:
    rows = [b"e1,2017-03-01T10:00:00Z,voda", b"e2,2017-03-01T10:00:00Z,vo\xffda", b"e3,2017-03-01T10:00:00Z"]
    boto3.client("s3").put_object(
        Bucket="telcopulse-artifacts",
        Key="history/odd.csv",
        Body=b"\xef\xbb\xbfevent_id,event_ts,network\r\n" + b"\r\n".join(rows),
    )
    assert backfill("s3://telcopulse-artifacts/history/odd.csv", database="raw_odd")["rows_loaded"] == 3
    stored = athena_client.query(
        "select source_row, network, reject_reason, to_hex(payload), source from network_events order by source_row",
        database="raw_odd",
    )
    uri = "s3://telcopulse-artifacts/history/odd.csv"
    assert [stored[0][1:3], stored[0][4]] == [["voda", None], uri]
    assert stored[1] == ["2", None, "not_utf8", rows[1].hex().upper(), uri]
    assert stored[2] == ["3", None, "not_json", rows[2].hex().upper(), uri]


@pytest.mark.slow
def test_a_backfill_killed_inside_its_commits_loads_every_row_once(local_aws: LocalSettings, tmp_path: Path) -> None:
    database, file, rng = "raw_backfill_killed", tmp_path / "events.jsonl", random.Random(5)
    write_events(file, 1_000)
    command = backfill_command(file, "--chunk-rows", "100", database=database)
    faults = FaultsClient(local_aws.endpoint_url)
    with faults.active(
        "glue", "UpdateTable", resource=f"{database}.network_events", action="stall", seconds=4
    ) as fault:
        for _ in range(KILLS):
            commits = faults.seen(fault) + rng.randint(1, 3)
            with started(*command, log=tmp_path / "log") as process:
                wait_until(lambda target=commits: faults.seen(fault) >= target, "commit", timeout_s=240)
                time.sleep(rng.uniform(0, 4))
                assert process.poll() is None
                kill(process)
    last = backfill(file, "--chunk-rows", "100", database=database)
    assert counted(database) == ["1000", "1000", "1000"]
    print(f"{KILLS} kills; the last run found {last['rows_already_there']} rows and loaded {last['rows_loaded']}")


@pytest.mark.slow
@pytest.mark.usefixtures("local_aws")
def test_two_backfills_of_one_file_at_once_load_every_row_once(tmp_path: Path) -> None:
    database, file = "raw_backfill_twice", tmp_path / "events.jsonl"
    write_events(file, 1_000)
    command = backfill_command(file, "--chunk-rows", "100", database=database)
    with started(*command, log=tmp_path / "1.log") as one, started(*command, log=tmp_path / "2.log") as other:
        ends = [finish(one, tmp_path / "1.log"), finish(other, tmp_path / "2.log")]
    assert ends == [0, 0]
    assert counted(database) == ["1000", "1000", "1000"]


def finish(process: subprocess.Popen[str], log: Path) -> int:
    code = process.wait(timeout=400)
    if code:
        print(log.read_text()[-4000:])
    return code
