"""A shard admits what AWS admits in a second, and no more."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.patches import kinesis
from infra.local.patches.kinesis_limits import MIB, ShardLimits, TokenBucket
from tests.unit.local.clock import Clock

MIDDLE_KEY = 2**127
SHARDS = ("shardId-000000000000", "shardId-000000000001")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Any]:
    kinesis.install(limits=True, clock=clock)
    with mock_aws():
        stream_client = boto3.client("kinesis", config=Config(retries={"total_max_attempts": 1}))
        stream_client.create_stream(StreamName="s", ShardCount=2)
        yield stream_client
    kinesis.install()


def put(client: Any, count: int, *, size: int = 10, shard: int = 0) -> dict[str, Any]:
    record = {"Data": b"x" * size, "PartitionKey": "k", "ExplicitHashKey": str(MIDDLE_KEY * shard)}
    return client.put_records(StreamName="s", Records=[record] * count)


def iterator(client: Any) -> str:
    return client.get_shard_iterator(StreamName="s", ShardId=SHARDS[0], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]


def test_a_bucket_fills_at_its_rate_and_no_further(clock: Clock) -> None:
    bucket = TokenBucket(10, clock)
    bucket.take(10)
    assert not bucket.holds(1)
    clock.now += 0.5
    assert bucket.holds(5)
    clock.now += 60
    assert bucket.holds(10)
    bucket.take(10)
    assert not bucket.holds(1)


def test_a_thousand_records_a_second_are_admitted(clock: Clock) -> None:
    limits = ShardLimits(clock)
    assert sum(limits.admit_write(10) for _ in range(1500)) == 1000
    clock.now += 0.25
    assert sum(limits.admit_write(10) for _ in range(1500)) == 250


def test_a_mebibyte_a_second_is_admitted(clock: Clock) -> None:
    limits = ShardLimits(clock)
    assert sum(limits.admit_write(MIB // 4) for _ in range(10)) == 4


def test_a_page_of_ten_mebibytes_closes_the_shard_for_five_seconds(clock: Clock) -> None:
    limits = ShardLimits(clock)
    assert limits.admit_read()
    limits.charge_read(10 * MIB)
    clock.now += 4.9
    assert not limits.admit_read()
    clock.now += 0.2
    assert limits.admit_read()


def test_put_records_beyond_the_limit_fail_alone_and_name_their_shard(client: Any) -> None:
    assert put(client, 500)["FailedRecordCount"] == 0
    assert put(client, 450)["FailedRecordCount"] == 0
    answer = put(client, 100)
    assert answer["FailedRecordCount"] == 50
    assert [("SequenceNumber" in record) for record in answer["Records"]] == [True] * 50 + [False] * 50
    failed = answer["Records"][-1]
    assert failed["ErrorCode"] == "ProvisionedThroughputExceededException"
    assert failed["ErrorMessage"] == f"Rate exceeded for shard {SHARDS[0]} in stream s under account 123456789012."


def test_a_full_shard_leaves_the_other_one_open(client: Any) -> None:
    put(client, 4, size=MIB // 4)
    assert put(client, 1, size=MIB // 4)["FailedRecordCount"] == 1
    assert put(client, 1, size=MIB // 4, shard=1)["FailedRecordCount"] == 0


def test_put_record_beyond_the_limit_raises_until_time_has_passed(client: Any, clock: Clock) -> None:
    put(client, 1, size=MIB - 1)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException, match="Rate exceeded for shard"):
        client.put_record(StreamName="s", Data=b"x" * 2000, PartitionKey="k", ExplicitHashKey="0")
    clock.now += 0.1
    client.put_record(StreamName="s", Data=b"x" * 2000, PartitionKey="k", ExplicitHashKey="0")


def test_the_sixth_read_in_a_second_is_refused(client: Any, clock: Clock) -> None:
    place = iterator(client)
    for _ in range(5):
        client.get_records(ShardIterator=place)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException, match=SHARDS[0]):
        client.get_records(ShardIterator=place)
    clock.now += 0.2
    client.get_records(ShardIterator=place)


def test_without_the_switch_nothing_is_refused() -> None:
    kinesis.install()
    with mock_aws():
        free = boto3.client("kinesis", config=Config(retries={"total_max_attempts": 1}))
        free.create_stream(StreamName="s", ShardCount=1)
        place = iterator(free)
        assert [put(free, 500)["FailedRecordCount"] for _ in range(4)] == [0] * 4
        for _ in range(8):
            free.get_records(ShardIterator=place)


def test_a_record_above_a_mebibyte_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="1048576"):
        client.put_record(StreamName="s", Data=b"x" * (MIB + 1), PartitionKey="k")
