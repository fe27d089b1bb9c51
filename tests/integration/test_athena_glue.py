"""What the engine writes to Glue and S3 on its way, and what other clients find there."""

from typing import Any

import boto3
import pytest

from infra.local.athena_client import AthenaQueryFailed, query
from infra.local.settings import LocalSettings
from tests.integration.catalog_clients import new_database


def columns(database: str, table: str) -> list[dict[str, Any]]:
    storage = boto3.client("glue").get_table(DatabaseName=database, Name=table)["Table"]["StorageDescriptor"]
    return list(storage["Columns"])


def set_comment(database: str, table: str, comment: str | None) -> None:
    glue = boto3.client("glue")
    found = glue.get_table(DatabaseName=database, Name=table)["Table"]
    kept = {key: found[key] for key in ("Name", "TableType", "Parameters", "StorageDescriptor") if key in found}
    column = kept["StorageDescriptor"]["Columns"][0]
    column.pop("Comment", None)
    column.update({"Comment": comment} if comment else {})
    glue.update_table(DatabaseName=database, TableInput=kept)


def test_a_comment_outlives_the_engines_commits_until_a_client_takes_it_away(local_aws: LocalSettings) -> None:
    database = new_database()
    query(
        f"create table {database}.t (id bigint) location 's3://telcopulse-raw/{database}/t' "
        "tblproperties ('table_type' = 'ICEBERG')"
    )
    set_comment(database, "t", "who")
    query(f"insert into {database}.t values (1)")
    assert columns(database, "t")[0]["Comment"] == "who"
    set_comment(database, "t", None)
    query(f"insert into {database}.t values (2)")
    assert not columns(database, "t")[0].get("Comment")


def test_unload_needs_no_database_and_leaves_none(local_aws: LocalSettings) -> None:
    prefix = f"{new_database()}/unloaded/"
    query(
        f"unload (select 1 as a, 'x' as b) to 's3://telcopulse-marts/{prefix}' "
        "with (format = 'TEXTFILE', compression = 'none', field_delimiter = '|')"
    )
    s3 = boto3.client("s3")
    (written,) = s3.list_objects_v2(Bucket="telcopulse-marts", Prefix=prefix)["Contents"]
    assert s3.get_object(Bucket="telcopulse-marts", Key=written["Key"])["Body"].read() == b"1|x\n"
    with pytest.raises(AthenaQueryFailed, match="TABLE_NOT_FOUND"):
        query(f"unload (select * from none) to 's3://telcopulse-marts/{prefix}' with (format = 'ORC')")
    databases = boto3.client("glue").get_databases()["DatabaseList"]
    assert not [entry["Name"] for entry in databases if entry["Name"].startswith("__unload")]


def test_explain_shows_a_plan_and_analyze_the_queries_only(local_aws: LocalSettings) -> None:
    assert query("explain (format text) select 1.5")
    assert query("explain analyze select 1")
