"""Judge stored records anew from their payload, after a release that judged them wrongly.

    python -m glue_streaming.reparse --table glue_catalog.raw.network_events --warehouse s3://bucket/ \\
        --since 2026-01-01T00:00:00 --until 2026-01-01T06:00:00 --reason not_json

Rows whose result differs are replaced in one commit, with a new ingest_ts, so that the models see them; the others stay
untouched. Repeatable, and a running stream is not disturbed.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import and_
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_streaming import source_rows, table
from glue_streaming.contract import EVENT_FIELDS, RAW_FIELDS, REJECT_REASONS
from glue_streaming.errors import InvalidArgument, StreamingError
from glue_streaming.parsing import parse
from glue_streaming.settings import add_table_arguments, require_table

_KEY = ("source", "source_row", "shard_id", "sequence_number")
_JUDGED = (*(field.name for field in EVENT_FIELDS), "reject_reason")
_RECORD = ("payload", *_KEY)
_BEFORE = "_reason_before"
_ACCEPTED = "accepted"


@dataclass(frozen=True)
class Window:
    """Rows with `since` <= ingest_ts < `until` (UTC, without zone), of one reject reason or all."""

    since: datetime
    until: datetime
    reason: str | None

    def of(self, ingest_ts: Column) -> Column:
        return (ingest_ts >= _literal(self.since)) & (ingest_ts < _literal(self.until))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m glue_streaming.reparse", description=__doc__.split("\n")[0])
    add_table_arguments(parser)
    parser.add_argument("--since", required=True, help="first ingest_ts, ISO-8601, UTC")
    parser.add_argument("--until", required=True, help="ingest_ts before which the window ends; in the past")
    parser.add_argument("--reason", help="only rows that were rejected for this reason")
    arguments = parser.parse_args()
    try:
        require_table(arguments.table)
        window = to_window(arguments.since, arguments.until, arguments.reason)
        spark = table.create_session(arguments.table, arguments.warehouse)
        table.ensure(spark, arguments.table, arguments.warehouse)
        figures = reparse(spark, arguments.table, window)
    except StreamingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(figures))
    return 0


def to_window(since: str, until: str, reason: str | None) -> Window:
    """Raises: InvalidArgument."""
    first, end = _utc("since", since), _utc("until", until)
    if end > source_rows.utc_now():
        raise InvalidArgument("until", until, "in the past (UTC)")
    if first >= end:
        raise InvalidArgument("since", since, f"before --until {until}")
    if reason is not None and reason not in REJECT_REASONS:
        raise InvalidArgument("reason", reason, f"one of {', '.join(REJECT_REASONS)}")
    return Window(first, end, reason)


def reparse(spark: SparkSession, name: str, window: Window) -> dict[str, Any]:
    """Replace the window's rows whose result differs.

    Raises: TableBusy, ClockBehind.
    """
    figures: dict[str, Any] = {}

    def replace() -> None:
        figures.clear()
        figures.update(_replace(spark, name, window))

    table.retry_on_conflict(spark, name, replace)
    return figures


def _replace(spark: SparkSession, name: str, window: Window) -> dict[str, Any]:
    stored = spark.table(name).where(window.of(F.col("ingest_ts")))
    if window.reason is not None:
        stored = stored.where(F.col("reject_reason") == window.reason)
    source_rows.wait_for_clock(source_rows.newest_ingest_ts(spark.table(name)))
    read = stored.count()
    changed = _changed(stored).persist(StorageLevel.DISK_ONLY)
    try:
        reasons = _reasons(changed)
        if reasons:
            _merge(changed, name, window)
        return {
            "rows_read": read,
            "rows_changed": sum(reason["rows"] for reason in reasons),
            "reasons": reasons,
            "overtaken": _is_overtaken(spark, name, changed),
        }
    finally:
        changed.unpersist()


def _is_overtaken(spark: SparkSession, name: str, changed: DataFrame) -> bool:
    """Whether the rows' sources have newer rows by now: models that read those first don't look behind them."""
    sources = [row.source for row in changed.select("source").distinct().collect()]
    if not sources:
        return False
    is_newer = F.col("source").isin(sources) & (F.col("ingest_ts") > F.lit(source_rows.newest_ingest_ts(changed)))
    return not spark.table(name).where(is_newer).isEmpty()


def _changed(stored: DataFrame) -> DataFrame:
    """The rows that this release makes of the stored records, where they differ from the stored ones."""
    records = stored.select(*_RECORD, F.col("arrival_ts").cast("timestamp").alias("arrival_ts"))
    old, new = stored.alias("old"), records.transform(parse).alias("new")
    is_equal = reduce(and_, (F.col(f"old.{column}").eqNullSafe(F.col(f"new.{column}")) for column in _JUDGED))
    return (
        old.join(new, _same_record("old", "new"))
        .where(~is_equal)
        .select("new.*", F.col("old.reject_reason").alias(_BEFORE))
    )


def _reasons(changed: DataFrame) -> list[dict[str, Any]]:
    before, after = (F.coalesce(column, F.lit(_ACCEPTED)) for column in (_BEFORE, "reject_reason"))
    counted = changed.groupBy(before.alias("before"), after.alias("after")).agg(F.count(F.lit(1)).alias("rows"))
    return [row.asDict() for row in counted.orderBy("before", "after").collect()]


def _merge(changed: DataFrame, name: str, window: Window) -> None:
    """One commit. Only rows that came into the window meanwhile are in conflict with it."""
    is_same = window.of(F.col(f"{name}.ingest_ts")) & _same_record(name, "new")
    values = {field.name: F.col(f"new.{field.name}") for field in RAW_FIELDS}
    changed.alias("new").mergeInto(name, is_same).whenMatched().update(values).merge()


def _same_record(one: str, other: str) -> Column:
    return reduce(and_, (F.col(f"{one}.{column}").eqNullSafe(F.col(f"{other}.{column}")) for column in _KEY))


def _literal(moment: datetime) -> Column:
    return F.lit(moment.isoformat()).cast("timestamp_ntz")


def _utc(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidArgument(name, text, "an ISO-8601 time such as 2026-01-01T00:00:00") from error
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


if __name__ == "__main__":
    sys.exit(main())
