"""The local Kinesis reshards as AWS does and keeps every record under concurrent writers."""

import threading
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from infra.local.patches import kinesis

ALL_KEYS = 2**128 - 1


@pytest.fixture(scope="module", autouse=True)
def _patched() -> None:
    kinesis.install()


@pytest.fixture
def client() -> Iterator[object]:
    with mock_aws():
        stream_client = boto3.client("kinesis")
        stream_client.create_stream(StreamName="s", ShardCount=1)
        yield stream_client


def put(client, count: int, prefix: str = "r") -> None:
    records = [{"Data": f"{prefix}{i}".encode(), "PartitionKey": f"{prefix}{i}"} for i in range(count)]
    assert client.put_records(StreamName="s", Records=records)["FailedRecordCount"] == 0


def read(client, shard_id: str) -> tuple[list[bytes], str | None]:
    """All records of a shard, and the iterator it ended with."""
    iterator = client.get_shard_iterator(StreamName="s", ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")
    following, data = iterator["ShardIterator"], []
    while following:
        page = client.get_records(ShardIterator=following, Limit=7)
        data += [record["Data"] for record in page["Records"]]
        following = page.get("NextShardIterator")
        if not page["Records"] and page["MillisBehindLatest"] == 0:
            break
    return data, following


def split(client) -> None:
    client.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(ALL_KEYS // 2))


def test_a_split_parent_keeps_its_records_and_its_iterator_ends_in_null(client) -> None:
    put(client, 20)
    split(client)
    data, following = read(client, "shardId-000000000000")
    assert (len(data), following) == (20, None)


def test_after_a_split_only_the_children_take_records(client) -> None:
    put(client, 5)
    split(client)
    put(client, 40, prefix="after")
    parent, _ = read(client, "shardId-000000000000")
    children = [read(client, f"shardId-00000000000{i}") for i in (1, 2)]
    assert len(parent) == 5
    assert sum(len(data) for data, _ in children) == 40
    assert all(data and following is not None for data, following in children)


def test_a_closed_shard_names_its_ending_sequence_number(client) -> None:
    put(client, 3)
    split(client)
    shards = {shard["ShardId"]: shard["SequenceNumberRange"] for shard in client.list_shards(StreamName="s")["Shards"]}
    assert "EndingSequenceNumber" in shards["shardId-000000000000"]
    assert "EndingSequenceNumber" not in shards["shardId-000000000001"]
    ending = int(shards["shardId-000000000000"]["EndingSequenceNumber"])
    assert ending < int(shards["shardId-000000000001"]["StartingSequenceNumber"])


def test_merged_parents_keep_their_records(client) -> None:
    split(client)
    put(client, 30)
    client.merge_shards(
        StreamName="s", ShardToMerge="shardId-000000000001", AdjacentShardToMerge="shardId-000000000002"
    )
    put(client, 4, prefix="after")
    parents = [read(client, f"shardId-00000000000{i}") for i in (1, 2)]
    assert sum(len(data) for data, _ in parents) == 30
    assert [following for _, following in parents] == [None, None]
    assert len(read(client, "shardId-000000000003")[0]) == 4


def test_four_writers_lose_nothing_and_share_no_sequence_number(client) -> None:
    writers = [threading.Thread(target=put, args=(client, 100, f"w{i}-")) for i in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    iterator = client.get_shard_iterator(
        StreamName="s", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    records = client.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    numbers = [int(record["SequenceNumber"]) for record in records]
    assert len(set(numbers)) == 400
    assert numbers == sorted(numbers)


def test_millis_behind_latest_is_zero_only_at_the_end(client) -> None:
    put(client, 10)
    iterator = client.get_shard_iterator(
        StreamName="s", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    first = client.get_records(ShardIterator=iterator["ShardIterator"], Limit=9)
    last = client.get_records(ShardIterator=first["NextShardIterator"], Limit=9)
    assert first["MillisBehindLatest"] > 0
    assert last["MillisBehindLatest"] == 0
