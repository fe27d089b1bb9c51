"""What a local Kinesis shows of the stream: the source's own speed, and whether the job keeps up."""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import boto3

from glue_streaming.ledger import FIRST_BATCH, Ledger, Plan
from glue_streaming.source import Bounds, KinesisStreamReader, ShardSlice
from infra.feed.replay import MAX_PUT_RECORDS, put_records, replay
from tests.integration.programs import streaming

SHARDS = 4
SOURCE_RECORDS = 60_000
# About what an event of the real slice takes.
PAYLOAD = b"x" * 420
SUSTAINED_RATE = 2_000
SUSTAINED_S = 150
ROWS_PER_LOOP = 1_000
_BYTES_PER_MB = 1e6


def source_rate() -> dict[str, Any]:
    """Payload read by the Kinesis source for a second of its own processor time; the server's time isn't counted."""
    stream = _new_stream()
    kinesis = boto3.client("kinesis")
    for first in range(0, SOURCE_RECORDS, MAX_PUT_RECORDS):
        put_records(kinesis, stream, [(PAYLOAD, str(first + number)) for number in range(MAX_PUT_RECORDS)])
    ledger_url = f"s3://telcopulse-checkpoints/{stream}/ledger"
    Ledger(ledger_url).decide_plan(FIRST_BATCH, Plan(0.0, {}))
    reader = KinesisStreamReader(stream=stream, ledger_url=ledger_url, bounds=Bounds(100_000, 64 * 2**20, 20.0))
    read_bytes, cpu_s = 0, 0.0
    while read_bytes < SOURCE_RECORDS * len(PAYLOAD):
        batch = reader.latestOffset()["batch"]
        for each in reader.partitions({"batch": batch - 1}, {"batch": batch}):
            assert isinstance(each, ShardSlice)
            started = time.process_time()
            rows = list(reader.read(each))
            cpu_s += time.process_time() - started
            read_bytes += len(PAYLOAD) * sum(batch_rows.num_rows for batch_rows in rows)
    return {"source_mb_per_s_per_core": round(read_bytes / _BYTES_PER_MB / cpu_s, 1)}


def sustained(folder: Path) -> dict[str, Any]:
    """Send at a steady rate while the job runs with its default trigger; a lag that grows shows in the last third."""
    stream, database = _new_stream(), f"bench_{uuid.uuid4().hex[:8]}"
    with streaming(database, folder, stream, trigger_seconds=10) as job:
        sent = replay(
            boto3.client("kinesis"),
            stream,
            loops=SUSTAINED_RATE * SUSTAINED_S // ROWS_PER_LOOP,
            rate=SUSTAINED_RATE,
        )
        batches = _batch_lines(folder / "job.log")
        assert job.poll() is None, (folder / "job.log").read_text()[-2000:]
    third = max(1, len(batches) // 3)
    lags = [batch["lag_arrival_p95_s"] for batch in batches]
    return {
        "sustained_events_per_s": SUSTAINED_RATE,
        "sustained_events": sent,
        "lag_p95_s_middle_third": max(lags[third : 2 * third], default=None),
        "lag_p95_s_last_third": max(lags[2 * third :], default=None),
    }


def _new_stream() -> str:
    name = f"bench-{uuid.uuid4().hex[:8]}"
    boto3.client("kinesis").create_stream(StreamName=name, ShardCount=SHARDS)
    return name


def _batch_lines(log: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"event": "batch"')]
    return [line for line in lines if line["rows"]]
