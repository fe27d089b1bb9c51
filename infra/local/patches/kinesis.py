"""Kinesis: shards as ordered logs that resharding leaves in place, safe under concurrent clients."""

import bisect
import threading
from typing import Any

from moto.kinesis import models
from moto.kinesis.exceptions import InvalidArgumentError
from moto.kinesis.utils import compose_shard_iterator, decompose_shard_iterator

# AWS's sequence numbers have 56 digits; ours start there too, so that code that parses them is exercised.
_FIRST_SEQUENCE_NUMBER = 495 * 10**53

_stream_lock = threading.RLock()
_last_sequence_number = _FIRST_SEQUENCE_NUMBER


def install() -> None:
    models.Shard = LogShard
    models.Stream.split_shard = _under_lock(_split_shard)
    models.Stream.merge_shards = _under_lock(_merge_shards)
    models.Stream.get_shard_for_key = _open_shard_for_key
    models.Stream.put_record = _under_lock(models.Stream.put_record)
    models.KinesisBackend.get_records = _get_records


def _next_sequence_number() -> int:
    global _last_sequence_number
    with _stream_lock:
        _last_sequence_number += 1
        return _last_sequence_number


class LogShard(models.Shard):
    """A shard as an append-only log.

    Restores: sequence numbers that increase and are unique in the stream; a closed shard that keeps its records and
    has an ending sequence number; reads whose cost is that of what they return (moto scans from the start).
    Source: Kinesis developer guide, "Resharding a stream": records in the parent stay there until they expire.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.starting_number = _next_sequence_number()
        self.ending_number: int | None = None
        self._log: list[models.Record] = []
        self._numbers: list[int] = []

    def close(self) -> None:
        self.is_open = False
        self.ending_number = _next_sequence_number()

    def put_record(self, partition_key: str, data: str, explicit_hash_key: str) -> str:
        with _stream_lock:
            number = _next_sequence_number()
            self._log.append(models.Record(partition_key, data, number, explicit_hash_key))
            self._numbers.append(number)
        return str(number)

    def get_records(self, last_sequence_id: str, limit: int | None) -> tuple[list[models.Record], int, int]:
        with _stream_lock:
            start = bisect.bisect_right(self._numbers, int(last_sequence_id))
            records = self._log[start : start + (limit or 10_000)]
            newest = self._log[-1] if self._log else None
        if not records or newest is None:
            return [], int(last_sequence_id), 0
        behind_s = newest.created_at - records[-1].created_at
        # A client that reads until 0 must not stop short of records of the same millisecond.
        behind_ms = 0 if records[-1] is newest else max(1, int(behind_s * 1000))
        return records, records[-1].sequence_number, behind_ms

    def get_min_sequence_number(self) -> int:
        return self.starting_number

    def get_max_sequence_number(self) -> int:
        if self.ending_number is not None:
            return self.ending_number
        return self._numbers[-1] if self._numbers else self.starting_number

    def get_sequence_number_at(self, at_timestamp: float) -> int:
        with _stream_lock:
            position = bisect.bisect_left([record.created_at for record in self._log], at_timestamp)
            return self._numbers[position - 1] if position else 0

    def is_read_to_end(self, last_sequence_id: int) -> bool:
        return not self.is_open and (not self._numbers or last_sequence_id >= self._numbers[-1])


def _under_lock(method: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        with _stream_lock:
            return method(*args, **kwargs)

    return call


def _next_shard_number(stream: models.Stream) -> int:
    return max(shard._shard_id for shard in stream.shards.values()) + 1


def _require_open(stream: models.Stream, *shards: LogShard) -> None:
    for shard in shards:
        if not shard.is_open:
            raise InvalidArgumentError(
                message=f"Shard {shard.shard_id} in stream {stream.stream_name} under account {stream.account_id} "
                "has already been merged or split, and thus is not eligible for merging or splitting."
            )


def _split_shard(self: models.Stream, shard_to_split: str, new_starting_hash_key: str) -> None:
    """SplitShard: two empty children; the closed parent keeps its records (moto moves them)."""
    parent, middle = self.shards[shard_to_split], int(new_starting_hash_key)
    if not parent.starting_hash < middle < parent.ending_hash:
        raise InvalidArgumentError(
            message=f"NewStartingHashKey {middle} used in SplitShard() on shard {shard_to_split} in stream "
            f"{self.stream_name} under account {self.account_id} is not both greater than one plus the shard's "
            f"StartingHashKey {parent.starting_hash} and less than the shard's EndingHashKey {parent.ending_hash - 1}."
        )
    _require_open(self, parent)
    parent.close()
    number = _next_shard_number(self)
    for offset, (low, high) in enumerate(((parent.starting_hash, middle - 1), (middle, parent.ending_hash))):
        child = LogShard(number + offset, starting_hash=low, ending_hash=high, parent=parent.shard_id)
        self.shards[child.shard_id] = child


def _merge_shards(self: models.Stream, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
    """MergeShards: one empty child over both ranges; the closed parents keep their records (moto moves them)."""
    first, second = self.shards[shard_to_merge], self.shards[adjacent_shard_to_merge]
    low, high = sorted((first, second), key=lambda shard: shard.starting_hash)
    if low.ending_hash != high.starting_hash - 1:
        raise InvalidArgumentError(adjacent_shard_to_merge)
    _require_open(self, first, second)
    first.close()
    second.close()
    child = LogShard(
        _next_shard_number(self),
        starting_hash=low.starting_hash,
        ending_hash=high.ending_hash,
        parent=first.shard_id,
        adjacent_parent=second.shard_id,
    )
    self.shards[child.shard_id] = child


_shard_for_key = models.Stream.get_shard_for_key


def _open_shard_for_key(self: models.Stream, partition_key: str, explicit_hash_key: str) -> Any:
    """Only open shards take records: a split's parent covers the same hash keys as its children."""
    with _stream_lock:
        every_shard = self.shards
        self.shards = {name: shard for name, shard in every_shard.items() if shard.is_open}
        try:
            return _shard_for_key(self, partition_key, explicit_hash_key)
        finally:
            self.shards = every_shard


def _get_records(
    self: models.KinesisBackend, stream_arn: str | None, shard_iterator: str, limit: int | None
) -> tuple[str | None, list[models.Record], int]:
    """GetRecords: at the end of a closed shard `NextShardIterator` is null.

    Source: Kinesis API reference, GetRecords: "If set to null, the shard has been closed and the requested iterator
    does not return any more data."
    """
    stream_name, shard_id, last_sequence_id = decompose_shard_iterator(shard_iterator)
    stream = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
    shard = stream.get_shard(shard_id)
    records, last_read, behind_ms = shard.get_records(last_sequence_id, limit)
    following = None if shard.is_read_to_end(last_read) else compose_shard_iterator(stream_name, shard, last_read)
    return following, records, behind_ms
