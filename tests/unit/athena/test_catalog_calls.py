"""Athena's view of the Glue catalog, also of entries that lack what Glue does not require."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.unit.athena.runs import ended, failed, lines


@pytest.fixture
def glue(engine: object) -> Any:
    catalog = boto3.client("glue")
    catalog.create_database(DatabaseInput={"Name": "d"})
    return catalog


def create(glue: Any, name: str, **table: Any) -> None:
    glue.create_table(DatabaseName="d", TableInput={"Name": name, **table})


def test_the_accounts_own_catalog_is_listed(athena: Any) -> None:
    listed = athena.list_data_catalogs()["DataCatalogsSummary"]
    assert listed == [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}]


def test_tables_of_an_unknown_database_are_a_metadata_error(athena: Any) -> None:
    with pytest.raises(ClientError) as refusal:
        athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="none")
    assert refusal.value.response["Error"]["Code"] == "MetadataException"


@pytest.mark.parametrize(("expression", "found"), [("EVENT*", ["events"]), ("e.*|a", ["a", "events"]), ("event", [])])
def test_an_expression_means_what_it_means_to_glue(athena: Any, glue: Any, expression: str, found: list[str]) -> None:
    create(glue, "events")
    create(glue, "a")
    listed = athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="d", Expression=expression)
    assert [table["Name"] for table in listed["TableMetadataList"]] == found


def test_an_expression_that_is_none_is_a_metadata_error(athena: Any, glue: Any) -> None:
    create(glue, "t")
    with pytest.raises(ClientError) as refusal:
        athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="d", Expression="(")
    assert refusal.value.response["Error"]["Code"] == "MetadataException"


@pytest.mark.parametrize("sql", ["describe formatted t", "show columns in t", "show create table t"])
def test_a_table_without_a_storage_descriptor_is_shown(athena: Any, glue: Any, sql: str) -> None:
    create(glue, "t", PartitionKeys=[{"Name": "p", "Type": "string"}])
    assert any("p" in line for line in lines(athena, sql))


def test_a_table_without_a_storage_descriptor_gets_columns_and_a_location(athena: Any, glue: Any) -> None:
    create(glue, "t")
    assert ended(athena, "alter table t add columns (a int)")["State"] == "SUCCEEDED"
    assert ended(athena, "alter table t set location 's3://b/t/'")["State"] == "SUCCEEDED"
    storage = glue.get_table(DatabaseName="d", Name="t")["Table"]["StorageDescriptor"]
    assert (storage["Columns"], storage["Location"]) == ([{"Name": "a", "Type": "int"}], "s3://b/t/")
    assert "Invalid column reference b" in failed(athena, "alter table t change column b c int")
