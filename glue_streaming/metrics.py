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

from glue_streaming.contract import REJECT_REASONS
from glue_streaming.ledger import Ledger

OBSERVATION = "batch"
_REASON = "rejected_"
_UNITS = {
    "rows": "Count",
    "rejected": "Count",
    "gaps": "Count",
    "duration_ms": "Milliseconds",
    "iterator_age_ms": "Milliseconds",
}

log = logging.getLogger("telcopulse.stream")


def observed(rows: DataFrame) -> DataFrame:
    """Count what flows past, without a second read. Lags: seconds from arrival or measurement to the batch's start."""
    arrival_lag, event_lag = _seconds_since("arrival_ts"), _seconds_since("event_ts")
    return rows.observe(
        OBSERVATION,
        F.count(F.lit(1)).alias("rows"),
        F.count("reject_reason").alias("rejected"),
        *(F.count_if(F.col("reject_reason") == reason).alias(f"{_REASON}{reason}") for reason in REJECT_REASONS),
        F.percentile_approx(arrival_lag, 0.5).alias("lag_arrival_p50_s"),
        F.percentile_approx(arrival_lag, 0.95).alias("lag_arrival_p95_s"),
        F.max(arrival_lag).alias("lag_arrival_max_s"),
        F.percentile_approx(event_lag, 0.5).alias("lag_event_p50_s"),
        F.percentile_approx(event_lag, 0.95).alias("lag_event_p95_s"),
    )


class BatchMetrics(StreamingQueryListener):
    """Reports each batch; a metric that CloudWatch refuses is logged and does not stop the stream."""

    def __init__(self, stream: str, namespace: str, ledger_url: str) -> None:
        self._stream = stream
        self._namespace = namespace
        self._ledger = Ledger(ledger_url)
        self._cloudwatch: Any = boto3.client("cloudwatch")

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802 - the name is Spark's
        print(json.dumps({"event": "started", "stream": self._stream, "query_id": str(event.id)}), flush=True)

    def onQueryIdle(self, event: QueryIdleEvent) -> None:  # noqa: N802 - the name is Spark's
        pass

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802 - the name is Spark's
        figures = batch_figures(event.progress)
        if figures is None:
            return
        try:
            figures |= backlog(self._ledger, json.loads(event.progress.sources[0].endOffset)["batch"])
            self._cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=self._metric_data(figures))
        except (BotoCoreError, ClientError) as error:
            log.warning("event=metrics_refused error=%s", error)
        print(json.dumps({"event": "batch", "stream": self._stream, **figures}), flush=True)

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802 - the name is Spark's
        print(json.dumps({"event": "stopped", "stream": self._stream, "failed": bool(event.exception)}), flush=True)

    def _metric_data(self, figures: dict[str, Any]) -> list[dict[str, Any]]:
        of_stream = [{"Name": "StreamName", "Value": self._stream}]
        data = [
            {"MetricName": name, "Value": value, "Unit": _UNITS.get(name, "Seconds"), "Dimensions": of_stream}
            for name, value in figures.items()
            if name in _UNITS or (name.startswith("lag_") and value is not None)
        ]
        for reason, count in figures["rejected_by_reason"].items():
            dimensions = [*of_stream, {"Name": "Reason", "Value": reason}]
            data.append({"MetricName": "rejected", "Value": count, "Unit": "Count", "Dimensions": dimensions})
        return data


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
        "rejected_by_reason": {reason: count for reason in REJECT_REASONS if (count := counted[f"{_REASON}{reason}"])},
        **lags,
        "duration_ms": duration_ms,
        "phases_ms": dict(progress.durationMs),
    }


def backlog(ledger: Ledger, batch: int) -> dict[str, Any]:
    """How far behind the newest record a batch left each shard, and of how many shards records expired unread.

    Units: milliseconds, as Kinesis says it (MillisBehindLatest).
    """
    plan = ledger.plan(batch)
    ends = {} if plan is None else ledger.positions_after(batch, plan)
    behind = {shard: end.behind_ms for shard, end in ends.items() if end is not None and not end.closed}
    return {
        "iterator_age_ms": max(behind.values(), default=0),
        "backlog_ms": {shard: age for shard, age in behind.items() if age},
        "gaps": len(ledger.gaps(batch)),
    }


def _seconds_since(column: str) -> Column:
    return F.unix_micros(F.col("ingest_ts").cast("timestamp")).cast("double") / 1e6 - (
        F.unix_micros(F.col(column).cast("timestamp")).cast("double") / 1e6
    )
