"""What each micro-batch did: one JSON line on stdout, and the same figures as CloudWatch metrics."""

import json
import logging
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)

OBSERVATION = "batch"
_UNITS = {"rows": "Count", "rejected": "Count", "duration_ms": "Milliseconds"}

log = logging.getLogger("telcopulse.stream")


def observed(rows: DataFrame) -> DataFrame:
    """Count what flows past, without a second read. Lags: seconds from arrival or measurement to the batch's start."""
    arrival_lag, event_lag = _seconds_since("arrival_ts"), _seconds_since("event_ts")
    return rows.observe(
        OBSERVATION,
        F.count(F.lit(1)).alias("rows"),
        F.count("reject_reason").alias("rejected"),
        F.percentile_approx(arrival_lag, 0.5).alias("lag_arrival_p50_s"),
        F.percentile_approx(arrival_lag, 0.95).alias("lag_arrival_p95_s"),
        F.max(arrival_lag).alias("lag_arrival_max_s"),
        F.percentile_approx(event_lag, 0.5).alias("lag_event_p50_s"),
        F.percentile_approx(event_lag, 0.95).alias("lag_event_p95_s"),
    )


class BatchMetrics(StreamingQueryListener):
    """Reports each batch; a metric that CloudWatch refuses is logged and does not stop the stream."""

    def __init__(self, stream: str, namespace: str) -> None:
        self._stream = stream
        self._namespace = namespace
        self._cloudwatch: Any = boto3.client("cloudwatch")

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802 - the name is Spark's
        print(json.dumps({"event": "started", "stream": self._stream, "query_id": str(event.id)}), flush=True)

    def onQueryIdle(self, event: QueryIdleEvent) -> None:  # noqa: N802 - the name is Spark's
        pass

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802 - the name is Spark's
        figures = batch_figures(event.progress)
        if figures is None:
            return
        print(json.dumps({"event": "batch", "stream": self._stream, **figures}), flush=True)
        try:
            self._cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=self._metric_data(figures))
        except (BotoCoreError, ClientError) as error:
            log.warning("event=metrics_refused error=%s", error)

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802 - the name is Spark's
        print(json.dumps({"event": "stopped", "stream": self._stream, "failed": bool(event.exception)}), flush=True)

    def _metric_data(self, figures: dict[str, Any]) -> list[dict[str, Any]]:
        dimensions = [{"Name": "StreamName", "Value": self._stream}]
        return [
            {"MetricName": name, "Value": value, "Unit": _UNITS.get(name, "Seconds"), "Dimensions": dimensions}
            for name, value in figures.items()
            if name not in ("batch_id", "phases_ms") and value is not None
        ]


def batch_figures(progress: Any) -> dict[str, Any] | None:
    """The figures of one batch; None when it had no rows.

    Units: lags in seconds to the end of the batch, when its rows are visible. A record may arrive after it began.
    """
    counted = progress.observedMetrics.get(OBSERVATION)
    if counted is None or not counted["rows"]:
        return None
    duration_ms = progress.durationMs["triggerExecution"]
    lags = {
        name: None if value is None else round(value + duration_ms / 1000, 3)
        for name, value in counted.asDict().items()
        if name.startswith("lag_")
    }
    return {
        "batch_id": progress.batchId,
        "rows": counted["rows"],
        "rejected": counted["rejected"],
        **lags,
        "duration_ms": duration_ms,
        "phases_ms": dict(progress.durationMs),
    }


def _seconds_since(column: str) -> Column:
    return F.unix_micros(F.col("ingest_ts").cast("timestamp")).cast("double") / 1e6 - (
        F.unix_micros(F.col(column).cast("timestamp")).cast("double") / 1e6
    )
