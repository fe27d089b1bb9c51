"""Spark's Iceberg catalog on Glue, unmodified, and Athena write and read one table."""

from collections.abc import Iterator

import boto3
import pytest

from infra.local import athena_client
from infra.local.settings import LocalSettings
from tests.integration.catalog_clients import new_database
from tests.integration.spark_shell import CATALOG, Spark, spark_shell

WAREHOUSE = "s3://telcopulse-raw/spark"


@pytest.fixture(scope="module")
def spark(local_aws: LocalSettings) -> Iterator[Spark]:
    with spark_shell(WAREHOUSE) as shell:
        yield shell


def merge(target: str) -> str:
    return (
        f"merge into {target} t using (select 2 as id, 'new' as label union all select 3, 'new') s on t.id = s.id "
        "when matched then update set label = s.label when not matched then insert (id, label) values (s.id, s.label)"
    )


def test_temporary_files_of_a_spark_stay_in_the_stacks_folder(spark: Spark, local_aws: LocalSettings) -> None:
    spark("select 1")
    assert list(local_aws.spark_temporary_dir.glob("spark-*"))


def test_athena_reads_and_merges_what_spark_created(spark: Spark) -> None:
    database = new_database()
    table = f"{CATALOG}.{database}.t"
    spark(f"create table {table} (id int, label string) using iceberg tblproperties ('format-version' = '2')")
    spark(f"insert into {table} values (1, 'old'), (2, 'old')")
    assert athena_client.query(f"select id, label from {database}.t order by id") == [["1", "old"], ["2", "old"]]
    athena_client.query(merge(f"{database}.t"))
    # A session keeps a table that it has read for 30 s, on AWS as here.
    spark(f"refresh table {table}")
    assert spark(f"select id, label from {table} order by id") == [[1, "old"], [2, "new"], [3, "new"]]


def test_spark_merges_what_athena_created(spark: Spark) -> None:
    database = new_database()
    table = f"{CATALOG}.{database}.t"
    create(database)
    athena_client.query(f"insert into {database}.t values (1, 'old'), (2, 'old')")
    assert spark(f"select id, label from {table} order by id") == [[1, "old"], [2, "old"]]
    spark(merge(table))
    assert athena_client.query(f"select id, label from {database}.t order by id") == [
        ["1", "old"],
        ["2", "new"],
        ["3", "new"],
    ]


def test_column_comments_survive_commits_of_spark(spark: Spark) -> None:
    database = new_database()
    create(database)
    for number in range(2):
        spark(f"insert into {CATALOG}.{database}.t values ({number}, 'x')")
    spark(f"alter table {CATALOG}.{database}.t add column n bigint comment 'how many'")
    columns = boto3.client("glue").get_table(DatabaseName=database, Name="t")["Table"]["StorageDescriptor"]["Columns"]
    assert {column["Name"]: column.get("Comment") for column in columns} == {
        "id": "who",
        "label": "what",
        "n": "how many",
    }


def test_spark_lists_what_the_catalog_holds(spark: Spark) -> None:
    database = new_database()
    create(database)
    assert [row[:2] for row in spark(f"show tables in {CATALOG}.{database}")] == [[database, "t"]]
    spark(f"drop table {CATALOG}.{database}.t")
    assert boto3.client("glue").get_tables(DatabaseName=database)["TableList"] == []


def create(database: str) -> None:
    athena_client.query(
        f"create table {database}.t (id int comment 'who', label string comment 'what') "
        f"location 's3://telcopulse-raw/{database}/t' tblproperties ('table_type' = 'ICEBERG')"
    )
