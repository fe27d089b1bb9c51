"""Kinesis as on AWS: writes here, the log, limits, reads and resharding in modules of their own."""

import re
import time
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum, cloudwatch_backends
from moto.kinesis import models
from moto.kinesis.exceptions import (
    InvalidArgumentError,
    RecordSizeExceedsLimit,
    TooManyRecords,
    TotalRecordsSizeExceedsLimit,
)
from moto.utilities.utils import md5_hash

from infra.local.patches import kinesis_reads, kinesis_resharding
from infra.local.patches import kinesis_shards as shards
from infra.local.patches.kinesis_limits import MIB, Clock, OutOfBounds, ProvisionedThroughputExceeded
from infra.local.patches.kinesis_shards import LogShard

_HASH_KEYS = 2**128
_HASH_KEY = re.compile(r"0|[1-9][0-9]{0,38}")
_MAX_KEY_LENGTH = 256
_MAX_BATCH_RECORDS, _MAX_BATCH_BYTES = 500, 5 * MIB

_moto_put_record = models.Stream.put_record


def install(*, limits: bool = False, clock: Clock = time.time) -> None:
    """Patch moto; `limits`: streams made from now on have AWS's throughput limits."""
    shards.configure(limits=limits, wall_clock=clock)
    models.Shard = LogShard
    models.Stream.get_shard_for_key = _open_shard_for_key
    models.Stream.put_record = shards.under_lock(_put_record)
    models.KinesisBackend.put_records = _put_records
    models.KinesisBackend._send_stream_metrics = shards.under_lock(_send_stream_metrics)
    kinesis_reads.install()
    kinesis_resharding.install()


def _open_shard_for_key(self: models.Stream, partition_key: str, explicit_hash_key: str | None) -> LogShard:
    """Only open shards take records: a split's parent covers the same hash keys as its children.

    A range includes its last key, which moto leaves to no shard.
    """
    _require_valid_keys(partition_key, explicit_hash_key)
    key = int(explicit_hash_key) if explicit_hash_key else int(md5_hash(partition_key.encode()).hexdigest(), 16)
    with shards.lock:
        return next(
            shard for shard in self.shards.values() if shard.is_open and shard.starting_hash <= key <= shard.ending_hash
        )


def _put_record(self: models.Stream, partition_key: str, explicit_hash_key: str | None, data: str) -> Any:
    """PutRecord: refused beyond a shard's limits; trims what is past the stream's retention period.

    Source: Kinesis API reference, PutRecord, ProvisionedThroughputExceededException.
    """
    shard = self.get_shard_for_key(partition_key, explicit_hash_key)
    size = _size(partition_key, data)
    if size > MIB:
        raise OutOfBounds("data", f"length less than or equal to {MIB}, its partition key included")
    if shard.limits and not shard.limits.admit_write(size):
        raise ProvisionedThroughputExceeded(shard.shard_id, self.stream_name, self.account_id)
    shard.trim(older_than=shards.retained_since(self))
    return _moto_put_record(self, partition_key, explicit_hash_key, data)


def _put_records(
    self: models.KinesisBackend, stream_arn: str | None, stream_name: str | None, records: list[dict[str, Any]]
) -> dict[str, Any]:
    """PutRecords: a record beyond its shard's limits fails alone, an invalid one refuses the call before any is put.

    Source: Kinesis API reference, PutRecords: FailedRecordCount, and ErrorCode and ErrorMessage of each that failed;
    "up to 500 records. Each record can be as large as 1 MiB, up to a limit of 5 MiB for the entire request, including
    partition keys".
    """
    stream = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
    total = _require_valid_batch(records)
    answers: list[dict[str, str]] = []
    for record in records:
        try:
            number, shard = stream.put_record(record["PartitionKey"], record.get("ExplicitHashKey"), record["Data"])
            answers.append({"SequenceNumber": number, "ShardId": shard})
        except ProvisionedThroughputExceeded as refusal:
            answers.append({"ErrorCode": refusal.error_type, "ErrorMessage": refusal.message})
    failed = sum("ErrorCode" in answer for answer in answers)
    self._send_stream_metrics(stream.stream_name, incoming_bytes=total, incoming_records=len(records) - failed)
    return {"FailedRecordCount": failed, "Records": answers}


def _require_valid_batch(records: list[dict[str, Any]]) -> int:
    """The size of all records.

    Raises: OutOfBounds, TooManyRecords, InvalidArgumentError, RecordSizeExceedsLimit, TotalRecordsSizeExceedsLimit.
    """
    if not records:
        raise OutOfBounds("records", "length greater than or equal to 1")
    if len(records) > _MAX_BATCH_RECORDS:
        raise TooManyRecords
    total = 0
    for position, record in enumerate(records, start=1):
        _require_valid_keys(record.get("PartitionKey"), record.get("ExplicitHashKey"))
        if record.get("Data") is None:
            raise OutOfBounds(f"records.{position}.member.data", "a value")
        size = _size(record["PartitionKey"], record["Data"])
        if size > MIB:
            raise RecordSizeExceedsLimit(position)
        total += size
    if total > _MAX_BATCH_BYTES:
        raise TotalRecordsSizeExceedsLimit
    return total


def _require_valid_keys(partition_key: str | None, explicit_hash_key: str | None) -> None:
    """Raises: InvalidArgumentError."""
    if not partition_key or len(partition_key) > _MAX_KEY_LENGTH:
        raise InvalidArgumentError(f"PartitionKey must have 1 to {_MAX_KEY_LENGTH} characters.")
    if explicit_hash_key is None:
        return
    if not _HASH_KEY.fullmatch(explicit_hash_key) or int(explicit_hash_key) >= _HASH_KEYS:
        raise InvalidArgumentError(
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, {_HASH_KEYS - 1}]."
        )


def _size(partition_key: str, base64_text: str) -> int:
    """What counts towards a record's limit: its data and its partition key."""
    return len(base64_text) * 3 // 4 - base64_text[-2:].count("=") + len(partition_key.encode())


def _send_stream_metrics(
    self: models.KinesisBackend, stream_name: str, incoming_bytes: int, incoming_records: int
) -> None:
    """IncomingBytes and IncomingRecords: one datum a minute each, as CloudWatch keeps them; moto keeps one a call."""
    minute = models.utcnow().replace(second=0, microsecond=0)
    kept = cloudwatch_backends[self.account_id][self.region_name].metric_data
    current: dict[str, MetricAggregatedDatum] = self.__dict__.setdefault("_metrics_of_minute", {})
    for name, value, unit in (
        ("IncomingBytes", incoming_bytes, "Bytes"),
        ("IncomingRecords", incoming_records, "Count"),
    ):
        datum = current.get(f"{stream_name}/{name}")
        if datum is None or datum.timestamp != minute:
            dimensions = [{"Name": "StreamName", "Value": stream_name}]
            datum = MetricAggregatedDatum("AWS/Kinesis", name, value, value, 0, 0, dimensions, minute, unit)
            current[f"{stream_name}/{name}"] = datum
            kept.append(datum)
        datum.min, datum.max = min(datum.min, value), max(datum.max, value)
        datum.sample_count += 1
        datum.sum += value
