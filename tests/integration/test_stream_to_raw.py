"""What is put on the stream stands in raw.network_events exactly once, whatever happens to the job or the shards."""

import json
import os
import signal
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from glue_streaming.ledger import Ledger
from infra.local import athena_client
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings
from tests.integration.programs import streaming, wait_until

RAW_IS_MISSING = "does not exist"


def new_stream(shards: int = 2) -> str:
    name = f"s{uuid.uuid4().hex[:8]}"
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    return name


def put(stream: str, first: int, count: int) -> None:
    now = datetime.now(UTC).isoformat()
    events = [{"event_id": f"e{number}", "event_ts": now, "signal": 12} for number in range(first, first + count)]
    records = [{"Data": json.dumps(event).encode(), "PartitionKey": event["event_id"]} for event in events]
    put_raw(stream, records)


def put_raw(stream: str, records: list[dict]) -> None:
    for start in range(0, len(records), 500):
        answer = boto3.client("kinesis").put_records(StreamName=stream, Records=records[start : start + 500])
        assert answer["FailedRecordCount"] == 0


def lines_of(folder: Path, event: str) -> list[dict]:
    """The JSON lines of one kind in the job's log."""
    lines = [line for line in (folder / "job.log").read_text().splitlines() if line.startswith('{"event"')]
    return [found for found in map(json.loads, lines) if found["event"] == event]


def counted(database: str) -> tuple[int, int]:
    """(rows, distinct event ids)"""
    try:
        (row,) = athena_client.query("select count(*), count(distinct event_id) from network_events", database=database)
    except athena_client.AthenaQueryFailed as failure:
        if RAW_IS_MISSING not in str(failure):
            raise
        return 0, 0
    return int(row[0] or 0), int(row[1] or 0)


def split_every_shard(stream: str) -> None:
    kinesis = boto3.client("kinesis")
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        key_range = shard["HashKeyRange"]
        middle = (int(key_range["StartingHashKey"]) + int(key_range["EndingHashKey"])) // 2
        kinesis.split_shard(StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))
        kinesis.get_waiter("stream_exists").wait(StreamName=stream)


@pytest.mark.usefixtures("local_aws")
def test_a_killed_job_and_a_resharded_stream_lose_and_double_nothing(tmp_path: Path) -> None:
    stream, database = new_stream(), "raw_killed"
    put(stream, 0, 1500)
    with streaming(database, tmp_path, stream) as job:
        wait_until(lambda: counted(database)[0] > 0, "first batch")
        put(stream, 1500, 500)
        os.killpg(job.pid, signal.SIGKILL)
    # The parents hold unread records when they close.
    split_every_shard(stream)
    put(stream, 2000, 1000)
    with streaming(database, tmp_path, stream) as job:
        wait_until(lambda: counted(database)[1] == 3000, "all 3,000 events")
        assert counted(database) == (3000, 3000)
        job.send_signal(signal.SIGTERM)
        assert job.wait(timeout=180) == 0
    # Spark's own warnings may follow it.
    assert '{"event": "stopped"' in (tmp_path / "job.log").read_text()


def test_refused_and_empty_records_become_rows_with_their_reason(local_aws: LocalSettings, tmp_path: Path) -> None:
    stream, database = new_stream(), "raw_refused"
    now = datetime.now(UTC).isoformat()
    payloads = [b"", b"not json", b"\xff", b'{"event_id":"e","event_ts":"2001-01-01T00:00:00Z"}', b"[]"]
    payloads += [json.dumps({"event_id": f"ok{number}", "event_ts": now}).encode() for number in range(5)]
    put_raw(stream, [{"Data": payload, "PartitionKey": str(number)} for number, payload in enumerate(payloads)])
    with streaming(database, tmp_path, stream):
        wait_until(lambda: counted(database)[0] == len(payloads), "row for every record")
    rows = athena_client.query(
        "select coalesce(reject_reason, 'accepted'), count(*), count(payload), count(arrival_ts), count(event_ts) "
        "from network_events group by 1 order by 1",
        database=database,
    )
    assert rows == [
        ["accepted", "5", "5", "5", "5"],
        ["event_too_old", "1", "1", "1", "0"],
        ["not_json", "2", "2", "2", "0"],
        ["not_object", "1", "1", "1", "0"],
        ["not_utf8", "1", "1", "1", "0"],
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("local_aws")
def test_after_a_lost_checkpoint_each_shard_goes_on_behind_its_last_row(tmp_path: Path) -> None:
    stream, database = new_stream(2), "raw_resumed"
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    put(stream, 0, 50)
    with streaming(database, first, stream):
        wait_until(lambda: counted(database)[0] == 50, "first batch")
    put(stream, 50, 50)
    with streaming(database, second, stream) as job:
        assert job.wait(timeout=240) == 2
    assert "must be used together" in (second / "job.log").read_text()
    assert counted(database) == (50, 50)
    boto3.resource("s3").Bucket("telcopulse-checkpoints").objects.filter(Prefix=f"{database}/ledger/").delete()
    with streaming(database, second, stream):
        # Its rows can be seen before the batch is reported.
        wait_until(lambda: bool(lines_of(second, "batch")), "second half")
    assert counted(database) == (100, 100)
    assert lines_of(second, "begun")[-1]["behind"].keys() == {"shardId-000000000000", "shardId-000000000001"}
    (batch,) = lines_of(second, "batch")
    assert (batch["rows"], batch["rejected"], batch["gaps"], batch["backlog_ms"]) == (50, 0, 0, {})


@pytest.mark.slow
@pytest.mark.usefixtures("local_aws")
def test_a_killed_jobs_commit_that_lands_late_does_not_double_its_batch(tmp_path: Path) -> None:
    stream, database = new_stream(1), "raw_interrupted"
    put(stream, 0, 10)
    faults = FaultsClient(os.environ["AWS_ENDPOINT_URL"])
    ledger = Ledger(f"s3://telcopulse-checkpoints/{database}/ledger")
    held = {"operation": "UpdateTable", "resource": f"{database}.network_events", "action": "stall", "seconds": 600}
    # Before the commit come the new table's sort order and the writer's mark.
    late = faults.add("glue", **held, after=2, times=1)
    with streaming(database, tmp_path, stream):
        wait_until(lambda: faults.hits(late) == 1, "commit")
    assert ledger.end(1, "shardId-000000000000") is not None
    # It lands when the next job has looked at the table and is about to commit the same batch.
    own = faults.add("glue", **held, after=1, times=1)
    with streaming(database, tmp_path, stream):
        wait_until(lambda: faults.hits(own) == 1, "second commit")
        faults.clear(late)
        time.sleep(2)
        faults.clear(own)
        wait_until(lambda: bool(lines_of(tmp_path, "batch")), "batch")
    assert counted(database) == (10, 10)
    assert lines_of(tmp_path, "resumed")[-1] | {"stream": ""} == {
        "event": "resumed",
        "stream": "",
        "batch": 1,
        "is_committed": False,
        "unread_shards": [],
    }
