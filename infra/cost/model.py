"""Dollars a day by component: prices times what was measured of the programs, for a load and an account's settings."""

import math
from dataclasses import dataclass
from enum import StrEnum

from infra.cost import prices

_DAY_S = 86_400
_DAYS_PER_MONTH = 30.4
_GB, _TB = 1e9, 1e12
_KIB = 1024


class Mode(StrEnum):
    ON_DEMAND = "on demand"
    PROVISIONED = "provisioned"


@dataclass(frozen=True)
class Measured:
    """Of the programs, not of AWS. Sources: docs/cost.md."""

    record_bytes: int = 467
    raw_row_bytes: int = 130
    job_us_per_event: float = 42.0
    s3_puts_per_batch: int = 12
    s3_gets_per_batch: int = 8
    statements_per_refresh: int = 26
    s3_puts_per_refresh: int = 150
    s3_gets_per_refresh: int = 600
    live_row_bytes: int = 63
    live_reads: int = 3
    live_window_s: int = 600
    metrics: int = 60
    alarms: int = 22
    log_bytes_per_batch: int = 4_000


@dataclass(frozen=True)
class Settings:
    """An account's, by their names in infra/terraform; `shards` only when provisioned."""

    events_per_s: int
    mode: Mode = Mode.ON_DEMAND
    shards: int = 0
    retention_hours: int = 72
    workers: int = 2
    dpu_per_worker: float = 1.0
    trigger_s: int = 10
    refresh_s: int = 30
    refresh_vcpu: float = 0.5
    refresh_gb: float = 2.0
    dashboard_tasks: int = 2
    dashboard_statements_per_hour: int = 600
    raw_days: int = 400
    noncurrent_days: int = 14
    zones: int = 2

    @property
    def events_per_day(self) -> int:
        return self.events_per_s * _DAY_S

    @property
    def batches_per_day(self) -> float:
        return _DAY_S / self.trigger_s

    @property
    def refreshes_per_day(self) -> float:
        return _DAY_S / self.refresh_s


def cores_needed(settings: Settings, measured: Measured, *, busy_share: float = 0.5) -> float:
    """Of the job's executors, so that they are at work for `busy_share` of the time and can catch up."""
    return settings.events_per_s * measured.job_us_per_event / 1e6 / busy_share


def shards_needed(settings: Settings, measured: Measured, *, headroom: float = 1.5) -> int:
    """A shard takes 1,000 records or 1 MiB a second."""
    by_bytes = settings.events_per_s * measured.record_bytes / _KIB**2
    return math.ceil(headroom * max(settings.events_per_s / 1000, by_bytes))


def files_per_day(settings: Settings, measured: Measured) -> float:
    """Data files of raw before compaction: each shard's task writes one a batch."""
    shards = settings.shards or max(4, shards_needed(settings, measured))
    return settings.batches_per_day * shards


def per_day(settings: Settings, measured: Measured) -> dict[str, float]:
    """{component: dollars}, in a steady state: every day that raw keeps is there."""
    return {
        "Kinesis": _kinesis(settings, measured),
        "Glue": settings.workers * settings.dpu_per_worker * 24 * prices.GLUE_DPU_HOUR,
        "S3 storage": _storage(settings, measured),
        "S3 requests": _requests(settings, measured)[0],
        "Athena": _athena(settings, measured),
        "Fargate and ALB": _serving(settings),
        "CloudWatch": _cloudwatch(settings, measured),
        "VPC endpoints": _endpoints(settings, measured),
        "KMS": _kms(settings, measured),
    }


def _kinesis(settings: Settings, measured: Measured) -> float:
    put_gb = settings.events_per_day * math.ceil(measured.record_bytes / _KIB) * _KIB / _GB
    kept_days = max(0.0, settings.retention_hours / 24 - 1)
    if settings.mode is Mode.PROVISIONED:
        hours = prices.KINESIS_SHARD_HOUR + (prices.KINESIS_SHARD_KEPT_HOUR if kept_days else 0.0)
        return settings.shards * 24 * hours + settings.events_per_day * prices.KINESIS_PUT_UNIT
    read_gb = settings.events_per_day * measured.record_bytes / _GB
    moved = put_gb * prices.KINESIS_IN_GB + read_gb * prices.KINESIS_OUT_GB
    kept = put_gb * kept_days * prices.KINESIS_KEPT_GB_MONTH / _DAYS_PER_MONTH
    return 24 * prices.KINESIS_STREAM_HOUR + moved + kept


def _storage(settings: Settings, measured: Measured) -> float:
    """Each row once in the table, and twice among noncurrent objects: as it was written, and as it was compacted."""
    days = settings.raw_days + 2 * settings.noncurrent_days
    return settings.events_per_day * measured.raw_row_bytes / _GB * days * prices.S3_GB_MONTH / _DAYS_PER_MONTH


def _requests(settings: Settings, measured: Measured) -> tuple[float, float]:
    """Dollars, and how many."""
    files = files_per_day(settings, measured)
    puts = files + settings.batches_per_day * measured.s3_puts_per_batch
    puts += settings.refreshes_per_day * measured.s3_puts_per_refresh
    # Compaction reads each file once more, and so does the refresh that follows its batch.
    gets = 2 * files + settings.batches_per_day * measured.s3_gets_per_batch
    gets += settings.refreshes_per_day * measured.s3_gets_per_refresh
    return puts * prices.S3_PUT + gets * prices.S3_GET, puts + gets


def _athena(settings: Settings, measured: Measured) -> float:
    """A refresh reads the touched buckets of raw whole, again each time; its other statements read next to nothing."""
    window_bytes = settings.events_per_s * measured.live_window_s * measured.live_row_bytes
    reads = measured.live_reads * max(window_bytes, prices.ATHENA_LEAST_BYTES)
    others = (measured.statements_per_refresh - measured.live_reads) * prices.ATHENA_LEAST_BYTES
    pages = 24 * settings.dashboard_statements_per_hour * prices.ATHENA_LEAST_BYTES
    nightly = settings.events_per_day * measured.raw_row_bytes
    scanned = settings.refreshes_per_day * (reads + others) + pages + nightly
    return scanned / _TB * prices.ATHENA_TB


def _serving(settings: Settings) -> float:
    vcpus = settings.refresh_vcpu + 0.5 * settings.dashboard_tasks
    memory_gb = settings.refresh_gb + 1.0 * settings.dashboard_tasks
    tasks = vcpus * prices.FARGATE_VCPU_HOUR + memory_gb * prices.FARGATE_GB_HOUR
    return 24 * (tasks + prices.ALB_HOUR + prices.ALB_LCU_HOUR)


def _cloudwatch(settings: Settings, measured: Measured) -> float:
    months = measured.metrics * prices.CLOUDWATCH_METRIC_MONTH + measured.alarms * prices.CLOUDWATCH_ALARM_MONTH
    months += prices.CLOUDWATCH_DASHBOARD_MONTH
    puts = settings.batches_per_day + settings.refreshes_per_day
    logs_gb = puts * measured.log_bytes_per_batch / _GB
    return months / _DAYS_PER_MONTH + puts * prices.CLOUDWATCH_PUT + logs_gb * prices.LOGS_IN_GB


def _endpoints(settings: Settings, measured: Measured, *, services: int = 10) -> float:
    read_gb = settings.events_per_day * measured.record_bytes / _GB
    return services * settings.zones * 24 * prices.ENDPOINT_HOUR + read_gb * prices.ENDPOINT_GB


def _kms(settings: Settings, measured: Measured, *, keys: int = 5, share: float = 0.01) -> float:
    """Bucket keys spare S3 99 of 100 requests of KMS, says AWS; Kinesis asks once in minutes and shard."""
    return keys * prices.KMS_KEY_MONTH / _DAYS_PER_MONTH + _requests(settings, measured)[1] * share * prices.KMS_REQUEST
