"""The batch ledger: the first decision stands, whoever comes second reads it."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from glue_streaming.ledger import Ledger, Position

URL = "s3://checkpoints/network_events/ledger/"


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="checkpoints", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield Ledger(URL)


def test_the_first_end_stands(ledger: Ledger) -> None:
    assert ledger.decide_end(1, "shard-0", Position("10")) == Position("10")
    assert Ledger(URL).decide_end(1, "shard-0", Position("99", closed=True)) == Position("10")
    assert ledger.end(1, "shard-0") == Position("10")
    assert ledger.end(1, "shard-1") is None


def test_the_first_plan_stands(ledger: Ledger) -> None:
    first = {"shard-0": Position(), "shard-1": Position("7", closed=True)}
    assert ledger.decide_plan(1, first) == first
    assert Ledger(URL).decide_plan(1, {"shard-9": Position()}) == first


def test_a_closed_shard_is_carried_and_an_unread_one_is_none(ledger: Ledger) -> None:
    ledger.decide_plan(1, {"open": Position("3"), "closed": Position("5", closed=True), "unread": Position()})
    ledger.decide_end(1, "open", Position("4"))
    assert ledger.positions_after(1) == {"open": Position("4"), "closed": Position("5", closed=True), "unread": None}
    assert ledger.positions_after(0) == {}


def test_old_batches_are_forgotten_and_the_last_is_known(ledger: Ledger) -> None:
    assert ledger.last_batch() == 0
    for batch in range(1, 6):
        ledger.decide_plan(batch, {"shard-0": Position(str(batch))})
    ledger.forget_before(4)
    assert ledger.last_batch() == 5
    assert [ledger.plan(batch) is not None for batch in range(1, 6)] == [False, False, False, True, True]
