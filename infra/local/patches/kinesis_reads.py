"""Kinesis reads: iterators that expire, pages of what retention has left, limits, and the end of a closed shard."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple

from moto.core.exceptions import JsonRESTError
from moto.kinesis import models, utils
from moto.kinesis.exceptions import InvalidArgumentError

from infra.local.patches import kinesis_shards as shards
from infra.local.patches.kinesis_limits import OutOfBounds, ProvisionedThroughputExceeded
from infra.local.patches.kinesis_shards import LogShard, StoredRecord

_ITERATOR_LIFETIME_S = 300

_moto_get_shard_iterator = models.KinesisBackend.get_shard_iterator


class ExpiredIterator(JsonRESTError):
    code = 400

    def __init__(self, created_at: float, now: float) -> None:
        created, current = (f"{datetime.fromtimestamp(at, UTC):%a %b %d %H:%M:%S UTC %Y}" for at in (created_at, now))
        super().__init__(
            "ExpiredIteratorException",
            f"Iterator expired. The iterator was created at time {created} while right now it is {current} which is "
            f"further in the future than the tolerated delay of {_ITERATOR_LIFETIME_S * 1000} milliseconds.",
        )


class Position(NamedTuple):
    """What a shard iterator says: the next record is the first one behind `after`."""

    stream: str
    shard: str
    after: int
    created_at: float

    def encode(self) -> str:
        return urlsafe_b64encode(f"{self.stream}:{self.shard}:{self.after}:{self.created_at:.3f}".encode()).decode()

    @classmethod
    def decode(cls, iterator: str) -> "Position":
        """Raises: InvalidArgumentError: the text is no iterator of ours."""
        try:
            stream, shard, after, created_at = urlsafe_b64decode(iterator).decode().split(":")
            return cls(stream, shard, int(after), float(created_at))
        except ValueError as error:
            raise InvalidArgumentError("Invalid ShardIterator.") from error


def install() -> None:
    models.KinesisBackend.get_shard_iterator = _get_shard_iterator
    models.KinesisBackend.get_records = _get_records
    utils.compose_shard_iterator = models.compose_shard_iterator = _compose_iterator


def _get_shard_iterator(
    self: models.KinesisBackend,
    stream_arn: str | None,
    stream_name: str | None,
    shard_id: str,
    shard_iterator_type: str,
    starting_sequence_number: str | None,
    at_timestamp: float | None,
) -> str:
    """GetShardIterator: a stream given by its ARN alone works; numbers and times that can't be are refused."""
    stream = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
    if shard_iterator_type in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        number = str(starting_sequence_number)
        is_ours = number.isdigit() and shards.FIRST_SEQUENCE_NUMBER <= int(number) <= shards.last_sequence_number()
        if not is_ours:
            raise InvalidArgumentError(
                f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard_id} in stream "
                f"{stream.stream_name} under account {self.account_id} is invalid because it did not come from this "
                "stream."
            )
    if shard_iterator_type == "AT_TIMESTAMP" and at_timestamp is None:
        raise InvalidArgumentError("Must either specify AT_TIMESTAMP with a Timestamp or another ShardIteratorType.")
    return str(
        _moto_get_shard_iterator(
            self, None, stream.stream_name, shard_id, shard_iterator_type, starting_sequence_number, at_timestamp
        )
    )


def _compose_iterator(stream_name: str, shard: LogShard, last_sequence_id: int) -> str:
    return Position(stream_name, shard.shard_id, int(last_sequence_id), shards.clock()).encode()


def _get_records(
    self: models.KinesisBackend, stream_arn: str | None, shard_iterator: str, limit: int | None
) -> tuple[str | None, list[StoredRecord], int]:
    """GetRecords: iterators live five minutes; at the end of a closed shard `NextShardIterator` is null.

    Source: Kinesis API reference, GetRecords: "If set to null, the shard has been closed and the requested iterator
    does not return any more data"; ExpiredIteratorException; retention: developer guide, "Changing the data retention".
    """
    position = Position.decode(shard_iterator)
    if limit is not None and not 1 <= limit <= shards.MAX_PAGE_RECORDS:
        raise OutOfBounds("limit", f"value between 1 and {shards.MAX_PAGE_RECORDS}")
    if shards.clock() - position.created_at > _ITERATOR_LIFETIME_S:
        raise ExpiredIterator(position.created_at, shards.clock())
    stream = self.describe_stream(stream_arn=None, stream_name=position.stream)
    shard = stream.get_shard(position.shard)
    with shards.lock:
        if shard.limits and not shard.limits.admit_read():
            raise ProvisionedThroughputExceeded(shard.shard_id, stream.stream_name, self.account_id)
        shard.trim(older_than=shards.retained_since(stream))
        page = shard.page(position.after, limit)
        if shard.limits:
            shard.limits.charge_read(sum(len(record.data) + len(record.partition_key) for record in page.records))
        is_ended = shard.is_read_to_end(page.last_number)
    following = None if is_ended else _compose_iterator(stream.stream_name, shard, page.last_number)
    return following, page.records, page.behind_ms
