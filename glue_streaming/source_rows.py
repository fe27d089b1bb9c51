"""What the table holds of one source, and the order of its ingest_ts."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_streaming.errors import ClockBehind

MAX_CLOCK_WAIT_S = 600
_END = sys.maxsize

T = TypeVar("T")


@dataclass
class SourceRows:
    """`missing`: (first, last) ranges of row numbers, in order, that the table lacks; the last one never ends."""

    newest_ingest_ts: datetime | None
    missing: list[tuple[int, int]]
    skipped: int = 0

    def select_missing(self, numbered: Iterable[tuple[int, T]]) -> Iterator[tuple[int, T]]:
        """Leave out what the table holds, counted in `skipped`; the numbers ascend."""
        ranges = iter(self.missing)
        first, last = next(ranges)
        for number, record in numbered:
            while number > last:
                first, last = next(ranges)
            if number < first:
                self.skipped += 1
            else:
                yield number, record


def read(spark: SparkSession, name: str, uri: str) -> SourceRows:
    """Ask the table. Rows that are 1 to k, as a stopped backfill leaves them, cost no memory; else each gap does."""
    spark.catalog.refreshTable(name)
    rows = spark.table(name).where(F.col("source") == uri)
    (found,) = rows.agg(F.count("source_row"), F.max("source_row"), F.max("ingest_ts")).collect()
    count, last, newest = found
    gaps = [] if not count or count == last else _gaps(spark, rows)
    return SourceRows(newest, [*gaps, ((last or 0) + 1, _END)])


def newest_ingest_ts(rows: DataFrame) -> datetime | None:
    newest: datetime | None = rows.agg(F.max("ingest_ts")).collect()[0][0]
    return newest


def utc_now() -> datetime:
    """As the table's timestamps are: UTC, without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def wait_for_clock(newest: datetime | None) -> None:
    """Return once the clock is past `newest` (UTC, without zone), for within a source ingest_ts only increases.

    Raises: ClockBehind: that would take more than MAX_CLOCK_WAIT_S.
    """
    if newest is None:
        return
    behind_s = (newest - utc_now()).total_seconds()
    if behind_s < 0:
        return
    if behind_s > MAX_CLOCK_WAIT_S:
        raise ClockBehind(newest, behind_s)
    if behind_s > 1:
        print(
            f"waiting {behind_s:.0f} s: the clock is behind the newest ingest_ts {newest} of this source",
            file=sys.stderr,
        )
    time.sleep(behind_s + 0.001)


def _gaps(spark: SparkSession, rows: DataFrame) -> list[tuple[int, int]]:
    rows.select("source_row").createOrReplaceTempView("_source_rows")
    found = spark.sql(
        "with numbered as (select source_row from _source_rows union all select 0L),"
        " pairs as (select source_row, lead(source_row) over (order by source_row) as following from numbered)"
        " select source_row + 1, following - 1 from pairs where following > source_row + 1 order by 1"
    ).collect()
    return [(row[0], row[1]) for row in found]
