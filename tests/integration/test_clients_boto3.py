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
