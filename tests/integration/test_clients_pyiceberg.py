"""pyiceberg's Glue catalog, unmodified, and Athena write and read one table."""

import boto3
import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.types import LongType

from infra.local import athena_client
from infra.local.settings import LocalSettings
from tests.integration.catalog_clients import new_database, pyiceberg_catalog


def rows(*ids: int) -> pa.Table:
    labels = [f"row {number}" for number in ids]
    return pa.table({"id": pa.array(ids, pa.int64()), "label": pa.array(labels, pa.string())})


def test_athena_reads_what_pyiceberg_writes(local_aws: LocalSettings) -> None:
    database, catalog = new_database(), pyiceberg_catalog(local_aws.endpoint_url)
    table = catalog.create_table(f"{database}.t", rows().schema)
    table.append(rows(1, 2))
    table.append(rows(3))
    assert athena_client.query(f"select id, label from {database}.t order by id") == [
        ["1", "row 1"],
        ["2", "row 2"],
        ["3", "row 3"],
    ]


def test_pyiceberg_reads_what_athena_writes(local_aws: LocalSettings) -> None:
    database, catalog = new_database(), pyiceberg_catalog(local_aws.endpoint_url)
    athena_client.query(
        f"create table {database}.t (id bigint, label string) location 's3://telcopulse-raw/{database}/t' "
        "tblproperties ('table_type' = 'ICEBERG')"
    )
    athena_client.query(f"insert into {database}.t values (1, 'a'), (2, 'b'), (3, 'c')")
    athena_client.query(f"delete from {database}.t where id = 2")
    table = catalog.load_table(f"{database}.t")
    assert sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"]) == [
        {"id": 1, "label": "a"},
        {"id": 3, "label": "c"},
    ]
    assert catalog.list_tables(database) == [(database, "t")]


def test_a_new_column_of_pyiceberg_is_athenas_too(local_aws: LocalSettings) -> None:
    database, catalog = new_database(), pyiceberg_catalog(local_aws.endpoint_url)
    table = catalog.create_table(f"{database}.t", rows().schema)
    table.append(rows(1))
    with table.update_schema() as update:
        update.add_column("n", LongType(), doc="how many")
    athena_client.query(f"insert into {database}.t (id, n) values (2, 7)")
    assert athena_client.query(f"select id, n from {database}.t order by id") == [["1", None], ["2", "7"]]
    columns = boto3.client("glue").get_table(DatabaseName=database, Name="t")["Table"]["StorageDescriptor"]["Columns"]
    assert {column["Name"]: column.get("Comment") for column in columns}["n"] == "how many"


def test_a_commit_on_an_older_state_is_refused(local_aws: LocalSettings) -> None:
    database, catalog = new_database(), pyiceberg_catalog(local_aws.endpoint_url)
    no_retries = {"commit.retry.num-retries": "0"}
    table = catalog.create_table(f"{database}.t", rows().schema, properties=no_retries)
    other = catalog.load_table(f"{database}.t")
    table.append(rows(1))
    with pytest.raises(CommitFailedException):
        other.append(rows(2))
    assert athena_client.query(f"select id from {database}.t") == [["1"]]


def test_a_dropped_table_is_gone(local_aws: LocalSettings) -> None:
    database, catalog = new_database(), pyiceberg_catalog(local_aws.endpoint_url)
    catalog.create_table(f"{database}.t", rows().schema)
    catalog.rename_table(f"{database}.t", f"{database}.u")
    catalog.drop_table(f"{database}.u")
    with pytest.raises(NoSuchTableError):
        catalog.load_table(f"{database}.u")
    catalog.drop_namespace(database)
    assert (database,) not in catalog.list_namespaces()
