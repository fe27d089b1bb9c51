"""What Kinesis does not take is refused before anything is written."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.patches import kinesis

MIB = 1024 * 1024
GOOD = {"Data": b"x", "PartitionKey": "k"}


@pytest.fixture
def client() -> Iterator[Any]:
    """A stream of one shard; the SDK checks nothing itself."""
    kinesis.install()
    with mock_aws():
        stream_client = boto3.client("kinesis", config=Config(parameter_validation=False))
        stream_client.create_stream(StreamName="s", ShardCount=1)
        yield stream_client


def iterator(client: Any) -> str:
    found = client.get_shard_iterator(StreamName="s", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")
    return str(found["ShardIterator"])


def written(client: Any) -> int:
    return len(client.get_records(ShardIterator=iterator(client))["Records"])


@pytest.mark.parametrize(
    "record",
    [
        {"Data": b"x", "PartitionKey": ""},
        {"Data": b"x", "PartitionKey": "k" * 257},
        {"Data": b"x"},
        {"PartitionKey": "k"},
        {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": str(2**128)},
        {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "01"},
        {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": ""},
        {"Data": b"x" * MIB, "PartitionKey": "k"},
    ],
)
def test_a_bad_record_leaves_nothing_of_its_batch(client: Any, record: dict[str, Any]) -> None:
    with pytest.raises(ClientError):
        client.put_records(StreamName="s", Records=[GOOD, record])
    assert written(client) == 0


@pytest.mark.parametrize("count", [0, 501])
def test_a_batch_has_1_to_500_records(client: Any, count: int) -> None:
    with pytest.raises(ClientError):
        client.put_records(StreamName="s", Records=[GOOD] * count)
    assert written(client) == 0


def test_data_and_key_together_have_one_mebibyte(client: Any) -> None:
    client.put_record(StreamName="s", Data=b"x" * (MIB - 1), PartitionKey="k")
    with pytest.raises(ClientError) as refusal:
        client.put_record(StreamName="s", Data=b"x" * MIB, PartitionKey="k")
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert written(client) == 1


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_of_no_size_is_refused(client: Any, limit: int) -> None:
    with pytest.raises(ClientError) as refusal:
        client.get_records(ShardIterator=iterator(client), Limit=limit)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
