"""Crawled tables get the names that dbt gave them, and the newest copy of a table stays."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.release import name_crawled

IDS = [f"0000000{number}-0000-4000-8000-000000000000" for number in range(3)]


@pytest.fixture
def glue() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("glue")
        client.create_database(DatabaseInput={"Name": "marts"})
        boto3.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def crawled(glue: Any, folder: str, written_ms: int, name: str | None = None) -> None:
    key = f"{folder}/metadata/1.metadata.json"
    boto3.client("s3").put_object(Bucket="bucket", Key=key, Body=json.dumps({"last-updated-ms": written_ms}))
    entry = {
        "Name": name or folder.rpartition("/")[2].replace("-", "_"),
        "StorageDescriptor": {"Location": f"s3://bucket/{folder}", "Columns": [{"Name": "id", "Type": "bigint"}]},
        "Parameters": {"table_type": "ICEBERG", "metadata_location": f"s3://bucket/{key}"},
    }
    glue.create_table(DatabaseName="marts", TableInput=entry)


def locations(glue: Any) -> dict[str, str]:
    found = glue.get_tables(DatabaseName="marts")["TableList"]
    return {table["Name"]: table["StorageDescriptor"]["Location"] for table in found}


def test_a_table_is_named_after_the_folder_above_its_id(glue: Any) -> None:
    crawled(glue, f"marts/signal_trends/{IDS[0]}", 1)
    crawled(glue, "refresh_log/marts", 1)
    crawled(glue, "network_events", 1)
    for _ in range(2):
        assert name_crawled.main(["--database", "marts"]) == 0
        assert locations(glue) == {
            "signal_trends": f"s3://bucket/marts/signal_trends/{IDS[0]}",
            "refresh_log": "s3://bucket/refresh_log/marts",
            "network_events": "s3://bucket/network_events",
        }
    kept = glue.get_table(DatabaseName="marts", Name="signal_trends")["Table"]
    assert kept["Parameters"]["metadata_location"].endswith("1.metadata.json")
    assert [column["Name"] for column in kept["StorageDescriptor"]["Columns"]] == ["id"]


def test_the_copy_that_was_written_last_is_the_table(glue: Any) -> None:
    for written_ms, number in ((2, 0), (3, 1), (1, 2)):
        crawled(glue, f"marts/signal_trends/{IDS[number]}", written_ms)
    name_crawled.main(["--database", "marts"])
    assert locations(glue) == {"signal_trends": f"s3://bucket/marts/signal_trends/{IDS[1]}"}


def test_a_table_that_the_catalog_still_has_is_left_as_it_is(glue: Any) -> None:
    crawled(glue, f"marts/signal_trends/{IDS[0]}", 1, name="signal_trends")
    crawled(glue, f"marts/signal_trends/{IDS[1]}", 2)
    name_crawled.main(["--database", "marts"])
    assert locations(glue) == {"signal_trends": f"s3://bucket/marts/signal_trends/{IDS[0]}"}


def test_what_dbt_left_of_a_temporary_table_gets_no_name(glue: Any) -> None:
    crawled(glue, f"marts/signal_trends__dbt_tmp_1/{IDS[0]}", 1)
    name_crawled.main(["--database", "marts"])
    assert locations(glue) == {}
