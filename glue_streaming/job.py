"""The streaming job: Kinesis to raw.network_events, exactly once. Runs as a plain script with `--key value` arguments."""

import signal
import sys
import threading
from types import FrameType

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from glue_streaming import metrics, source, table
from glue_streaming.checkpoint import require_together
from glue_streaming.errors import StreamingError
from glue_streaming.parsing import STREAM_SOURCE, parse
from glue_streaming.settings import JobSettings


def main() -> int:
    try:
        settings = JobSettings.from_arguments(sys.argv[1:])
        spark = table.create_session(settings.table, settings.warehouse)
        table.create_if_absent(spark, settings.table, settings.warehouse)
        query = start(spark, settings)
    except StreamingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finish_on_sigterm(query, settings.trigger_seconds)
    query.awaitTermination()
    spark.stop()
    return 0


def start(spark: SparkSession, settings: JobSettings) -> StreamingQuery:
    """Start the query.

    Raises: ForeignLedger, LostLedger.
    """
    require_together(spark, settings.checkpoint, settings.ledger)
    spark.dataSource.register(source.KinesisSource)
    spark.streams.addListener(metrics.BatchMetrics(settings.stream_name, settings.metrics_namespace))
    return (
        records(spark, settings)
        .transform(parse)
        .transform(metrics.observed)
        .writeStream.format("iceberg")
        .outputMode("append")
        .queryName("network_events")
        .option("checkpointLocation", settings.checkpoint)
        .option("fanout-enabled", "true")
        .trigger(processingTime=f"{settings.trigger_seconds} seconds")
        .toTable(settings.table)
    )


def records(spark: SparkSession, settings: JobSettings) -> DataFrame:
    return (
        spark.readStream.format(source.NAME)
        .option("streamName", settings.stream_name)
        .option("ledger", settings.ledger)
        .load()
        .withColumn("source", F.lit(STREAM_SOURCE))
        .withColumn("source_row", F.lit(None).cast("bigint"))
    )


def finish_on_sigterm(query: StreamingQuery, trigger_seconds: int) -> None:
    """On SIGTERM or Ctrl-C wait for the running batch, then stop the query."""

    def stop() -> None:
        batch = query.lastProgress["batchId"] if query.lastProgress else -1
        for _ in range(10 * max(trigger_seconds, 30)):
            is_idle = not query.status["isTriggerActive"]
            has_moved_on = (query.lastProgress or {}).get("batchId", -1) != batch
            if is_idle or has_moved_on:
                break
            threading.Event().wait(0.1)
        query.stop()

    def on_signal(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=stop, daemon=True).start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


if __name__ == "__main__":
    sys.exit(main())
