"""What was lost comes back as docs/restore.md says: the Glue catalog from S3, deleted rows from earlier snapshots."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from infra.local import athena_client
from infra.local.settings import REPO_ROOT, LocalSettings
from infra.release import name_crawled
from tests import raw_writer
from tests.integration import measurements
from tests.integration.catalog_clients import crawl, pyiceberg_catalog
from tests.integration.histories import History
from tests.integration.programs import backfill
from tests.warm_dbt import WarmDbt

RAW, MARTS, DELETED = "raw_lost", "marts_lost", "raw_deleted"


@pytest.fixture
def built(local_aws: LocalSettings, tmp_path: Path) -> Iterator[WarmDbt]:
    """A day of measurements, and every mart of it."""
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(measurements.lines(seed=7)) + b"\n")
    backfill(tmp_path / "events.jsonl", database=RAW)
    with WarmDbt(REPO_ROOT, schema=MARTS, raw=RAW, target="prod", folder=tmp_path / "target") as dbt:
        dbt.run("seed")
        dbt.run("run")
        yield dbt


@pytest.mark.slow
def test_a_lost_catalog_comes_back_with_every_row_name_and_description(built: WarmDbt) -> None:
    before, described = figures(), descriptions()
    for database in (RAW, MARTS):
        for name in names_in(database):
            boto3.client("glue").delete_table(DatabaseName=database, Name=name)
    crawl(RAW, f"s3://telcopulse-raw/{RAW}/")
    crawl(MARTS, f"s3://telcopulse-marts/{MARTS}/", f"s3://telcopulse-marts/refresh_log/{MARTS}/")
    assert name_crawled.main(["--database", MARTS]) == 0
    built.run("seed")
    built.run("run", "--vars", "{beat: reconcile}")
    assert descriptions() == described
    assert figures() == before


def figures() -> list[list[str | None]]:
    """What would differ if rows were lost, doubled or computed anew, logs included."""
    return athena_client.query(
        f"select (select count(*) from {RAW}.network_events), (select sum(n) from int_network_events_5min), "
        "(select sum(n) from signal_trends), (select sum(n) from service_status), "
        "(select count(*) from outage_checks), (select count(*) from outage_state_changes), "
        "(select max(refreshed_ts) from signal_trends), "
        "(select count(*) from refresh_log where what = 'rebuilt')",
        database=MARTS,
    )


def names_in(database: str) -> list[str]:
    pages = boto3.client("glue").get_paginator("get_tables").paginate(DatabaseName=database)
    return [table["Name"] for page in pages for table in page["TableList"]]


def descriptions() -> dict[str, str | None]:
    glue = boto3.client("glue")
    return {name: glue.get_table(DatabaseName=MARTS, Name=name)["Table"].get("Description") for name in names_in(MARTS)}


def test_deleted_rows_come_back_from_an_earlier_snapshot_and_later_ones_stay(local_aws: LocalSettings) -> None:
    raw = raw_writer.create(pyiceberg_catalog(local_aws.endpoint_url), DELETED)
    history = History(31)
    raw_writer.append(raw, history.batch(40))
    raw_writer.append(raw, history.batch(30, source="s3://files/old.jsonl"))
    whole = everything()
    snapshot = snapshots()[-1]
    query("delete from network_events where operator = 'Yoigo' or source_row is not null and lat > 41.385")
    assert 0 < len(everything()) < len(whole)
    history.pass_time(1)
    later = history.batch(10)
    raw_writer.append(raw, later)
    query(
        "insert into network_events "
        f"select * from network_events for version as of {snapshot} "
        f"where ingest_ts between timestamp '{history.rows[0]['ingest_ts']}' and timestamp '{history.now}' "
        "except select * from network_events"
    )
    kept = {event for (event,) in query(f"select event_id from network_events where ingest_ts = {literal(history)}")}
    assert kept == set(later["event_id"].to_pylist())
    assert query(f"{EVERYTHING} where ingest_ts < {literal(history)} {ORDER}") == whole


EVERYTHING = "select * from network_events"
ORDER = "order by source, source_row, sequence_number"


def literal(history: History) -> str:
    return f"timestamp '{history.now}'"


def everything() -> list[list[str | None]]:
    return query(f"{EVERYTHING} {ORDER}")


def snapshots() -> list[str]:
    rows = query('select snapshot_id from "network_events$snapshots" order by committed_at')
    return [str(snapshot) for (snapshot,) in rows]


def query(sql: str) -> list[list[str | None]]:
    return athena_client.query(sql, database=DELETED)
