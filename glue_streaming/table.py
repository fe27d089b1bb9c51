"""raw.network_events: created once from the contract."""

from pyspark.sql import SparkSession

from glue_streaming.contract import PARTITIONING, RAW_FIELDS

_DAY_S = 86_400
# The sink's exactly-once guard reads the snapshots that still exist, so they outlive the stream's retention (at most
# 7 days here), and never go below a day.
_SNAPSHOT_AGE_S = 8 * _DAY_S

_PROPERTIES = {
    "format-version": "2",
    "write.format.default": "parquet",
    "write.parquet.compression-codec": "zstd",
    "write.distribution-mode": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
    "write.target-file-size-bytes": str(128 * 2**20),
    "history.expire.max-snapshot-age-ms": str(_SNAPSHOT_AGE_S * 1000),
    "vacuum_max_snapshot_age_seconds": str(_SNAPSHOT_AGE_S),
    "comment": "One row per record that arrived, accepted or rejected; append-only.",
}


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
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )


def create_if_absent(spark: SparkSession, table: str, warehouse: str) -> None:
    """Create the raw table, its database and its sort order; an existing table is left as it is."""
    catalog, database, name = table.split(".")
    if spark.catalog.tableExists(table):
        return
    root = warehouse.rstrip("/")
    columns = ",\n    ".join(field.ddl for field in RAW_FIELDS)
    properties = ", ".join(f"'{key}'='{value}'" for key, value in _PROPERTIES.items())
    spark.sql(f"create database if not exists {catalog}.{database} location '{root}'")
    spark.sql(
        f"create table if not exists {table} (\n    {columns}\n) using iceberg\n"
        f"partitioned by ({PARTITIONING}) location '{root}/{name}' tblproperties ({properties})"
    )
    # Row groups and pages then prune a read of a few buckets.
    spark.sql(f"alter table {table} write locally ordered by event_ts")
