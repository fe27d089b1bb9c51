"""The streaming job: Kinesis to raw.network_events, exactly once. A plain script with `--key value` arguments."""

import signal
import sys
import threading
import time
from types import FrameType

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from glue_streaming import metrics, source, table
from glue_streaming.checkpoint import begin_or_resume
from glue_streaming.errors import StreamingError
from glue_streaming.parsing import STREAM_SOURCE, parse
from glue_streaming.settings import JobSettings

POLL_S = 0.2
STOP_TIMEOUT_S = 120


def main() -> int:
    try:
        settings = JobSettings.from_arguments(sys.argv[1:])
        spark = table.create_session(settings.table, settings.warehouse)
        table.ensure(spark, settings.table, settings.warehouse)
        table.refuse_commits_under_way(spark, settings.table)
        query = start(spark, settings)
    except StreamingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        run_until_stopped(query)
    except StreamingQueryException as error:
        print(f"error: {_cause(error)}", file=sys.stderr)
        return 1
    finally:
        spark.stop()
    return 0


def start(spark: SparkSession, settings: JobSettings) -> StreamingQuery:
    """Start the query.

    Raises: ForeignLedger, LostLedger.
    """
    begin_or_resume(spark, settings)
    spark.dataSource.register(source.KinesisSource)
    spark.streams.addListener(metrics.BatchMetrics(settings.stream_name, settings.metrics_namespace, settings.ledger))
    return (
        records(spark, settings)
        .transform(parse)
        .transform(metrics.observed)
        .writeStream.format("iceberg")
        .outputMode("append")
        .queryName("network_events")
        .option("checkpointLocation", settings.checkpoint)
        .options(**table.STREAM_OPTIONS)
        .trigger(processingTime=f"{settings.trigger_seconds} seconds")
        .toTable(settings.table)
    )


def records(spark: SparkSession, settings: JobSettings) -> DataFrame:
    return (
        spark.readStream.format(source.NAME)
        .option("streamName", settings.stream_name)
        .option("ledger", settings.ledger)
        .option("onDataLoss", settings.on_data_loss)
        .load()
        .withColumn("source", F.lit(STREAM_SOURCE))
        .withColumn("source_row", F.lit(None).cast("bigint"))
    )


def run_until_stopped(query: StreamingQuery) -> None:
    """Wait for the query; on SIGTERM or Ctrl-C let the running batch finish, then stop it.

    Raises: StreamingQueryException: the query failed.
    """
    stopping = threading.Event()

    def on_signal(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    while not stopping.is_set() and not query.awaitTermination(POLL_S):
        pass
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while query.isActive and query.status["isTriggerActive"] and time.monotonic() < deadline:
        time.sleep(POLL_S)
    query.stop()


def _cause(error: StreamingQueryException) -> str:
    """What a person can act on: the message of our own error, where Python raised it, else Spark's."""
    lines = [line.strip() for line in str(error).splitlines()]
    ours = [line for line in lines if line.startswith("glue_streaming.errors.")]
    return ours[-1].partition(": ")[2] if ours else str(error)


if __name__ == "__main__":
    sys.exit(main())
