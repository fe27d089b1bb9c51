"""The simulator's programs against the local AWS: measurements on a stream, an outage asked for through S3."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.settings import REPO_ROOT, LocalSettings

OUTAGES = f"s3://telcopulse-artifacts/feed/outages-{uuid.uuid4().hex}"
FEED = [sys.executable, "-m", "infra.feed"]


@pytest.fixture
def stream(local_aws: LocalSettings) -> Iterator[str]:
    kinesis, name = boto3.client("kinesis"), f"test-{uuid.uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    yield name
    kinesis.delete_stream(StreamName=name)


def outage(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*FEED, "outage", "--outages", OUTAGES, *arguments]
    return subprocess.run(command, cwd=REPO_ROOT, env=os.environ.copy(), capture_output=True, text=True, timeout=90)


def read_all(stream: str) -> list[bytes]:
    kinesis = boto3.client("kinesis")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    iterator: Any = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    found: list[bytes] = []
    while True:
        page = kinesis.get_records(ShardIterator=iterator, Limit=5_000)
        found += [record["Data"] for record in page["Records"]]
        iterator = page["NextShardIterator"]
        if not page["Records"] and page["MillisBehindLatest"] == 0:
            return found


def test_an_outage_breaks_a_network_of_a_running_simulator_which_ends_clean_on_interrupt(
    stream: str, tmp_path: Path
) -> None:
    log = tmp_path / "live.log"
    with log.open("w") as output:
        live = subprocess.Popen(
            [*FEED, "simulate", "live", "--stream", stream, "--rate", "400", "--outages", OUTAGES],
            cwd=REPO_ROOT,
            env=os.environ.copy(),
            stderr=output,
        )
        try:
            asked = outage("--area", "Barcelona", "--network", "Orange", "--minutes", "5")
            time.sleep(15)
            live.send_signal(signal.SIGINT)
            assert live.wait(30) == 130, log.read_text()
        finally:
            live.kill()
            live.wait()
    assert asked.returncode == 0, asked.stderr
    label = json.loads(asked.stdout)
    assert "orange is out in Barcelona (080193) until" in asked.stderr
    assert "stopped" in log.read_text()
    assert "Traceback" not in log.read_text()
    events = [json.loads(record) for record in read_all(stream) if record.endswith(b"}") and b'"status":' in record]
    since = [event for event in events if event["event_ts"] >= label["start_ts"]] if events else []
    barcelona = [event for event in since if event.get("postal_code") == "080193"]
    orange = [event for event in barcelona if event["operator"] in ("Orange", "JAZZTEL", "RACC")]
    movistar = [event for event in barcelona if event["operator"] == "Movistar"]
    assert len(orange) > 50
    assert sum(event["status"] in (1, 2) for event in orange) > 0.8 * len(orange)
    assert sum(event["status"] in (1, 2) for event in movistar) < 0.1 * len(movistar)


def test_an_unknown_area_or_network_is_refused_with_what_is_like_it(local_aws: LocalSettings) -> None:
    area = outage("--area", "Barcelna", "--network", "orange")
    network = outage("--area", "Barcelona", "--network", "orangee")
    assert (area.returncode, network.returncode) == (1, 1)
    assert "did you mean Barcelona (080193)" in area.stderr
    assert "did you mean orange?" in network.stderr
