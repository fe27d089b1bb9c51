"""The batch ledger: the first decision stands, whoever comes second reads it."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from glue_streaming.ledger import Ledger, Plan, Position

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
    first = Plan(100.0, {"shard-0": Position(), "shard-1": Position("7", closed=True)})
    assert ledger.decide_plan(1, first) == first
    assert Ledger(URL).decide_plan(1, Plan(200.0, {"shard-9": Position()})) == first
    assert ledger.plan(1) == first


def test_a_closed_shard_is_carried_and_an_unread_one_is_none(ledger: Ledger) -> None:
    starts = {"open": Position("3"), "closed": Position("5", closed=True), "unread": Position()}
    plan = ledger.decide_plan(1, Plan(100.0, starts))
    ledger.decide_end(1, "open", Position("4"))
    assert ledger.positions_after(1, plan) == {
        "open": Position("4"),
        "closed": Position("5", closed=True),
        "unread": None,
    }


def test_batch_0_is_where_the_ledger_begins(ledger: Ledger) -> None:
    plan = ledger.decide_plan(0, Plan(100.0, {"shard-0": Position("3")}))
    assert ledger.positions_after(0, plan) == {"shard-0": Position("3")}


def test_old_batches_are_forgotten_and_the_last_is_known(ledger: Ledger) -> None:
    assert ledger.last_batch() is None
    for batch in range(1, 6):
        ledger.decide_plan(batch, Plan(0.0, {"shard-0": Position(str(batch))}))
    ledger.note_gap(2, "shard-0", "1")
    ledger.forget_before(4)
    assert ledger.last_batch() == 5
    assert [ledger.plan(batch) is not None for batch in range(1, 6)] == [False, False, False, True, True]
    assert ledger.gaps(2) == {}


def test_unread_records_arrived_no_earlier_than_the_last_read_was_behind(ledger: Ledger) -> None:
    assert Position("1", read_ts=1000.0, behind_ms=5000).unread_since == 995.0
    assert Position("1").unread_since is None


def test_an_answer_that_got_lost_does_not_undo_the_decision(ledger: Ledger) -> None:
    mine = Position("10", read_ts=1.5)
    ledger.decide_end(1, "shard-0", mine)
    assert ledger.decide_end(1, "shard-0", mine) == mine
