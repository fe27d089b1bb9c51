"""The local Glue catalog lists tables, databases and versions in pages, as AWS does."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.patches import glue, glue_listing
from infra.local.settings import ENGINE_ACCESS_KEY


@pytest.fixture(scope="module", autouse=True)
def _patched() -> None:
    glue.install()
    glue_listing.install()


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        catalog = boto3.client("glue")
        catalog.create_database(DatabaseInput={"Name": "d"})
        yield catalog


def create_tables(client: Any, *names: str) -> None:
    for name in names:
        client.create_table(DatabaseName="d", TableInput={"Name": name})


def names(answer: dict) -> list[str]:
    return [table["Name"] for table in answer["TableList"]]


def version_ids(client: Any) -> list[str]:
    answer = client.get_table_versions(DatabaseName="d", TableName="t")
    return [version["VersionId"] for version in answer["TableVersions"]]


def update(client: Any, times: int) -> None:
    for number in range(times):
        client.update_table(DatabaseName="d", TableInput={"Name": "t", "Description": str(number)})


def test_tables_come_in_pages_that_neither_repeat_nor_skip(client: Any) -> None:
    create_tables(client, "e", "a", "c", "b")
    first = client.get_tables(DatabaseName="d", MaxResults=2)
    client.delete_table(DatabaseName="d", Name="a")
    create_tables(client, "d")
    second = client.get_tables(DatabaseName="d", MaxResults=2, NextToken=first["NextToken"])
    third = client.get_tables(DatabaseName="d", MaxResults=2, NextToken=second["NextToken"])
    assert [names(first), names(second), names(third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert "NextToken" not in third


def test_a_page_holds_100_tables_unless_told(client: Any) -> None:
    create_tables(client, *(f"t{number:03}" for number in range(120)))
    assert len(client.get_tables(DatabaseName="d")["TableList"]) == 100
    pages = client.get_paginator("get_tables").paginate(DatabaseName="d")
    assert [len(page["TableList"]) for page in pages] == [100, 20]


def test_a_page_size_out_of_range_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="InvalidInputException"):
        client.get_tables(DatabaseName="d", MaxResults=101)


def test_a_token_of_nobody_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="InvalidInputException"):
        client.get_tables(DatabaseName="d", NextToken="!")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("fct_*", ["fct_a", "fct_b"]),
        ("*_a", ["dim_a", "fct_a"]),
        ("fct_.*", ["fct_a", "fct_b"]),
        ("(fct|dim)_a", ["dim_a", "fct_a"]),
        ("fct_[b-z]", ["fct_b"]),
        ("fct", []),
        ("FCT_A", ["fct_a"]),
    ],
)
def test_an_expression_matches_whole_names(client: Any, pattern: str, expected: list[str]) -> None:
    create_tables(client, "fct_a", "fct_b", "dim_a")
    assert names(client.get_tables(DatabaseName="d", Expression=pattern)) == expected


def test_a_broken_expression_is_refused(client: Any) -> None:
    create_tables(client, "a")
    with pytest.raises(ClientError, match="InvalidInputException"):
        client.get_tables(DatabaseName="d", Expression="(a")


def test_databases_come_in_pages(client: Any) -> None:
    for name in ("c", "b"):
        client.create_database(DatabaseInput={"Name": name})
    pages = client.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 2})
    assert [[database["Name"] for database in page["DatabaseList"]] for page in pages] == [["b", "c"], ["d"]]


def test_versions_are_listed_newest_first(client: Any) -> None:
    create_tables(client, "t")
    update(client, times=10)
    assert version_ids(client) == [str(number) for number in range(11, 0, -1)]
    pages = client.get_paginator("get_table_versions").paginate(
        DatabaseName="d", TableName="t", PaginationConfig={"PageSize": 6}
    )
    assert [len(page["TableVersions"]) for page in pages] == [6, 5]


def test_an_old_version_can_be_read(client: Any) -> None:
    create_tables(client, "t")
    update(client, times=2)
    version = client.get_table_version(DatabaseName="d", TableName="t", VersionId="2")["TableVersion"]
    assert (version["VersionId"], version["Table"]["Description"]) == ("2", "0")


def test_a_batch_deletes_what_it_can_and_lists_the_rest(client: Any) -> None:
    create_tables(client, "t")
    update(client, times=3)
    answer = client.batch_delete_table_version(DatabaseName="d", TableName="t", VersionIds=["1", "2", "9", "4"])
    errors = {error["VersionId"]: error["ErrorDetail"]["ErrorCode"] for error in answer["Errors"]}
    assert errors == {"9": "EntityNotFoundException", "4": "InvalidInputException"}
    assert version_ids(client) == ["4", "3"]
    assert client.get_table(DatabaseName="d", Name="t")["Table"]["Description"] == "2"


def test_the_engine_knows_a_view_that_has_a_description(client: Any) -> None:
    """dbt's adapter writes the description where Trino looks for its own word."""
    view = {"Name": "v", "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true", "comment": "What it shows"}}
    client.create_table(DatabaseName="d", TableInput=view)
    engine = boto3.client("glue", aws_access_key_id=ENGINE_ACCESS_KEY, aws_secret_access_key="test")
    comments = {}
    for name, glue_client in (("dbt", client), ("engine", engine)):
        one = glue_client.get_table(DatabaseName="d", Name="v")["Table"]
        (listed,) = glue_client.get_tables(DatabaseName="d", Expression="v")["TableList"]
        comments[name] = {one["Parameters"]["comment"], listed["Parameters"]["comment"]}
    assert comments == {"dbt": {"What it shows"}, "engine": {"Presto View"}}
