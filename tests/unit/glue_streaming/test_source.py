"""A batch's plan continues where the last one ended, or is refused."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from glue_streaming.errors import IncompleteLedger
from glue_streaming.ledger import Ledger, Position
from glue_streaming.source import Bounds, KinesisStreamReader

LEDGER = "s3://checkpoints/events/ledger"
FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"


@pytest.fixture
def reader() -> Iterator[KinesisStreamReader]:
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="checkpoints", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("kinesis").create_stream(StreamName="events", ShardCount=2)
        yield KinesisStreamReader(stream="events", ledger_url=LEDGER, bounds=Bounds(10, 1000, 1.0))


def planned(reader: KinesisStreamReader, start: int) -> dict[str, str | None]:
    slices = reader.partitions({"batch": start}, {"batch": start + 1})
    return {each.shard: each.after for each in slices}


def test_the_first_batch_starts_every_shard_at_its_start(reader: KinesisStreamReader) -> None:
    assert planned(reader, 0) == {FIRST: None, SECOND: None}


def test_a_batch_starts_behind_the_last_ones_ends(reader: KinesisStreamReader) -> None:
    planned(reader, 0)
    Ledger(LEDGER).decide_end(1, FIRST, Position("7"))
    Ledger(LEDGER).decide_end(1, SECOND, Position("9", closed=True))
    assert planned(reader, 1) == {FIRST: "7"}


def test_an_unfinished_shard_that_kinesis_lists_no_more_is_not_dropped_silently(reader: KinesisStreamReader) -> None:
    Ledger(LEDGER).decide_plan(1, {"shardId-gone": Position("5")})
    Ledger(LEDGER).decide_end(1, "shardId-gone", Position("6"))
    assert planned(reader, 1)["shardId-gone"] == "6"


def test_a_lost_ledger_is_refused_at_any_batch(reader: KinesisStreamReader) -> None:
    with pytest.raises(IncompleteLedger, match="committed batch 500"):
        planned(reader, 500)


def test_a_ledger_that_lacks_an_end_is_refused(reader: KinesisStreamReader) -> None:
    planned(reader, 0)
    Ledger(LEDGER).decide_end(1, FIRST, Position("7"))
    with pytest.raises(IncompleteLedger):
        planned(reader, 1)
