"""A field that the contract gains reaches the table without stopping readers or writers of the release before."""

import json
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from glue_streaming.table import PROPERTIES
from infra.local import athena_client
from infra.local.settings import LocalSettings
from tests.integration.catalog_clients import pyiceberg_catalog
from tests.integration.other_release import WITH_FIELD
from tests.integration.programs import backfill, backfill_command, run, streaming, wait_until
from tests.integration.test_stream_to_raw import new_stream

DATABASE = "raw_schema"
READER = "select count(*), count(event_id), count(network), max(source_row) from network_events"


def event(event_id: str) -> bytes:
    now = datetime.now(UTC).isoformat()
    return json.dumps({"event_id": event_id, "event_ts": now, "network": "voda", "roaming": "no"}).encode()


def put(stream: str, name: str) -> None:
    boto3.client("kinesis").put_record(StreamName=stream, Data=event(name), PartitionKey=name)


def write(file: Path, name: str) -> Path:
    file.write_bytes(event(name))
    return file


def has(event_id: str) -> bool:
    sql = f"select count(*) from network_events where event_id = '{event_id}'"
    try:
        return athena_client.query(sql, database=DATABASE) == [["1"]]
    except athena_client.AthenaQueryFailed as failure:
        if "does not exist" not in str(failure):
            raise
        return False


@pytest.mark.slow
@pytest.mark.usefixtures("local_aws")
def test_old_and_new_releases_write_side_by_side(tmp_path: Path) -> None:
    stream = new_stream(1)
    put(stream, "old-stream")
    with streaming(DATABASE, tmp_path, stream) as job:
        wait_until(lambda: has("old-stream"), "row of the old job")
        assert athena_client.query(READER, database=DATABASE) == [["1", "1", "1", None]]
        backfill(write(tmp_path / "1.jsonl", "new-backfill"), database=DATABASE, release=WITH_FIELD)
        put(stream, "old-stream-after")
        wait_until(lambda: has("old-stream-after"), "row of the running old job")
        job.terminate()
        assert job.wait(timeout=180) == 0
    backfill(write(tmp_path / "2.jsonl", "old-backfill"), database=DATABASE)
    put(stream, "new-stream")
    with streaming(DATABASE, tmp_path, stream, release=WITH_FIELD):
        wait_until(lambda: has("new-stream"), "row of the new job")
    put(stream, "old-stream-again")
    with streaming(DATABASE, tmp_path, stream):
        wait_until(lambda: has("old-stream-again"), "row of the old job after a roll-back")
    assert athena_client.query(READER, database=DATABASE) == [["6", "6", "6", "1"]]
    roaming = athena_client.query(
        "select event_id from network_events where roaming = 'no' order by 1", database=DATABASE
    )
    assert roaming == [["new-backfill"], ["new-stream"]]
    described = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="network_events")["Table"]
    last = described["StorageDescriptor"]["Columns"][-1]
    assert (last["Name"], last["Comment"]) == ("roaming", "A field of the next release.")


@pytest.mark.usefixtures("local_aws")
@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("event_id string, signal bigint", "column signal is bigint, expected int"),
        ("event_id string", "it is partitioned by nothing, expected days(ingest_ts), days(event_ts)"),
    ],
)
def test_a_table_that_is_not_ours_is_left_alone(tmp_path: Path, columns: str, says: str) -> None:
    database = f"raw_foreign_{abs(hash(columns)) % 10_000}"
    location = f"s3://telcopulse-raw/{database}"
    athena_client.query(f"create database {database}")
    athena_client.query(
        f"create table network_events ({columns}) location '{location}/t' tblproperties ('table_type'='iceberg')",
        database=database,
    )
    command = backfill_command(write(tmp_path / "1.jsonl", "e"), database=database)
    finished = run(*command, expect=2)
    assert says in finished.stderr
    assert athena_client.query("select count(*) from network_events", database=database) == [["0"]]


def test_an_older_table_gains_the_properties_that_it_lacks_and_keeps_its_own(local_aws: LocalSettings) -> None:
    lost, own = "write.parquet.compression-level", "commit.retry.num-retries"
    appender = ("-m", "tests.integration.raw_appender", "glue_catalog.raw_older.network_events")
    run(*appender, "s3://telcopulse-raw/raw_older/", "1")
    catalog = pyiceberg_catalog(local_aws.endpoint_url)
    with catalog.load_table("raw_older.network_events").transaction() as change:
        change.remove_properties(lost).set_properties({own: "7"})
    run(*appender, "s3://telcopulse-raw/raw_older/", "1")
    properties = catalog.load_table("raw_older.network_events").properties
    assert (properties[lost], properties[own]) == (PROPERTIES[lost], "7")
