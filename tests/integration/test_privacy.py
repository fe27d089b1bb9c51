"""What is to be forgotten is forgotten, as docs/privacy.md says: one device's rows, and the oldest days."""

import io
import time
from datetime import UTC, datetime

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.local import athena_client
from tests import raw_writer
from tests.integration.histories import History
from tests.integration.marts import Marts

BUCKET = "telcopulse-raw"
DEVICE = "d7"
CUT_OFF = b'{"event_id": "e1", "device_id": "d7", "lat": 41.38'
SNAPSHOT_AGE_S = 1


@pytest.mark.slow
def test_a_deleted_device_leaves_raw_its_files_and_the_marts(marts: Marts) -> None:
    history, database = History(32), marts.raw.name()[0]
    # Of raw tables that other tests had in its place.
    others = data_files(database)
    marts.begin(history)
    refused = history.batch(1).to_pylist()[0] | {"reject_reason": "not_json", "device_id": None, "payload": CUT_OFF}
    marts.append(pa.Table.from_pylist([refused], schema=raw_writer.ARROW_SCHEMA))
    history.rows[-1] = refused
    history.pass_time(5)
    marts.append(history.batch(60))
    marts.refresh("all")
    assert holding_files(database, others) > 0
    for sql in (
        f"delete from network_events where device_id = '{DEVICE}'",
        f"delete from network_events where reject_reason is not null and strpos(from_utf8(payload), '{DEVICE}') > 0",
        "optimize network_events rewrite data using bin_pack",
        f"alter table network_events set tblproperties ('vacuum_max_snapshot_age_seconds'='{SNAPSHOT_AGE_S}')",
    ):
        athena_client.query(sql, database=database)
    time.sleep(SNAPSHOT_AGE_S)
    athena_client.query("vacuum network_events", database=database)
    assert holding_files(database, others) == 0
    left = [row for row in history.rows if row.get("device_id") != DEVICE and row is not refused]
    assert len(left) < len(history.rows) - 1
    history.rows = left
    marts.refresh("reconcile")
    assert marts.counts() == history.buckets()
    assert marts.changed_by_full_refresh() == {}


def holding_files(database: str, others: set[str]) -> int:
    """How many objects of the raw table still hold the device, whatever snapshot names them."""
    s3 = boto3.client("s3")
    contents = [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in data_files(database) - others]
    return sum(holds(content) for content in contents)


def holds(content: bytes) -> bool:
    rows = pq.read_table(io.BytesIO(content), columns=["device_id", "payload"]).to_pylist()
    return any(row["device_id"] == DEVICE or DEVICE.encode() in row["payload"] for row in rows)


def data_files(database: str) -> set[str]:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{database}/")
    return {item["Key"] for page in pages for item in page.get("Contents", []) if "/data/" in item["Key"]}


def test_days_behind_the_retention_leave_raw_without_a_file_being_written(marts: Marts) -> None:
    marts.empty()
    history = History(33)
    marts.append(history.batch(40))
    history.pass_time(24 * 60)
    young = history.batch(30)
    marts.append(young)
    kept_days = (datetime.now(UTC).date() - history.now.date()).days - 1
    marts.dbt.run("run-operation", "forget_old_days", "--vars", f"{{raw_retention_days: {kept_days}}}")
    marts.raw.refresh()
    snapshot = marts.raw.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert (snapshot.summary["added-data-files"], snapshot.summary["added-delete-files"]) == (None, None)
    assert int(snapshot.summary["deleted-data-files"] or 0) > 0
    assert marts.raw.scan().to_arrow().num_rows == young.num_rows
