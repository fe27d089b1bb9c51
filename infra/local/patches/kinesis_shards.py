"""A Kinesis shard as an ordered log: compact in memory, trimmed by age, limited on request."""

import bisect
import threading
import time
from array import array
from base64 import b64decode
from datetime import UTC, datetime
from functools import wraps
from typing import Any, NamedTuple

from moto.kinesis import models

from infra.local.patches.kinesis_limits import MIB, Clock, ShardLimits

# AWS's sequence numbers have 56 digits; ours start there too, so that code that parses them is exercised.
FIRST_SEQUENCE_NUMBER = 495 * 10**53
MAX_PAGE_RECORDS, MAX_PAGE_BYTES = 10_000, 10 * MIB

lock = threading.RLock()
clock: Clock = time.time
_limits_are_on = False
_last_offset = 0


def configure(*, limits: bool, wall_clock: Clock) -> None:
    """Choose the clock of all shards and whether those made from now on have throughput limits."""
    global clock, _limits_are_on
    clock, _limits_are_on = wall_clock, limits


def last_sequence_number() -> int:
    return FIRST_SEQUENCE_NUMBER + _last_offset


class StoredRecord(NamedTuple):
    """One record of a page; the log itself keeps no object but the payload."""

    partition_key: str
    data: bytes
    sequence_number: int
    created_at: float

    def to_json(self) -> dict[str, Any]:
        return {
            "Data": self.data,
            "PartitionKey": self.partition_key,
            "SequenceNumber": str(self.sequence_number),
            "ApproximateArrivalTimestamp": datetime.fromtimestamp(self.created_at, UTC),
        }


class Page(NamedTuple):
    records: list[StoredRecord]
    last_number: int
    behind_ms: int


class LogShard(models.Shard):
    """A shard as an append-only log.

    Restores: sequence numbers that increase and are unique in the stream; a closed shard that keeps its records and
    has an ending sequence number; reads whose cost is that of what they return (moto scans from the start); pages of
    at most 10,000 records and 10 MB; retention.
    Memory: a record costs its bytes and 77 more (moto's: 670 more, measured 2026-11-24).
    Source: Kinesis developer guide, "Resharding a stream": records in the parent stay there until they expire.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = ShardLimits(clock) if _limits_are_on else None
        self.starting_number = _next_number()
        self.ending_number: int | None = None
        self._last_number = self.starting_number
        # Columns, not objects: offset from the first number, arrival, length of the key, key and data in one.
        self._offsets, self._created, self._key_lengths = array("Q"), array("d"), array("H")
        self._payloads: list[bytes] = []

    def close(self) -> None:
        self.is_open = False
        self.ending_number = _next_number()

    def put_record(self, partition_key: str, data: str, explicit_hash_key: str) -> str:
        key, payload = partition_key.encode(), b64decode(data)
        with lock:
            number = self._last_number = _next_number()
            self._offsets.append(number - FIRST_SEQUENCE_NUMBER)
            # A clock that is set back must not break the order that bisection and trimming need.
            self._created.append(max(clock(), self._created[-1] if self._created else 0.0))
            self._key_lengths.append(len(key))
            self._payloads.append(key + payload)
        return str(number)

    def trim(self, older_than: float) -> None:
        """Forget the records that arrived before."""
        with lock:
            expired = bisect.bisect_left(self._created, older_than)
            for column in (self._offsets, self._created, self._key_lengths, self._payloads):
                del column[:expired]

    def page(self, after: int, limit: int | None) -> Page:
        """Records behind a sequence number; a number whose record is trimmed continues at the oldest that is left.

        `behind_ms`: how old the last record is while others wait, 0 at the tip, as AWS's MillisBehindLatest.
        """
        with lock:
            start = bisect.bisect_right(self._offsets, max(0, after - FIRST_SEQUENCE_NUMBER))
            end = self._end_of_page(start, limit or MAX_PAGE_RECORDS)
            records = [self._record(position) for position in range(start, end)]
            behind_ms = 0
            if end < len(self._offsets):
                seen_until = self._created[max(start, end - 1)]
                # A client that reads until 0 must not stop short of records of the same millisecond.
                behind_ms = max(1, int((clock() - seen_until) * 1000))
        return Page(records, records[-1].sequence_number if records else after, behind_ms)

    def get_min_sequence_number(self) -> int:
        return self.starting_number

    def get_max_sequence_number(self) -> int:
        return self._last_number if self.ending_number is None else self.ending_number

    def get_sequence_number_at(self, at_timestamp: float) -> int:
        with lock:
            position = bisect.bisect_left(self._created, at_timestamp)
            return FIRST_SEQUENCE_NUMBER + self._offsets[position - 1] if position else 0

    def is_read_to_end(self, after: int) -> bool:
        return not self.is_open and (not self._offsets or after >= FIRST_SEQUENCE_NUMBER + self._offsets[-1])

    def _record(self, position: int) -> StoredRecord:
        payload, key_length = self._payloads[position], self._key_lengths[position]
        return StoredRecord(
            partition_key=payload[:key_length].decode(),
            data=payload[key_length:],
            sequence_number=FIRST_SEQUENCE_NUMBER + self._offsets[position],
            created_at=self._created[position],
        )

    def _end_of_page(self, start: int, limit: int) -> int:
        """A page holds one record at least, however large."""
        last, size = min(len(self._payloads), start + limit), 0
        for position in range(start, last):
            size += len(self._payloads[position])
            if size > MAX_PAGE_BYTES:
                return max(position, start + 1)
        return last


def retained_since(stream: models.Stream) -> float:
    """Records that arrived before are past the stream's retention period."""
    return clock() - float(stream.retention_period_hours) * 3600


def under_lock(method: Any) -> Any:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return method(*args, **kwargs)

    return call


def _next_number() -> int:
    global _last_offset
    with lock:
        _last_offset += 1
        return FIRST_SEQUENCE_NUMBER + _last_offset
