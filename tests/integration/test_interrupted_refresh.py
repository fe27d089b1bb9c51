"""Refreshes that are killed, run beside each other or meet what the beats can't see end as one at once would."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from infra.local import athena_client
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings
from tests.integration.histories import START, History
from tests.integration.marts import INTERMEDIATE, OUTAGE_KEYS, Marts, command
from tests.integration.programs import wait_until

COUNTS = (INTERMEDIATE,)
TWO = (INTERMEDIATE, "service_status")
OUTAGES = tuple(OUTAGE_KEYS)
# What a run reads the log with, asks raw with, and writes the log with.
RUN_WIDE = ("select\n        what,\n        model,", "select\n        'live' as beat", "insert into")
BEHIND_HORIZON_MINUTES = 25 * 60


def executions() -> set[str]:
    pages = boto3.client("athena").get_paginator("list_query_executions").paginate(WorkGroup="dbt")
    return {execution for page in pages for execution in page["QueryExecutionIds"]}


def statements(ids: set[str]) -> list[str]:
    """In the order in which they were sent, without dbt's comment."""
    athena = boto3.client("athena")
    described = [athena.get_query_execution(QueryExecutionId=each)["QueryExecution"] for each in ids]
    described.sort(key=lambda one: one["Status"]["SubmissionDateTime"])
    return [one["Query"].split("*/", 1)[-1].strip().lower() for one in described]


def has_merged(model: str, schema: str, before: set[str]) -> bool:
    """Whether a statement since `before` merged into a model, or into the table that a full refresh makes beside it."""
    athena, into = boto3.client("athena"), f'merge into "awsdatacatalog"."{schema}"."{model}'
    described = [athena.get_query_execution(QueryExecutionId=new)["QueryExecution"] for new in executions() - before]
    return any(into in one["Query"] and one["Status"]["State"] == "SUCCEEDED" for one in described)


def kill_between_merges(marts: Marts, model: str, refresh: Sequence[str]) -> None:
    before = executions()
    marts.dbt.start(*refresh)
    wait_until(lambda: has_merged(model, marts.schema, before), f"merge into {model}")
    marts.killed()


@pytest.mark.slow
@pytest.mark.parametrize("model", TWO)
def test_killed_between_two_commits_of_110_days(marts: Marts, model: str) -> None:
    history = History(11)
    marts.begin(history, TWO)
    history.pass_time(5)
    marts.append(history.spread(110, source="s3://files/old.jsonl"))
    kill_between_merges(marts, model, command("late", TWO))
    assert marts.counts() != history.buckets() or model != INTERMEDIATE
    marts.refresh("late", TWO)
    assert marts.counts() == history.buckets()
    assert marts.changed_by_full_refresh(TWO) == {}


@pytest.mark.parametrize("model", ["int_outage_votes_day", pytest.param("outage_checks", marks=pytest.mark.slow)])
def test_an_outage_whose_refresh_was_killed_is_found_by_the_next(marts: Marts, model: str) -> None:
    history = History(20)
    marts.begin(history, OUTAGES)
    history.pass_time(1)
    marts.append(history.outage())
    before = marts.rows("outage_incidents").keys()
    kill_between_merges(marts, model, command("live", OUTAGES))
    marts.refresh("live", OUTAGES)
    assert marts.rows("outage_incidents").keys() > before
    marts.refresh("late", OUTAGES)
    assert marts.changed_by_full_refresh(OUTAGES) == {}


@pytest.mark.slow
@pytest.mark.parametrize("refresh", ["first_build", "full_refresh"])
def test_an_interrupted_build_is_finished_by_the_next_run(marts: Marts, refresh: str) -> None:
    history = History(12)
    marts.begin(history, COUNTS)
    history.pass_time(1)
    marts.append(history.spread(110, source="s3://files/old.jsonl"))
    marts.refresh("all", COUNTS)
    if refresh == "first_build":
        marts.drop(INTERMEDIATE)
    kill_between_merges(marts, INTERMEDIATE, command("all", COUNTS, "--full-refresh"))
    if refresh == "first_build":
        assert marts.counts() != history.buckets()
    marts.refresh("live", COUNTS)
    assert marts.counts() == history.buckets()


@pytest.mark.slow
def test_a_build_by_hand_beside_the_loop_never_brings_older_counts_back(marts: Marts, local_aws: LocalSettings) -> None:
    """One is held between its reading of what to do and its merge; the other counts newer rows meanwhile."""
    history, faults = History(13), FaultsClient(local_aws.endpoint_url)
    marts.begin(history, COUNTS)
    with marts.another_dbt() as by_hand:
        by_hand.run("run", "--select", *COUNTS)
        history.pass_time(1)
        marts.append(history.batch(40))
        merge = f'merge into "awsdatacatalog"."{marts.schema}"'
        with faults.active(
            "athena", "StartQueryExecution", resource=merge, action="stall", seconds=30, times=1
        ) as held:
            marts.dbt.start(*command("live", COUNTS))
            wait_until(lambda: faults.hits(held) == 1, "held merge")
            history.pass_time(1)
            marts.append(history.batch(40))
            by_hand.run(*command("all", COUNTS))
            assert marts.counts() == history.buckets()
            assert marts.dbt.wait().ok
        assert marts.counts() == history.buckets()


def test_builds_at_the_same_time_end_as_one(marts: Marts) -> None:
    history = History(14)
    marts.begin(history, COUNTS)
    with marts.another_dbt() as by_hand:
        for _ in range(3):
            history.pass_time(1)
            marts.append(history.batch(40))
            marts.dbt.start(*command("all", COUNTS))
            history.pass_time(1)
            marts.append(history.batch(40))
            by_hand.start(*command("all", COUNTS))
            assert [marts.dbt.wait().failed, by_hand.wait().failed] == [{}, {}]
        marts.refresh("all", COUNTS)
        assert marts.counts() == history.buckets()
        assert marts.changed_by_full_refresh(COUNTS) == {}


@pytest.mark.slow
def test_outages_of_builds_at_the_same_time_end_as_one(marts: Marts) -> None:
    history = History(21)
    marts.begin(history, OUTAGES)
    with marts.another_dbt() as by_hand:
        history.pass_time(25 * 60)
        marts.append(history.outage())
        marts.dbt.start(*command("all", OUTAGES))
        history.pass_time(1)
        marts.append(history.batch(20))
        by_hand.start(*command("all", OUTAGES))
        assert [marts.dbt.wait().failed, by_hand.wait().failed] == [{}, {}]
        marts.refresh("all", OUTAGES)
        assert marts.rows("outage_incidents")
        assert marts.changed_by_full_refresh(OUTAGES) == {}


@pytest.mark.slow
def test_reconciliation_finds_what_the_beats_could_not(marts: Marts) -> None:
    """A commit that comes more than max_commit_delay_hours after its ingest_ts, and rows that someone deleted."""
    history = History(15)
    marts.begin(history, TWO)
    history.pass_time(2 * 24 * 60)
    marts.append(history.batch(20))
    marts.refresh("all", TWO)
    marts.append(history.batch(20, source="asleep", behind_minutes=BEHIND_HORIZON_MINUTES))
    marts.refresh("all", TWO)
    assert marts.counts() != history.buckets()
    marts.refresh("reconcile", TWO)
    assert marts.counts() == history.buckets()
    for model in TWO:
        athena_client.query(f"delete from {model} where n > 1", database=marts.schema)
        marts.refresh("reconcile", TWO)
    assert marts.changed_by_full_refresh(TWO) == {}


def test_what_a_reconciliation_rebuilt_is_logged_before_anyone_follows_it(marts: Marts) -> None:
    """Killed behind its first merge, it would find nothing that differs the next time."""
    history = History(19)
    marts.begin(history, TWO)
    athena_client.query(f"delete from {INTERMEDIATE} where n > 0", database=marts.schema)
    before = executions()
    marts.refresh("reconcile", TWO)
    steps = [sql for sql in statements(executions() - before) if sql.startswith(("merge into", "insert into"))]
    first_merge, first_log, second_merge = (sql[:120] for sql in steps[:3])
    assert INTERMEDIATE in first_merge
    assert "refresh_log" in first_log
    assert "service_status" in second_merge
    assert marts.changed_by_full_refresh(TWO) == {}


@pytest.mark.slow
def test_an_edited_seed_rebuilds_what_was_computed_with_it(marts: Marts, project: Path) -> None:
    history = History(16)
    marts.begin(history, TWO)
    before = marts.rows(INTERMEDIATE)
    seed = project / "dbt_project/seeds/brands.csv"
    original = seed.read_text()
    try:
        seed.write_text(original.replace(",vodafone,", ",orange,"))
        marts.killed()
        marts.dbt.start(*command("live", TWO))
        assert "seed brands is not loaded as its file stands: run `dbt seed` first" in marts.dbt.wait().error
        marts.dbt.run("seed", "--select", "brands")
        marts.refresh("live", TWO)
        assert marts.rows(INTERMEDIATE) != before
        assert marts.changed_by_full_refresh(TWO) == {}
    finally:
        seed.write_text(original)
        marts.killed()
        marts.dbt.run("seed", "--select", "brands")


def test_a_run_asks_the_log_and_raw_once_and_nothing_that_it_knows(marts: Marts) -> None:
    history = History(18)
    four = (*TWO, "int_arrivals_5min", "signal_trends")
    marts.begin(history, four)
    history.pass_time(1)
    marts.append(history.batch(10))
    before = executions()
    marts.refresh("live", four)
    asked = statements(executions() - before)
    assert [len([sql for sql in asked if sql.startswith(start)]) for start in RUN_WIDE] == [1, 1, 1]
    assert [sql for sql in asked if "rowcount" in sql] == []
    assert len([sql for sql in asked if sql.startswith("merge into")]) == len(four)
    assert marts.changed_by_full_refresh(four) == {}


def test_a_new_table_takes_one_statement_however_thin_its_history(marts: Marts) -> None:
    history = History(23, now=START - timedelta(days=800))
    marts.empty()
    marts.append(history.spread(1, source="s3://files/old.jsonl"))
    history.now = START
    for number in range(8):
        marts.append(history.spread(35, source=f"s3://files/{number}.jsonl"))
    assert len(history.buckets()) > 200
    before = executions()
    marts.make_anew((INTERMEDIATE,))
    assert len([sql for sql in statements(executions() - before) if sql.startswith("merge into")]) == 1
    assert marts.counts() == history.buckets()


@pytest.mark.slow
def test_the_log_stays_small_and_forgets_nothing_it_needs(marts: Marts) -> None:
    history = History(17)
    marts.begin(history, TWO)
    for _ in range(3):
        history.pass_time(1)
        marts.append(history.batch(10))
        marts.refresh("live", TWO)
    logged = "select count(*) from refresh_log where what != 'seeded' and model in ('{}', '{}')".format(*TWO)
    before = int(athena_client.query(logged, database=marts.schema)[0][0] or 0)
    marts.dbt.run("run-operation", "prune_refresh_log")
    after = int(athena_client.query(logged, database=marts.schema)[0][0] or 0)
    assert after < before
    history.pass_time(1)
    marts.append(history.batch(10))
    marts.refresh("live", TWO)
    marts.refresh("late", TWO)
    assert marts.counts() == history.buckets()
    assert marts.changed_by_full_refresh(TWO) == {}
