"""boto3's transfer manager, paginators and waiters, unmodified, work on the local AWS."""

import io
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local import athena_client
from tests.integration.catalog_clients import new_database

pytestmark = pytest.mark.usefixtures("local_aws")

BUCKET = "telcopulse-artifacts"


def test_a_large_object_goes_up_in_parts_and_is_read_by_ranges() -> None:
    s3, key = boto3.client("s3"), uuid.uuid4().hex
    content = bytes(range(256)) * 80_000
    s3.upload_fileobj(io.BytesIO(content), BUCKET, key)
    assert s3.head_object(Bucket=BUCKET, Key=key)["ETag"].endswith('-3"'), "20 MB are three parts of 8 MB"
    assert (
        s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=9000000-9000009")["Body"].read()
        == (content[9_000_000:9_000_010])
    )
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, key, back)
    assert back.getvalue() == content


def test_a_conditional_write_does_not_replace_what_is_there() -> None:
    s3, key = boto3.client("s3"), uuid.uuid4().hex
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"second", IfNoneMatch="*")
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"first"


def test_query_results_are_paged_to_their_end() -> None:
    athena = boto3.client("athena")
    started = athena.start_query_execution(
        QueryString="select n from unnest(sequence(1, 2500)) as t (n) order by n", WorkGroup="adhoc"
    )["QueryExecutionId"]
    while athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]["State"] != "SUCCEEDED":
        pass
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
    rows = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert rows == ["n", *map(str, range(1, 2501))]


def test_a_prepared_statement_belongs_to_its_workgroup() -> None:
    athena, name = boto3.client("athena"), f"p{uuid.uuid4().hex[:8]}"
    for workgroup, sql in (("adhoc", "select 1 + ?"), ("dbt", "select 10 + ?")):
        athena.create_prepared_statement(StatementName=name, WorkGroup=workgroup, QueryStatement=sql)
    with pytest.raises(ClientError, match="already exists"):
        athena.create_prepared_statement(StatementName=name, WorkGroup="adhoc", QueryStatement="select 2")
    assert athena_client.query(f"execute {name} using 1", workgroup="adhoc") == [["2"]]
    athena.delete_prepared_statement(StatementName=name, WorkGroup="adhoc")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        athena.get_prepared_statement(StatementName=name, WorkGroup="adhoc")
    assert athena_client.query(f"execute {name} using 1", workgroup="dbt") == [["11"]]
    found = athena.batch_get_prepared_statement(PreparedStatementNames=[name, "none"], WorkGroup="dbt")
    assert [one["QueryStatement"] for one in found["PreparedStatements"]] == ["select 10 + ?"]
    assert [one["StatementName"] for one in found["UnprocessedPreparedStatementNames"]] == ["none"]


def test_tables_are_listed_in_pages_of_at_most_50() -> None:
    athena, glue, database = boto3.client("athena"), boto3.client("glue"), new_database()
    for number in range(51):
        glue.create_table(DatabaseName=database, TableInput={"Name": f"t{number:02}"})
    pages = athena.get_paginator("list_table_metadata").paginate(CatalogName="AwsDataCatalog", DatabaseName=database)
    names = [[table["Name"] for table in page["TableMetadataList"]] for page in pages]
    assert [len(page) for page in names] == [50, 1]
    assert sorted(name for page in names for name in page) == [f"t{number:02}" for number in range(51)]


def test_every_commit_of_athena_leaves_one_version_that_glue_can_list() -> None:
    database, glue = new_database(), boto3.client("glue")
    location = f"s3://telcopulse-raw/{database}/t"
    athena_client.query(
        f"create table {database}.t (n int) location '{location}' tblproperties ('table_type' = 'ICEBERG')"
    )
    athena_client.query(f"insert into {database}.t values (1)")
    versions = glue.get_table_versions(DatabaseName=database, TableName="t")["TableVersions"]
    current = glue.get_table(DatabaseName=database, Name="t")["Table"]
    assert versions[0]["VersionId"] == current["VersionId"]
    assert versions[0]["Table"]["Parameters"] == current["Parameters"]
