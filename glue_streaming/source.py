"""A Kinesis source for Spark Structured Streaming whose batches repeat exactly and survive resharding.

The offset is a batch number. What batch n reads is recorded write-once in a `Ledger`: first its plan (the shards and
where each starts), then each shard's end, decided by whichever task attempt gets there first. A replay honours both.

Options: streamName, ledger (s3://…), maxRecordsPerShard, maxBytesPerShard, maxSecondsPerShard (per batch).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pyarrow as pa
from botocore.config import Config
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition

from glue_streaming.errors import AttemptSuperseded, IncompleteLedger, RecordsExpired
from glue_streaming.ledger import KEPT_BATCHES, Ledger, Plan, Position

NAME = "kinesis"
SCHEMA = "payload binary, shard_id string, sequence_number string, arrival_ts timestamp"
_ARROW_SCHEMA = pa.schema(
    [
        ("payload", pa.binary()),
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("arrival_ts", pa.timestamp("us", tz="UTC")),
    ]
)
# A shard gives 5 reads/s and 2 MB/s to all its readers together.
_PAGE_RECORDS = 10_000
_EMPTY_PAGE_WAIT_S = 0.2


class KinesisSource(DataSource):
    @classmethod
    def name(cls) -> str:
        return NAME

    def schema(self) -> str:
        return SCHEMA

    def streamReader(self, schema: Any) -> "KinesisStreamReader":  # noqa: N802 - the name is Spark's
        return KinesisStreamReader(
            stream=self.options["streamName"],
            ledger_url=self.options["ledger"],
            bounds=Bounds(
                records=int(self.options.get("maxRecordsPerShard", 100_000)),
                payload_bytes=int(self.options.get("maxBytesPerShard", 64 * 2**20)),
                seconds=float(self.options.get("maxSecondsPerShard", 20)),
            ),
        )


@dataclass(frozen=True)
class Bounds:
    """When a batch stops reading a shard that still has more."""

    records: int
    payload_bytes: int
    seconds: float


@dataclass
class ShardSlice(InputPartition):
    """What one task reads: shard `shard` from behind `after` to the end that the ledger holds or the task decides."""

    batch: int
    shard: str
    after: str | None


class KinesisStreamReader(DataSourceStreamReader):
    """Spark pickles it to its workers, so clients are made inside the methods."""

    def __init__(self, *, stream: str, ledger_url: str, bounds: Bounds) -> None:
        self.stream = stream
        self.ledger_url = ledger_url
        self.bounds = bounds

    def initialOffset(self) -> dict[str, int]:  # noqa: N802 - the name is Spark's
        return {"batch": 0}

    def latestOffset(self) -> dict[str, int]:  # noqa: N802 - the name is Spark's
        """The next batch's number when a shard has something new, else the last one's."""
        ledger = Ledger(self.ledger_url)
        last = ledger.last_batch()
        positions = ledger.positions_after(last)
        if any(position is None for position in positions.values()):
            return {"batch": last}
        kinesis = _kinesis()
        for shard in _shards(kinesis, self.stream):
            position = positions.get(shard) or Position()
            if not position.closed and _has_more(kinesis, self.stream, shard, position):
                return {"batch": last + 1}
        return {"batch": last}

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> list[ShardSlice]:
        # After a restart Spark tells the last seen offset as (last, last): nothing may be decided for it.
        if start == end:
            return []
        ledger, batch = Ledger(self.ledger_url), end["batch"]
        plan = ledger.plan(batch) or ledger.decide_plan(batch, self._plan_after(ledger, start["batch"]))
        return [ShardSlice(batch, shard, position.after) for shard, position in plan.items() if not position.closed]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, ShardSlice)
        ledger = Ledger(self.ledger_url)
        decided = ledger.end(partition.batch, partition.shard)
        if decided is None:
            yield from self._read_and_decide(ledger, partition)
        elif decided.after != partition.after:
            yield from self._read_until(partition, decided)

    def commit(self, end: dict[str, int]) -> None:
        # Closed shards are carried from plan to plan, so a batch needs only the one before it.
        if end["batch"] % KEPT_BATCHES == 0:
            Ledger(self.ledger_url).forget_before(end["batch"] - KEPT_BATCHES)

    def _plan_after(self, ledger: Ledger, last: int) -> Plan:
        """Every shard from where batch `last` left it, new ones from their start.

        Shards that Kinesis lists no more stay in the plan: reading one that was not finished fails, loudly.
        Raises: IncompleteLedger: it does not hold all of batch `last`, which Spark has committed.
        """
        positions = ledger.positions_after(last)
        known = {shard: position for shard, position in positions.items() if position is not None}
        if len(known) < len(positions) or (last and not positions):
            raise IncompleteLedger(self.ledger_url, last)
        return {shard: Position() for shard in _shards(_kinesis(), self.stream)} | known

    def _read_and_decide(self, ledger: Ledger, partition: ShardSlice) -> Iterator[pa.RecordBatch]:
        """Read up to the bounds or the newest record, then record the end.

        Raises: AttemptSuperseded: another attempt recorded a different one.
        """
        kinesis, shard = _kinesis(), partition.shard
        iterator: str | None = _iterator(kinesis, self.stream, shard, partition.after)
        after, count, size = partition.after, 0, 0
        deadline = time.monotonic() + self.bounds.seconds
        while iterator is not None:
            page = kinesis.get_records(ShardIterator=iterator, Limit=min(_PAGE_RECORDS, self.bounds.records - count))
            records, iterator = page["Records"], page.get("NextShardIterator")
            if records:
                after = records[-1]["SequenceNumber"]
                count += len(records)
                size += sum(len(record["Data"]) for record in records)
                yield _to_arrow(shard, records)
            is_full = count >= self.bounds.records or size >= self.bounds.payload_bytes
            if is_full or page["MillisBehindLatest"] == 0 or time.monotonic() > deadline:
                break
            if not records:
                time.sleep(_EMPTY_PAGE_WAIT_S)
        end = Position(after, closed=iterator is None)
        if ledger.decide_end(partition.batch, shard, end).after != after:
            raise AttemptSuperseded(partition.batch, shard)

    def _read_until(self, partition: ShardSlice, end: Position) -> Iterator[pa.RecordBatch]:
        """Read exactly what an earlier attempt read.

        Raises: RecordsExpired.
        """
        assert end.after is not None
        kinesis, last = _kinesis(), int(end.after)
        iterator: str | None = _iterator(kinesis, self.stream, partition.shard, partition.after)
        while iterator is not None:
            page = kinesis.get_records(ShardIterator=iterator, Limit=_PAGE_RECORDS)
            records, iterator = page["Records"], page.get("NextShardIterator")
            wanted = [record for record in records if int(record["SequenceNumber"]) <= last]
            if wanted:
                yield _to_arrow(partition.shard, wanted)
            if records and int(records[-1]["SequenceNumber"]) >= last:
                if not wanted or int(wanted[-1]["SequenceNumber"]) != last:
                    break
                return
            if not records and page["MillisBehindLatest"] == 0:
                break
            if not records:
                time.sleep(_EMPTY_PAGE_WAIT_S)
        raise RecordsExpired(self.stream, partition.shard, end.after)


def _kinesis() -> Any:
    # Throttling (5 reads/s a shard are shared by all readers) backs off inside the client.
    return boto3.client("kinesis", config=Config(retries={"mode": "adaptive", "max_attempts": 10}))


def _shards(kinesis: Any, stream: str) -> list[str]:
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    return [shard["ShardId"] for page in pages for shard in page["Shards"]]


def _iterator(kinesis: Any, stream: str, shard: str, after: str | None) -> str:
    where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
    if after is not None:
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
    return kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, **where)["ShardIterator"]


def _has_more(kinesis: Any, stream: str, shard: str, position: Position) -> bool:
    """Whether a read would bring a record, more to look through, or the news that the shard is closed and empty."""
    page = kinesis.get_records(ShardIterator=_iterator(kinesis, stream, shard, position.after), Limit=1)
    return bool(page["Records"]) or page["MillisBehindLatest"] > 0 or page.get("NextShardIterator") is None


def _to_arrow(shard: str, records: list[dict[str, Any]]) -> pa.RecordBatch:
    columns = [
        [record["Data"] for record in records],
        [shard] * len(records),
        [record["SequenceNumber"] for record in records],
        [record["ApproximateArrivalTimestamp"] for record in records],
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _ARROW_SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=_ARROW_SCHEMA)
