"""Batches of the Kinesis source are planned, read, repeated and bounded, whatever shards and clocks do."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from glue_streaming import shards, source
from glue_streaming.errors import LostLedger, RecordsExpired
from glue_streaming.ledger import KEPT_BATCHES, Ledger, Plan, Position
from glue_streaming.source import CONTINUE, Bounds, KinesisStreamReader, ShardSlice
from infra.local.patches import kinesis
from tests.unit.local.clock import Clock

LEDGER = "s3://checkpoints/events/ledger"
FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"
HOUR_S = 3600


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr(source.time, "time", standing)
    return standing


@pytest.fixture
def reader(clock: Clock) -> Iterator[KinesisStreamReader]:
    kinesis.install(clock=clock)
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="checkpoints", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("kinesis").create_stream(StreamName="events", ShardCount=1)
        Ledger(LEDGER).decide_plan(0, Plan(0.0, {}))
        yield KinesisStreamReader(stream="events", ledger_url=LEDGER, bounds=Bounds(100, 10_000, 5.0))
    kinesis.install()


def put(*payloads: bytes) -> list[str]:
    client = boto3.client("kinesis")
    put_one = [client.put_record(StreamName="events", Data=data, PartitionKey="k") for data in payloads]
    return [answer["SequenceNumber"] for answer in put_one]


def read_batch(reader: KinesisStreamReader, number: int) -> list[bytes]:
    """What Spark would get of batch `number`, read slice by slice."""
    slices = reader.partitions({"batch": number - 1}, {"batch": number})
    return [payload for each in slices for payload in read_slice(reader, each)]


def read_slice(reader: KinesisStreamReader, each: ShardSlice) -> list[bytes]:
    return [payload for batch in reader.read(each) for payload in batch.column("payload").to_pylist()]


def next_batch(reader: KinesisStreamReader, clock: Clock) -> int:
    clock.now += 10
    return reader.latestOffset()["batch"]


def test_a_batch_reads_what_is_new_and_the_next_one_goes_on_behind_it(reader: Any, clock: Clock) -> None:
    put(b"1", b"2")
    assert next_batch(reader, clock) == 1
    assert read_batch(reader, 1) == [b"1", b"2"]
    assert next_batch(reader, clock) == 1, "nothing is new"
    put(b"", b"3")
    assert next_batch(reader, clock) == 2
    assert read_batch(reader, 2) == [b"", b"3"]


def test_a_planned_batch_that_is_not_read_is_not_planned_again(reader: Any, clock: Clock) -> None:
    put(b"1")
    assert next_batch(reader, clock) == next_batch(reader, clock) == 1
    assert read_batch(reader, 1) == [b"1"]


def test_a_replayed_batch_reads_the_same_although_more_came_and_its_shard_was_split(reader: Any, clock: Clock) -> None:
    put(b"1", b"2")
    next_batch(reader, clock)
    first = read_batch(reader, 1)
    put(b"3")
    boto3.client("kinesis").split_shard(StreamName="events", ShardToSplit=FIRST, NewStartingHashKey=str(2**127))
    put(b"4")
    assert read_batch(reader, 1) == first == [b"1", b"2"]
    assert next_batch(reader, clock) == 2
    assert sorted(read_batch(reader, 2)) == [b"3", b"4"]


def test_after_a_restart_the_last_offset_decides_nothing(reader: Any) -> None:
    assert reader.partitions({"batch": 1}, {"batch": 1}) == []
    assert Ledger(LEDGER).plan(1) is None


def test_of_two_attempts_at_once_the_later_follows_the_earlier(
    reader: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(b"1", b"2")
    next_batch(reader, clock)
    (task,) = reader.partitions({"batch": 0}, {"batch": 1})
    read_to_bounds = KinesisStreamReader._read_to_bounds

    def slowly(self: Any, partition: ShardSlice) -> Any:
        mine = read_to_bounds(self, partition)
        put(b"3")
        monkeypatch.setattr(KinesisStreamReader, "_read_to_bounds", read_to_bounds)
        assert read_slice(reader, task) == [b"1", b"2", b"3"], "the other attempt sees more and decides"
        return mine

    monkeypatch.setattr(KinesisStreamReader, "_read_to_bounds", slowly)
    assert read_slice(reader, task) == [b"1", b"2", b"3"]


def test_an_attempt_that_died_after_its_decision_is_repeated(reader: Any, clock: Clock) -> None:
    put(b"1")
    next_batch(reader, clock)
    (task,) = reader.partitions({"batch": 0}, {"batch": 1})
    next(reader.read(task))
    put(b"2")
    assert read_slice(reader, task) == [b"1"]


def test_a_batch_is_bounded_by_records_and_bytes(reader: Any, clock: Clock) -> None:
    put(*[b"x" * 40] * 120)
    put(*[b"y" * 6000] * 3)
    sizes = []
    while next_batch(reader, clock) == len(sizes) + 1:
        sizes.append(len(read_batch(reader, len(sizes) + 1)))
    assert sum(sizes) == 123
    assert len(sizes) > 1
    assert sizes[0] == 100


def test_a_batch_read_long_after_it_was_planned_leaves_what_came_since_to_the_next(reader: Any, clock: Clock) -> None:
    put(b"1")
    next_batch(reader, clock)
    clock.now += HOUR_S
    put(b"an hour later")
    assert read_batch(reader, 1) == [b"1"]
    assert next_batch(reader, clock) == 2
    assert read_batch(reader, 2) == [b"an hour later"]


def test_no_batch_is_planned_while_the_clock_is_behind_the_last_one(
    reader: Any, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    put(b"1")
    next_batch(reader, clock)
    read_batch(reader, 1)
    put(b"2")
    clock.now -= HOUR_S
    assert next_batch(reader, clock) == 1
    assert '"event": "clock_behind"' in capfd.readouterr().err
    clock.now += HOUR_S
    assert next_batch(reader, clock) == 2


def test_an_iterator_that_expired_is_replaced(reader: Any, clock: Clock) -> None:
    put(b"1", b"2")
    pages = shards.pages(shards.client(), "events", FIRST, None, limit=1)
    assert next(pages).records[0]["Data"] == b"1"
    clock.now += 301
    assert next(pages).records[0]["Data"] == b"2"


def test_a_lost_ledger_stops_the_stream(reader: Any, clock: Clock) -> None:
    put(b"1")
    next_batch(reader, clock)
    read_batch(reader, 1)
    Ledger(LEDGER).forget_before(2)
    with pytest.raises(LostLedger):
        reader.latestOffset()
    with pytest.raises(LostLedger, match="batch 2"):
        reader.partitions({"batch": 1}, {"batch": 2})


def expire_unread(reader: KinesisStreamReader, clock: Clock) -> None:
    put(b"read")
    next_batch(reader, clock)
    read_batch(reader, 1)
    clock.now += HOUR_S
    put(b"never read")
    clock.now += 26 * HOUR_S
    put(b"young")


def test_records_that_expired_unread_stop_the_stream_with_the_way_out(reader: Any, clock: Clock) -> None:
    expire_unread(reader, clock)
    with pytest.raises(RecordsExpired, match="--on-data-loss continue"):
        next_batch(reader, clock)
    assert Ledger(LEDGER).last_batch() == 1, "nothing was decided"


def test_on_request_the_stream_goes_on_behind_records_that_expired_and_notes_the_gap(reader: Any, clock: Clock) -> None:
    expire_unread(reader, clock)
    reader.on_data_loss = CONTINUE
    assert next_batch(reader, clock) == 2
    assert read_batch(reader, 2) == [b"young"]
    assert list(Ledger(LEDGER).gaps(2)) == [FIRST]


def test_a_stream_that_was_idle_for_days_while_it_was_watched_has_lost_nothing(reader: Any, clock: Clock) -> None:
    put(b"1")
    next_batch(reader, clock)
    read_batch(reader, 1)
    for _ in range(5):
        clock.now += 20 * HOUR_S
        assert next_batch(reader, clock) == 1
    put(b"2")
    assert next_batch(reader, clock) == 2
    assert read_batch(reader, 2) == [b"2"]
    assert Ledger(LEDGER).gaps(2) == {}


def test_a_decided_batch_whose_records_expired_is_not_passed_over(reader: Any, clock: Clock) -> None:
    put(b"1")
    next_batch(reader, clock)
    read_batch(reader, 1)
    clock.now += 26 * HOUR_S
    with pytest.raises(RecordsExpired):
        read_batch(reader, 1)
    reader.on_data_loss = CONTINUE
    assert read_batch(reader, 1) == []
    assert list(Ledger(LEDGER).gaps(1)) == [FIRST]


def test_a_shard_that_is_gone_before_it_was_read_is_not_dropped_silently(reader: Any, clock: Clock) -> None:
    Ledger(LEDGER).decide_plan(1, Plan(clock.now, {"shardId-gone": Position("5")}))
    Ledger(LEDGER).decide_end(1, "shardId-gone", Position("6", read_ts=clock.now))
    put(b"1")
    with pytest.raises(RecordsExpired, match="shardId-gone"):
        next_batch(reader, clock)
    reader.on_data_loss = CONTINUE
    assert next_batch(reader, clock) == 2
    assert Ledger(LEDGER).gaps(2) == {"shardId-gone": "6"}
    assert read_batch(reader, 2) == [b"1"]


def test_a_merged_and_split_stream_is_read_to_the_end_of_every_parent(reader: Any, clock: Clock) -> None:
    client = boto3.client("kinesis")
    sent, found, batch = [b"0"], list[bytes](), 0
    put(b"0")
    client.split_shard(StreamName="events", ShardToSplit=FIRST, NewStartingHashKey=str(2**127))
    for number in range(1, 40):
        client.put_record(StreamName="events", Data=b"%d" % number, PartitionKey=str(number))
        sent.append(b"%d" % number)
    client.merge_shards(StreamName="events", ShardToMerge=SECOND, AdjacentShardToMerge="shardId-000000000002")
    put(b"last")
    while next_batch(reader, clock) > batch:
        batch += 1
        found += read_batch(reader, batch)
    assert sorted(found) == sorted([*sent, b"last"])


def test_the_ledger_keeps_the_last_batches_only(reader: Any, clock: Clock) -> None:
    for number in range(1, 3 * KEPT_BATCHES + 1):
        Ledger(LEDGER).decide_plan(number, Plan(clock.now, {FIRST: Position("1", closed=True)}))
        reader.commit({"batch": number})
    kept = [number for number in range(3 * KEPT_BATCHES + 1) if Ledger(LEDGER).plan(number)]
    assert kept == list(range(2 * KEPT_BATCHES, 3 * KEPT_BATCHES + 1))
