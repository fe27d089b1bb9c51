"""The local Kinesis loses, repeats and disorders nothing under concurrent clients, over the wire."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import psutil
import pytest
import requests

from infra.local import cbor
from infra.local.settings import LocalSettings

WRITERS, RECORDS_EACH, BATCH = 4, 1500, 50
# What a record costs beyond its bytes, measured on 2026-11-24.
OVERHEAD_BYTES = 77


@pytest.fixture
def stream(local_aws: LocalSettings) -> Iterator[str]:
    kinesis, name = boto3.client("kinesis"), f"test-{uuid.uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    yield name
    kinesis.delete_stream(StreamName=name)


def write(stream: str, writer: int, records: int, size: int = 0) -> None:
    kinesis = boto3.session.Session().client("kinesis")
    for start in range(0, records, BATCH):
        batch = [
            {"Data": f"{writer}:{number}:".encode().ljust(size, b"x"), "PartitionKey": uuid.uuid4().hex}
            for number in range(start, start + BATCH)
        ]
        assert kinesis.put_records(StreamName=stream, Records=batch)["FailedRecordCount"] == 0


def read_shard(stream: str, shard: str, done: threading.Event) -> list[tuple[int, bytes]]:
    """Everything until the writers are done and the tip, or the shard's end, is reached."""
    kinesis = boto3.session.Session().client("kinesis")
    where = {"StreamName": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator: Any = kinesis.get_shard_iterator(**where)["ShardIterator"]
    found: list[tuple[int, bytes]] = []
    while iterator:
        was_done = done.is_set()
        page = kinesis.get_records(ShardIterator=iterator, Limit=300)
        found += [(int(record["SequenceNumber"]), record["Data"]) for record in page["Records"]]
        iterator = page.get("NextShardIterator")
        if was_done and not page["Records"] and page["MillisBehindLatest"] == 0:
            break
    return found


def shards_of(stream: str) -> list[str]:
    return [shard["ShardId"] for shard in boto3.client("kinesis").list_shards(StreamName=stream)["Shards"]]


def test_concurrent_writers_and_readers_across_a_split_see_each_record_once(stream: str) -> None:
    kinesis, done = boto3.client("kinesis"), threading.Event()
    parents = shards_of(stream)
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        readers = [pool.submit(read_shard, stream, shard, done) for shard in parents]
        writers = [pool.submit(write, stream, number, RECORDS_EACH) for number in range(WRITERS)]
        kinesis.split_shard(StreamName=stream, ShardToSplit=parents[0], NewStartingHashKey=str(2**126))
        for writer in writers:
            writer.result()
        done.set()
        read = [reader.result() for reader in readers]
    children = [shard for shard in shards_of(stream) if shard not in parents]
    read += [read_shard(stream, shard, done) for shard in children]
    for shard in read:
        numbers = [number for number, _ in shard]
        assert numbers == sorted(set(numbers)), "sequence numbers rise within a shard"
    every = [data for shard in read for _, data in shard]
    assert len(every) == len(set(every)) == WRITERS * RECORDS_EACH
    assert all(read_shard(stream, shard, done) for shard in children), "the children took records, too"


def test_twenty_thousand_records_cost_little_more_than_their_bytes(local_aws: LocalSettings, stream: str) -> None:
    server = psutil.Process(int((local_aws.state_dir / "aws.pid").read_text()))
    write(stream, 0, 2000, size=400)
    before = server.memory_full_info().uss
    write(stream, 1, 20_000, size=400)
    a_record = (server.memory_full_info().uss - before) / 20_000
    assert a_record < 432 + 2 * OVERHEAD_BYTES, f"{a_record:.0f} bytes for a record of 400 and its key of 32"


def test_cbor_is_refused_in_words(local_aws: LocalSettings) -> None:
    answer = requests.post(
        local_aws.endpoint_url,
        data=b"\xbf\xff",
        headers={"Content-Type": cbor.CONTENT_TYPE, "X-Amz-Target": "Kinesis_20131202.ListStreams"},
        timeout=10,
    )
    assert answer.status_code == 400
    assert "AWS_CBOR_DISABLE=true" in answer.headers["x-amzn-error-message"]
