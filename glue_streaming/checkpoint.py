"""The checkpoint and the batch ledger live and die together; both new, they begin behind what the table holds."""

import json
from datetime import UTC, timedelta
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from glue_streaming import shards, source_rows
from glue_streaming.errors import ForeignLedger, LostLedger
from glue_streaming.ledger import FIRST_BATCH, Ledger, Plan, Position
from glue_streaming.parsing import STREAM_SOURCE
from glue_streaming.settings import JobSettings

# Longer than any sequence number, which has 56 digits; padded ones compare as numbers do.
_DIGITS = 128


def begin_or_resume(spark: SparkSession, settings: JobSettings) -> None:
    """Begin the ledger of a new checkpoint, or make sure that the two belong together; prints which as a JSON line.

    Raises: ForeignLedger, LostLedger.
    """
    ledger = Ledger(settings.ledger)
    known, is_committed = _last_batch_of(spark, settings.checkpoint)
    last = ledger.last_batch()
    if known is None:
        _begin(spark, settings, ledger, last)
        return
    plan = ledger.plan(known)
    positions = {} if plan is None else ledger.positions_after(known, plan)
    unread = sorted(shard for shard, position in positions.items() if position is None)
    if plan is None or last is None or (is_committed and unread):
        raise LostLedger(settings.ledger, known)
    # One batch may have been planned before Spark took note of it.
    if last > known + 1:
        raise ForeignLedger(settings.ledger, last, settings.checkpoint, known)
    _say(settings, "resumed", batch=known, is_committed=is_committed, unread_shards=unread)


def _begin(spark: SparkSession, settings: JobSettings, ledger: Ledger, last: int | None) -> None:
    is_ours = _exists(spark, f"{settings.checkpoint}/metadata")
    if last is not None and last > (FIRST_BATCH + 1 if is_ours else FIRST_BATCH):
        raise ForeignLedger(settings.ledger, last, settings.checkpoint, FIRST_BATCH)
    plan = ledger.decide_plan(FIRST_BATCH, _held_by_table(spark, settings))
    _say(settings, "begun", behind={shard: position.after for shard, position in plan.starts.items()})


def _held_by_table(spark: SparkSession, settings: JobSettings) -> Plan:
    """Each shard behind its last record in the table. A shard with none within the retention is read from its start."""
    kinesis = shards.client()
    rows = spark.table(settings.table).where(F.col("source") == STREAM_SOURCE)
    newest = source_rows.newest_ingest_ts(rows)
    if newest is None:
        return Plan(0.0, {})
    newest_ts = newest.replace(tzinfo=UTC).timestamp()
    retained = timedelta(seconds=shards.retention_s(kinesis, settings.stream_name), days=1)
    since = source_rows.utc_now() - retained
    last = (
        rows.where(F.col("ingest_ts") >= F.lit(since).cast("timestamp_ntz"))
        .groupBy("shard_id")
        .agg(F.max(F.lpad("sequence_number", _DIGITS, "0")).alias("after"))
        .collect()
    )
    listed = shards.list_shards(kinesis, settings.stream_name)
    starts = {row.shard_id: Position(row.after.lstrip("0"), read_ts=newest_ts) for row in last}
    return Plan(newest_ts, {shard: position for shard, position in starts.items() if shard in listed})


def _last_batch_of(spark: SparkSession, checkpoint: str) -> tuple[int | None, bool]:
    """The ledger's number of the newest batch that Spark took note of, and whether it committed it."""
    newest = max((int(name) for name in _names(spark, f"{checkpoint}/offsets") if name.isdigit()), default=None)
    if newest is None:
        return None, False
    lines = [row.value for row in spark.read.text(f"{checkpoint}/offsets/{newest}").collect()]
    # Behind the format's version and Spark's own settings, one line a source.
    batch = int(json.loads(lines[2])["batch"])
    return batch, _exists(spark, f"{checkpoint}/commits/{newest}")


def _names(spark: SparkSession, folder: str) -> list[str]:
    if not _exists(spark, folder):
        return []
    path, files = _hadoop(spark, folder)
    return [status.getPath().getName() for status in files.listStatus(path)]


def _exists(spark: SparkSession, path: str) -> bool:
    """Whether a file is there, on any file system that Spark can write to."""
    hadoop_path, files = _hadoop(spark, path)
    return bool(files.exists(hadoop_path))


def _hadoop(spark: SparkSession, path: str) -> tuple[Any, Any]:
    jvm, configuration = spark._jvm, spark._jsc.hadoopConfiguration()
    hadoop_path = jvm.org.apache.hadoop.fs.Path(path)
    return hadoop_path, hadoop_path.getFileSystem(configuration)


def _say(settings: JobSettings, event: str, **facts: Any) -> None:
    print(json.dumps({"event": event, "stream": settings.stream_name, **facts}), flush=True)
