"""Records and iterators age as on AWS: a clock that tests set stands in for the wall's."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cloudwatch.models import cloudwatch_backends

from infra.local.patches import kinesis
from tests.unit.local.clock import Clock

SHARD = "shardId-000000000000"
HOUR_S = 3600


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Any]:
    kinesis.install(clock=clock)
    with mock_aws():
        stream_client = boto3.client("kinesis")
        stream_client.create_stream(StreamName="s", ShardCount=1)
        yield stream_client
    kinesis.install()


def put(client: Any, *payloads: bytes) -> str:
    """Sequence number of the last one."""
    return [
        client.put_record(StreamName="s", Data=payload, PartitionKey="k")["SequenceNumber"] for payload in payloads
    ][-1]


def page(client: Any, kind: str = "TRIM_HORIZON", **where: Any) -> dict[str, Any]:
    place = client.get_shard_iterator(StreamName="s", ShardId=SHARD, ShardIteratorType=kind, **where)
    return client.get_records(ShardIterator=place["ShardIterator"])


def data(answer: dict[str, Any]) -> list[bytes]:
    return [record["Data"] for record in answer["Records"]]


def test_the_trim_horizon_is_the_oldest_record_within_a_day(client: Any, clock: Clock) -> None:
    put(client, b"old")
    clock.now += 23 * HOUR_S
    put(client, b"young")
    assert data(page(client)) == [b"old", b"young"]
    clock.now += 2 * HOUR_S
    assert data(page(client)) == [b"young"]


def test_a_reader_behind_trimmed_records_continues_at_the_oldest_that_is_left(client: Any, clock: Clock) -> None:
    first = put(client, b"1")
    put(client, b"2", b"3")
    clock.now += 24 * HOUR_S + 1
    put(client, b"4", b"5")
    answer = page(client, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=first)
    assert data(answer) == [b"4", b"5"]
    assert answer["MillisBehindLatest"] == 0


def test_a_longer_retention_keeps_records_and_a_shorter_one_drops_them(client: Any, clock: Clock) -> None:
    client.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    put(client, b"old")
    clock.now += 30 * HOUR_S
    assert data(page(client)) == [b"old"]
    client.decrease_stream_retention_period(StreamName="s", RetentionPeriodHours=24)
    assert data(page(client)) == []


def test_sequence_numbers_keep_rising_when_all_records_are_trimmed(client: Any, clock: Clock) -> None:
    last = int(put(client, b"1", b"2"))
    clock.now += 25 * HOUR_S
    latest = client.get_shard_iterator(StreamName="s", ShardId=SHARD, ShardIteratorType="LATEST")["ShardIterator"]
    assert int(put(client, b"3")) > last
    assert data(client.get_records(ShardIterator=latest)) == [b"3"]


def test_a_closed_shard_whose_records_expired_ends_in_null(client: Any, clock: Clock) -> None:
    put(client, b"1")
    client.split_shard(StreamName="s", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    clock.now += 25 * HOUR_S
    answer = page(client)
    assert (data(answer), answer.get("NextShardIterator")) == ([], None)


def test_an_iterator_lives_five_minutes(client: Any, clock: Clock) -> None:
    place = client.get_shard_iterator(StreamName="s", ShardId=SHARD, ShardIteratorType="LATEST")["ShardIterator"]
    clock.now += 299
    following = client.get_records(ShardIterator=place)["NextShardIterator"]
    clock.now += 2
    with pytest.raises(client.exceptions.ExpiredIteratorException, match="tolerated delay of 300000 milliseconds"):
        client.get_records(ShardIterator=place)
    client.get_records(ShardIterator=following)


def test_millis_behind_latest_is_the_age_of_what_was_read_last(client: Any, clock: Clock) -> None:
    put(client, b"1")
    clock.now += 10
    put(client, b"2")
    clock.now += 5
    place = client.get_shard_iterator(StreamName="s", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
    first = client.get_records(ShardIterator=place["ShardIterator"], Limit=1)
    second = client.get_records(ShardIterator=first["NextShardIterator"], Limit=1)
    empty = client.get_records(ShardIterator=second["NextShardIterator"], Limit=1)
    assert [answer["MillisBehindLatest"] for answer in (first, second, empty)] == [15_000, 0, 0]


def test_at_timestamp_starts_at_the_first_record_since(client: Any, clock: Clock) -> None:
    put(client, b"1")
    clock.now += 60
    since = clock.now
    put(client, b"2")
    assert data(page(client, "AT_TIMESTAMP", Timestamp=since)) == [b"2"]


def test_a_page_ends_at_ten_mebibytes(client: Any) -> None:
    put(client, *[b"x" * (1024 * 1024 - 1)] * 12)
    answer = page(client)
    assert len(answer["Records"]) == 10
    assert answer["MillisBehindLatest"] > 0


@pytest.mark.parametrize("text", ["rubbish", "c3RyZWFt", "é"])
def test_a_text_that_is_no_iterator_is_refused(client: Any, text: str) -> None:
    with pytest.raises(client.exceptions.InvalidArgumentException, match="Invalid ShardIterator"):
        client.get_records(ShardIterator=text)


@pytest.mark.parametrize("number", ["0", "abc", "9" * 56])
def test_a_sequence_number_of_no_record_of_ours_is_refused(client: Any, number: str) -> None:
    with pytest.raises(ClientError, match="did not come from this stream"):
        page(client, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number)


def test_the_last_hash_key_belongs_to_the_last_shard(client: Any) -> None:
    answer = client.put_record(StreamName="s", Data=b"1", PartitionKey="k", ExplicitHashKey=str(2**128 - 1))
    assert answer["ShardId"] == SHARD


def test_cloudwatch_counts_a_minute_in_one_datum(client: Any) -> None:
    put(client, *[b"1"] * 20)
    backend = cloudwatch_backends["123456789012"]["eu-west-1"]
    counts = [datum for datum in backend.metric_data if datum.name == "IncomingRecords"]
    assert sum(datum.sum for datum in counts) == 20
    assert len(counts) <= 2, "one, or two when the minute changed meanwhile"
