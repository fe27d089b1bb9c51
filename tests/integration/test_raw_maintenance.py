"""Compaction and expiry through Athena while a writer appends: nothing fails, is lost or doubled, or grows for ever.

TELCOPULSE_COMMITS chooses how many commits the writer makes.
"""

import json
import os
import time
from pathlib import Path

import boto3
import pytest

from infra.local import athena_client
from tests.integration.programs import run, started, wait_until
from tests.integration.raw_appender import ROWS_PER_COMMIT

DATABASE = "raw_maintained"
TABLE = f"glue_catalog.{DATABASE}.network_events"
WAREHOUSE = f"s3://telcopulse-raw/{DATABASE}/"
COMMITS = int(os.environ.get("TELCOPULSE_COMMITS", "50"))
SNAPSHOT_AGE_S = 10


def query(sql: str) -> list[list[str | None]]:
    return athena_client.query(sql, database=DATABASE)


def objects() -> dict[str, int]:
    pages = (
        boto3.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket="telcopulse-raw", Prefix=f"{DATABASE}/network_events/")
    )
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {
        "data_files": sum("/data/" in key for key in keys),
        "metadata_files": sum(key.endswith(".metadata.json") for key in keys),
        "manifests": sum(key.endswith(".avro") for key in keys),
        "snapshots": int(query('select count(*) from "network_events$snapshots"')[0][0] or 0),
    }


def maintain() -> None:
    query("optimize network_events rewrite data using bin_pack")
    query("vacuum network_events")


@pytest.mark.slow
@pytest.mark.usefixtures("local_aws")
def test_a_table_stays_small_and_whole_while_a_stream_appends(tmp_path: Path) -> None:
    run("-m", "tests.integration.raw_appender", TABLE, WAREHOUSE, "1")
    query(f"alter table network_events set tblproperties ('vacuum_max_snapshot_age_seconds'='{SNAPSHOT_AGE_S}')")
    log = tmp_path / "log"
    most: dict[str, int] = {}
    with started("-m", "tests.integration.raw_appender", TABLE, WAREHOUSE, str(COMMITS), log=log) as writer:
        wait_until(lambda: '"commit": 5' in log.read_text(), "fifth commit")
        rounds = 0
        while writer.poll() is None:
            maintain()
            rounds += 1
            most = {name: max(count, most.get(name, 0)) for name, count in objects().items()}
        assert writer.returncode == 0, log.read_text()[-4000:]
    time.sleep(SNAPSHOT_AGE_S)
    maintain()
    left = objects()
    print(json.dumps({"commits": COMMITS + 1, "maintenance_rounds": rounds, "most": most, "left": left}))
    rows = COMMITS * ROWS_PER_COMMIT
    counted = query("select count(*), count(distinct event_id), max(source_row) from network_events")
    assert counted == [[str(rows + ROWS_PER_COMMIT), str(rows), str(rows)]]
    assert rounds >= 2
    assert most["snapshots"] < COMMITS
    assert (left["snapshots"], left["metadata_files"] <= 101) == (1, True)
    assert left["data_files"] <= 5
