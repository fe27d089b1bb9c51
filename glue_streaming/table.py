"""raw.network_events: made from the contract, and brought up to it when the contract has grown."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]  # it ships no types
from pyspark.sql import SparkSession

from glue_streaming.contract import PARTITIONING, RAW_FIELDS, Field
from glue_streaming.errors import TableBusy, UnexpectedTable

_DAY_S = 86_400
# The sink's exactly-once guard reads the snapshots that still exist, so they outlive the stream's retention (at most
# 7 days here), and never go below a day.
_SNAPSHOT_AGE_S = 8 * _DAY_S

PROPERTIES = {
    "format-version": "2",
    "write.format.default": "parquet",
    "write.parquet.compression-codec": "zstd",
    # A third less time to write than at the default level 3, and on these records 7 % smaller (DuckDB, 2026-11-25).
    "write.parquet.compression-level": "1",
    # Words of a few kinds fit; ids and numbers, which no dictionary shortens, are given up on after a thousand or so.
    "write.parquet.dict-size-bytes": str(64 * 2**10),
    "write.distribution-mode": "none",
    "write.merge.distribution-mode": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
    # Sources are told apart by their whole URI, not by its first 16 characters.
    "write.metadata.metrics.column.source": "full",
    # Nobody looks for a record by its bytes, and they hold positions.
    "write.parquet.stats-enabled.column.payload": "false",
    "write.target-file-size-bytes": str(128 * 2**20),
    # Stream, backfills and compaction commit side by side; the default of 4 retries gives up within 2 seconds.
    "commit.retry.num-retries": "20",
    "commit.retry.max-wait-ms": "5000",
    "history.expire.max-snapshot-age-ms": str(_SNAPSHOT_AGE_S * 1000),
    "vacuum_max_snapshot_age_seconds": str(_SNAPSHOT_AGE_S),
    "comment": "One row per record that arrived, accepted or rejected; append-only.",
}
# A task of the stream writes few rows a batch: less than a row group, a handful of pages. Sorting them leaves hardly
# anything to prune, and took a sixth of the time.
STREAM_OPTIONS = {"fanout-enabled": "true", "use-table-distribution-and-ordering": "false"}
_WRITER_SINCE = "telcopulse.stream-writer-since"
_MERGE_ATTEMPTS = 10
_CONFLICTS = ("ValidationException", "CommitFailedException")


def create_session(table: str, warehouse: str) -> SparkSession:
    """A session in UTC whose catalog `table` names is the Glue Data Catalog."""
    catalog = table.split(".")[0]
    return (
        SparkSession.builder.appName("telcopulse")
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config(f"spark.sql.catalog.{catalog}", "org.apache.iceberg.spark.SparkCatalog")
        .config(f"spark.sql.catalog.{catalog}.type", "glue")
        .config(f"spark.sql.catalog.{catalog}.io-impl", "org.apache.iceberg.aws.s3.S3FileIO")
        .config(f"spark.sql.catalog.{catalog}.warehouse", warehouse)
        # A column that a later release added stands at the table's end, not where the contract has it.
        .config("spark.sql.iceberg.check-ordering", "false")
        # Rows that Spark holds as a local relation are parsed on the driver by its interpreter, at half the speed.
        .config("spark.sql.execution.arrow.localRelationThreshold", "0")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )


def ensure(spark: SparkSession, table: str, warehouse: str) -> None:
    """Create the raw table, its database and its sort order; give an existing one what it lacks of columns and
    properties.

    Raises: UnexpectedTable: a column has another type, or the partitioning is another.
    """
    if not spark.catalog.tableExists(table):
        _create(spark, table, warehouse)
    missing = _missing_fields(spark, table)
    held = {row.key for row in spark.sql(f"show tblproperties {table}").collect()}
    # Spark never shows the comment.
    lacking = {key: value for key, value in PROPERTIES.items() if key not in held | {"comment"}}
    if lacking:
        spark.sql(f"alter table {table} set tblproperties ({_listed(lacking)})")
    # Creating a table can't sort it, so its creator may have died before it was.
    if "sort-order" not in held:
        # Row groups and pages of a backfill's large files then prune a read of a few buckets.
        spark.sql(f"alter table {table} write locally ordered by event_ts")
    if missing:
        columns = ", ".join(field.ddl for field in missing)
        retry_on_conflict(spark, table, lambda: spark.sql(f"alter table {table} add columns ({columns})"))


def refuse_commits_under_way(spark: SparkSession, table: str) -> None:
    """Make Glue refuse what a writer that was killed has under way.

    A request outlives its sender. Landing between a new writer's look at the snapshots and its commit, it would put
    the same batch into the table a second time. It carries the table version that its sender saw, so any commit
    outdates it.
    """
    spark.sql(f"alter table {table} set tblproperties ('{_WRITER_SINCE}' = '{datetime.now(UTC).isoformat()}')")


def retry_on_conflict(spark: SparkSession, table: str, change: Callable[[], object]) -> None:
    """Make a change of the table again, on its newest state, when another writer changed the same rows first.

    Raises: TableBusy.
    """
    for attempt in range(1, _MERGE_ATTEMPTS + 1):
        try:
            change()
            return
        except Py4JJavaError as error:
            reason = _conflict(error)
            if reason is None:
                raise
            if attempt == _MERGE_ATTEMPTS:
                raise TableBusy(table, reason) from error
        time.sleep(0.2 * attempt)
        spark.catalog.refreshTable(table)


def _create(spark: SparkSession, table: str, warehouse: str) -> None:
    catalog, database, name = table.split(".")
    root = warehouse.rstrip("/")
    columns = ",\n    ".join(field.ddl for field in RAW_FIELDS)
    spark.sql(f"create database if not exists {catalog}.{database} location '{root}'")
    spark.sql(
        f"create table if not exists {table} (\n    {columns}\n) using iceberg\n"
        f"partitioned by ({PARTITIONING}) location '{root}/{name}' tblproperties ({_listed(PROPERTIES)})"
    )


def _missing_fields(spark: SparkSession, table: str) -> list[Field]:
    types = {field.name: field.dataType.simpleString() for field in spark.table(table).schema}
    for field in RAW_FIELDS:
        if types.get(field.name, field.type) != field.type:
            raise UnexpectedTable(table, f"column {field.name} is {types[field.name]}", field.type)
    described = spark.sql(f"describe table {table}").collect()
    partitioning = ", ".join(row.data_type for row in described if row.col_name.startswith("Part "))
    if partitioning != PARTITIONING:
        raise UnexpectedTable(table, f"it is partitioned by {partitioning or 'nothing'}", PARTITIONING)
    return [field for field in RAW_FIELDS if field.name not in types]


def _listed(properties: dict[str, str]) -> str:
    return ", ".join(f"'{key}'='{value}'" for key, value in properties.items())


def _conflict(error: Py4JJavaError) -> str | None:
    """What another writer changed; None for any other failure."""
    cause = error.java_exception
    while cause is not None:
        if cause.getClass().getSimpleName() in _CONFLICTS:
            return str(cause.getMessage())
        cause = cause.getCause()
    return None
