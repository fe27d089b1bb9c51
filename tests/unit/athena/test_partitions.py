"""ADD and DROP PARTITION do what they say to the partition that they name, or fail in Hive's words."""

from typing import Any

import boto3
import pytest

from tests.unit.athena.runs import ended, failed


@pytest.fixture
def glue(engine: object) -> Any:
    """Hive table `t`, partitioned by p and q, and Iceberg table `i`."""
    catalog = boto3.client("glue")
    catalog.create_database(DatabaseInput={"Name": "d"})
    keys = [{"Name": name, "Type": "string"} for name in ("p", "q")]
    storage = {"Location": "s3://b/t/", "Columns": [{"Name": "a", "Type": "int"}]}
    catalog.create_table(
        DatabaseName="d", TableInput={"Name": "t", "PartitionKeys": keys, "StorageDescriptor": storage}
    )
    catalog.create_table(DatabaseName="d", TableInput={"Name": "i", "Parameters": {"table_type": "ICEBERG"}})
    catalog.create_table(DatabaseName="d", TableInput={"Name": "flat", "StorageDescriptor": storage})
    return catalog


def partitions(glue: Any) -> dict[tuple[str, ...], str]:
    found = glue.get_partitions(DatabaseName="d", TableName="t")["Partitions"]
    return {tuple(one["Values"]): one["StorageDescriptor"]["Location"] for one in found}


def test_partitions_come_and_go(athena: Any, glue: Any) -> None:
    added = ended(
        athena, "alter table t add partition (q = '2', p = '1') partition (p = '1', q = '3') location 's3://x/'"
    )
    assert added["State"] == "SUCCEEDED"
    assert partitions(glue) == {("1", "2"): "s3://b/t/p=1/q=2/", ("1", "3"): "s3://x/"}
    dropped = ended(athena, "alter table t drop partition (p = '1', q = '2'), partition (p = '1', q = '3')")
    assert dropped["State"] == "SUCCEEDED"
    assert partitions(glue) == {}


def test_a_partition_that_is_there_is_added_if_not_exists_only(athena: Any, glue: Any) -> None:
    sql = "alter table t add {} partition (p = '1', q = '2')"
    assert ended(athena, sql.format(""))["State"] == "SUCCEEDED"
    assert "AlreadyExistsException" in failed(athena, sql.format(""))
    assert ended(athena, sql.format("if not exists"))["State"] == "SUCCEEDED"


def test_a_partition_that_is_not_there_is_dropped_if_exists_only(athena: Any, glue: Any) -> None:
    sql = "alter table t drop {} partition (p = '1', q = '2')"
    assert "Partition not found" in failed(athena, sql.format(""))
    assert ended(athena, sql.format("if exists"))["State"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("table", "spec", "reason"),
    [
        ("t", "p = '1'", "doesn't contain all (2) partition columns"),
        ("t", "p = '1', other = '2'", "Non-Partition column appears in the partition specification: other"),
        ("flat", "p = '1'", "table is not partitioned"),
        ("i", "p = '1'", "not supported for Iceberg tables"),
    ],
)
@pytest.mark.parametrize("verb", ["add", "drop"])
def test_a_spec_that_does_not_fit_the_table_fails(
    athena: Any, glue: Any, verb: str, table: str, spec: str, reason: str
) -> None:
    assert reason in failed(athena, f"alter table {table} {verb} partition ({spec})")
