"""The local Glue catalog refuses a stale update and keeps what Athena would keep."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.patches import glue
from infra.local.settings import ENGINE_ACCESS_KEY


@pytest.fixture(scope="module", autouse=True)
def _patched() -> None:
    glue.install()


@pytest.fixture
def client() -> Iterator[object]:
    with mock_aws():
        catalog = boto3.client("glue")
        catalog.create_database(DatabaseInput={"Name": "d"})
        catalog.create_table(DatabaseName="d", TableInput=table_input("m1", comment="what it is"))
        yield catalog


def table_input(metadata: str, comment: str | None = None) -> dict:
    column = {"Name": "c", "Type": "int", **({"Comment": comment} if comment else {})}
    return {
        "Name": "t",
        "Parameters": {"table_type": "ICEBERG", "metadata_location": metadata},
        "StorageDescriptor": {"Columns": [column]},
    }


def version(client) -> str:
    return client.get_table(DatabaseName="d", Name="t")["Table"]["VersionId"]


def test_an_update_of_an_older_version_is_refused(client) -> None:
    first = version(client)
    client.update_table(DatabaseName="d", TableInput=table_input("m2"), VersionId=first)
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        client.update_table(DatabaseName="d", TableInput=table_input("m3"), VersionId=first)
    parameters = client.get_table(DatabaseName="d", Name="t")["Table"]["Parameters"]
    assert parameters["metadata_location"] == "m2"


def test_column_comments_survive_a_commit_of_the_engine_that_omits_them(client) -> None:
    engine = boto3.client("glue", aws_access_key_id=ENGINE_ACCESS_KEY, aws_secret_access_key="test")
    engine.update_table(DatabaseName="d", TableInput=table_input("m2"), VersionId=version(client))
    columns = client.get_table(DatabaseName="d", Name="t")["Table"]["StorageDescriptor"]["Columns"]
    assert columns[0]["Comment"] == "what it is"


def test_another_client_takes_a_comment_away(client) -> None:
    client.update_table(DatabaseName="d", TableInput=table_input("m2"), VersionId=version(client))
    columns = client.get_table(DatabaseName="d", Name="t")["Table"]["StorageDescriptor"]["Columns"]
    assert "Comment" not in columns[0]


def test_an_update_of_no_table_is_invalid(client) -> None:
    unchecked = boto3.client("glue", config=Config(parameter_validation=False))
    with pytest.raises(ClientError) as refusal:
        unchecked.update_table(DatabaseName="d", TableInput={"Description": "of what"})
    assert refusal.value.response["Error"]["Code"] == "InvalidInputException"


@pytest.mark.parametrize("dropped", ["table", "database"])
def test_column_statistics_go_with_their_table(client, dropped: str) -> None:
    statistics = {
        "ColumnName": "c",
        "ColumnType": "int",
        "AnalyzedTime": 0,
        "StatisticsData": {
            "Type": "LONG",
            "LongColumnStatisticsData": {"NumberOfNulls": 0, "NumberOfDistinctValues": 1},
        },
    }
    client.update_column_statistics_for_table(DatabaseName="d", TableName="t", ColumnStatisticsList=[statistics])
    asked = {"DatabaseName": "d", "TableName": "t", "ColumnNames": ["c"]}
    assert client.get_column_statistics_for_table(**asked)["ColumnStatisticsList"]
    if dropped == "table":
        client.delete_table(DatabaseName="d", Name="t")
    else:
        client.delete_database(Name="d")
        client.create_database(DatabaseInput={"Name": "d"})
    client.create_table(DatabaseName="d", TableInput=table_input("m9"))
    assert not client.get_column_statistics_for_table(**asked)["ColumnStatisticsList"]


def test_skip_archive_keeps_no_old_version(client) -> None:
    for number in range(2, 6):
        client.update_table(DatabaseName="d", TableInput=table_input(f"m{number}"), SkipArchive=True)
    assert len(client.get_table_versions(DatabaseName="d", TableName="t")["TableVersions"]) == 1
