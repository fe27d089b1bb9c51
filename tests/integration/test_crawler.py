"""A table that the catalog lost is found again by a crawler, and Athena reads its rows."""

import boto3
import pyarrow as pa

from infra.local import athena_client
from infra.local.settings import LocalSettings
from tests.integration.catalog_clients import crawl, new_database, pyiceberg_catalog


def test_a_table_dropped_from_the_catalog_is_crawled_and_read_again(local_aws: LocalSettings) -> None:
    database, glue = new_database(), boto3.client("glue")
    location = f"s3://telcopulse-raw/{database}/events"
    athena_client.query(
        f"create table {database}.events (id bigint, tags array<string>, seen_ts timestamp comment 'UTC') "
        f"location '{location}' tblproperties ('table_type' = 'ICEBERG')"
    )
    for number in range(3):
        athena_client.query(
            f"insert into {database}.events values ({number}, array['a'], timestamp '2026-01-0{number + 1} 00:00:00')"
        )
    glue.delete_table(DatabaseName=database, Name="events")
    assert crawl(database, f"s3://telcopulse-raw/{database}/")["Status"] == "SUCCEEDED"
    assert athena_client.query(f"select id, tags, seen_ts from {database}.events order by id") == [
        [str(number), "[a]", f"2026-01-0{number + 1} 00:00:00.000000"] for number in range(3)
    ]
    storage = glue.get_table(DatabaseName=database, Name="events")["Table"]["StorageDescriptor"]
    assert [(c["Name"], c["Type"], c.get("Comment")) for c in storage["Columns"]] == [
        ("id", "bigint", None),
        ("tags", "array<string>", None),
        ("seen_ts", "timestamp", "UTC"),
    ]


def test_a_crawled_table_takes_new_rows_from_every_client(local_aws: LocalSettings) -> None:
    database, catalog = new_database(), pyiceberg_catalog(local_aws.endpoint_url)
    rows = pa.table({"id": pa.array([1, 2], pa.int64())})
    catalog.create_table(f"{database}.events", rows.schema).append(rows)
    boto3.client("glue").delete_table(DatabaseName=database, Name="events")
    crawl(database, f"s3://telcopulse-raw/{database}/")
    athena_client.query(f"insert into {database}.events values (3)")
    catalog.load_table(f"{database}.events").append(pa.table({"id": pa.array([4], pa.int64())}))
    assert athena_client.query(f"select count(*), sum(id) from {database}.events") == [["4", "10"]]
