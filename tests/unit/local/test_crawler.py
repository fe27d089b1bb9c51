"""The local Glue crawler registers the Iceberg tables that it finds in S3."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.patches import crawler, glue, glue_listing


@pytest.fixture(scope="module", autouse=True)
def _patched() -> None:
    glue.install()
    glue_listing.install()
    crawler.install()


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        catalog = boto3.client("glue")
        catalog.create_database(DatabaseInput={"Name": "d"})
        boto3.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield catalog
        for name in catalog.list_crawlers()["CrawlerNames"]:
            wait(catalog, name)


def write_table(path: str, version: int = 0, column: str = "c") -> str:
    schema = {"schema-id": 0, "fields": [{"id": 1, "name": column, "required": False, "type": "long"}]}
    key = f"{path}/metadata/{version:05}-x.metadata.json"
    content = json.dumps({"schemas": [schema], "current-schema-id": 0})
    boto3.client("s3").put_object(Bucket="lake", Key=key, Body=content.encode())
    return f"s3://lake/{key}"


def create_crawler(client: Any, **changes: Any) -> None:
    target = {"Paths": ["s3://lake/wh"], "MaximumTraversalDepth": 5, **changes.pop("target", {})}
    settings = {"Name": "c", "Role": "r", "DatabaseName": "d", "Targets": {"IcebergTargets": [target]}, **changes}
    client.create_crawler(**settings)


def wait(client: Any, name: str = "c") -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while (shown := client.get_crawler(Name=name)["Crawler"])["State"] != "READY":
        assert time.monotonic() < deadline, shown
        time.sleep(0.02)
    return shown


def crawl(client: Any) -> dict[str, Any]:
    client.start_crawler(Name="c")
    return wait(client)["LastCrawl"]


def table_names(client: Any) -> list[str]:
    return [table["Name"] for table in client.get_tables(DatabaseName="d")["TableList"]]


def metrics(client: Any) -> tuple[int, int]:
    (shown,) = client.get_crawler_metrics(CrawlerNameList=["c"])["CrawlerMetricsList"]
    return shown["TablesCreated"], shown["TablesUpdated"]


def test_a_table_found_is_registered(client: Any) -> None:
    location = write_table("wh/db/t")
    create_crawler(client)
    assert crawl(client)["Status"] == "SUCCEEDED"
    table = client.get_table(DatabaseName="d", Name="t")["Table"]
    assert (table["Parameters"]["table_type"], table["Parameters"]["metadata_location"]) == ("ICEBERG", location)
    assert table["StorageDescriptor"]["Location"] == "s3://lake/wh/db/t"
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == [("c", "bigint")]


def test_a_second_crawl_updates_what_moved_on_and_leaves_the_rest(client: Any) -> None:
    write_table("wh/a")
    write_table("wh/b")
    create_crawler(client)
    crawl(client)
    assert metrics(client) == (2, 0)
    newest = write_table("wh/a", version=1, column="d")
    crawl(client)
    assert metrics(client) == (0, 1)
    table = client.get_table(DatabaseName="d", Name="a")["Table"]
    assert table["Parameters"]["metadata_location"] == newest
    assert table["StorageDescriptor"]["Columns"][0]["Name"] == "d"


def test_updates_are_only_logged_on_request(client: Any) -> None:
    first = write_table("wh/a")
    create_crawler(client, SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    crawl(client)
    write_table("wh/a", version=1)
    crawl(client)
    assert client.get_table(DatabaseName="d", Name="a")["Table"]["Parameters"]["metadata_location"] == first


def test_tables_of_one_name_are_both_registered(client: Any) -> None:
    write_table("wh/x/t")
    write_table("wh/y/t")
    create_crawler(client)
    crawl(client)
    assert len(table_names(client)) == 2


def test_exclusions_depth_and_prefix_decide_what_is_registered(client: Any) -> None:
    for path in ("wh/kept", "wh/tmp_x", "wh/1/2/deep"):
        write_table(path)
    create_crawler(client, target={"Exclusions": ["tmp_*"], "MaximumTraversalDepth": 3}, TablePrefix="raw_")
    crawl(client)
    assert table_names(client) == ["raw_kept"]


def test_a_running_crawler_refuses_to_be_started_changed_or_deleted(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawler, "RUNNING_AT_LEAST_S", 60)
    create_crawler(client)
    client.start_crawler(Name="c")
    assert client.get_crawler(Name="c")["Crawler"]["State"] == "RUNNING"
    for call in (client.start_crawler, client.delete_crawler, client.update_crawler):
        with pytest.raises(ClientError, match="CrawlerRunningException"):
            call(Name="c")
    client.stop_crawler(Name="c")


def test_a_stopped_crawl_is_cancelled(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawler, "RUNNING_AT_LEAST_S", 60)
    monkeypatch.setattr(crawler, "STOPPING_S", 2)
    create_crawler(client)
    client.start_crawler(Name="c")
    client.stop_crawler(Name="c")
    assert client.get_crawler(Name="c")["Crawler"]["State"] == "STOPPING"
    with pytest.raises(ClientError, match="CrawlerStoppingException"):
        client.stop_crawler(Name="c")
    assert wait(client)["LastCrawl"]["Status"] == "CANCELLED"
    assert client.list_crawls(CrawlerName="c")["Crawls"][0]["State"] == "STOPPED"
    with pytest.raises(ClientError, match="CrawlerNotRunningException"):
        client.stop_crawler(Name="c")


def test_a_crawl_ends_in_stopping_then_ready(client: Any) -> None:
    create_crawler(client)
    client.start_crawler(Name="c")
    seen = []
    while (state := client.get_crawler(Name="c")["Crawler"]["State"]) != "READY":
        seen.append(state)
        time.sleep(0.02)  # without it the crawl's thread hardly gets a turn
    assert list(dict.fromkeys(seen)) == ["RUNNING", "STOPPING"]
    assert client.list_crawls(CrawlerName="c")["Crawls"][0]["State"] == "COMPLETED"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"DatabaseName": "nowhere"}, "Database nowhere not found"),
        ({"Targets": {"S3Targets": [{"Path": "s3://lake/wh"}]}}, "IcebergTargets only"),
        ({"target": {"Paths": ["s3://nowhere/wh"]}}, "NoSuchBucket"),
    ],
)
def test_a_crawl_that_cannot_work_fails_and_says_why(client: Any, changes: dict, reason: str) -> None:
    create_crawler(client, **changes)
    last = crawl(client)
    assert last["Status"] == "FAILED"
    assert reason in last["ErrorMessage"]


@pytest.mark.parametrize("target", [{"MaximumTraversalDepth": 21}, {"Paths": ["wh"]}, {"Paths": []}])
def test_an_impossible_target_is_refused(client: Any, target: dict) -> None:
    with pytest.raises(ClientError, match="InvalidInputException"):
        create_crawler(client, target=target)


def test_an_updated_crawler_walks_its_new_target(client: Any) -> None:
    write_table("elsewhere/t")
    create_crawler(client)
    client.update_crawler(Name="c", Targets={"IcebergTargets": [{"Paths": ["s3://lake/elsewhere"]}]})
    crawl(client)
    assert table_names(client) == ["t"]
