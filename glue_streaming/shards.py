"""Reading Kinesis shards: what they are, what they still hold, and their records page by page."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
import pyarrow as pa
from botocore.config import Config

# A shard gives 5 reads/s and 2 MB/s to all its readers together.
PAGE_RECORDS = 10_000
_EMPTY_PAGE_WAIT_S = 0.2
_SECONDS_PER_HOUR = 3600
# No stream keeps its records for less than a day.
SHORTEST_RETENTION_S = 24 * _SECONDS_PER_HOUR

ARROW_SCHEMA = pa.schema(
    [
        ("payload", pa.binary()),
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("arrival_ts", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class Page:
    """One answer of GetRecords; `behind_ms` as Kinesis says it (MillisBehindLatest), `is_last`: the shard is closed
    and read to its end."""

    records: list[dict[str, Any]]
    behind_ms: int
    is_last: bool

    @property
    def is_newest(self) -> bool:
        return self.is_last or self.behind_ms == 0


def client() -> Any:
    # Throttling (5 reads/s a shard are shared by all readers) and faults of the service back off inside the client.
    return boto3.client("kinesis", config=Config(retries={"mode": "adaptive", "max_attempts": 10}))


def list_shards(kinesis: Any, stream: str) -> list[str]:
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    return [shard["ShardId"] for page in pages for shard in page["Shards"]]


def retention_s(kinesis: Any, stream: str) -> float:
    """For how long the stream keeps a record."""
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    return float(summary["RetentionPeriodHours"] * _SECONDS_PER_HOUR)


def pages(kinesis: Any, stream: str, shard: str, after: str | None, limit: int = PAGE_RECORDS) -> Iterator[Page]:
    """The shard's pages from behind `after` (None: from its start), until it is closed and read; open ones go on.

    Waits after a page without records. An iterator that expired (5 minutes) is replaced by one behind the last record.
    """
    iterator = _iterator(kinesis, stream, shard, after)
    while iterator is not None:
        try:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=limit)
        except kinesis.exceptions.ExpiredIteratorException:
            iterator = _iterator(kinesis, stream, shard, after)
            continue
        records, iterator = answer["Records"], answer.get("NextShardIterator")
        after = records[-1]["SequenceNumber"] if records else after
        yield Page(records, answer["MillisBehindLatest"], is_last=iterator is None)
        if not records:
            time.sleep(_EMPTY_PAGE_WAIT_S)


def has_more(kinesis: Any, stream: str, shard: str, after: str | None) -> bool:
    """Whether a read would bring a record, more to look through, or the news that the shard is closed and empty."""
    page = next(pages(kinesis, stream, shard, after, limit=1))
    return bool(page.records) or page.behind_ms > 0 or page.is_last


def holds(kinesis: Any, stream: str, shard: str, sequence_number: str) -> bool:
    """Whether the record can still be read; Kinesis answers for one that expired with the oldest that it has."""
    iterator = kinesis.get_shard_iterator(
        StreamName=stream,
        ShardId=shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=sequence_number,
    )["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"]
    return bool(records) and records[0]["SequenceNumber"] == sequence_number


def arrival_s(record: dict[str, Any]) -> float:
    arrival: datetime = record["ApproximateArrivalTimestamp"]
    return arrival.timestamp()


def to_arrow(shard: str, records: list[dict[str, Any]]) -> pa.RecordBatch:
    """Columns: payload, shard_id, sequence_number, arrival_ts."""
    columns = [
        [record["Data"] for record in records],
        [shard] * len(records),
        [record["SequenceNumber"] for record in records],
        [record["ApproximateArrivalTimestamp"] for record in records],
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, ARROW_SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=ARROW_SCHEMA)


def _iterator(kinesis: Any, stream: str, shard: str, after: str | None) -> str | None:
    where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
    if after is not None:
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
    found: str = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, **where)["ShardIterator"]
    return found
