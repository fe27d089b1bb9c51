"""The limits that bite on AWS bite on the local Athena, with AWS's words."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from infra.local.athena.execution import Execution
from infra.local.athena.limits import Limits, QueryStopped
from infra.local.athena.sql import plan
from infra.local.athena.trino_client import TrinoClient
from infra.local.athena_client import AthenaQueryFailed, query
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings
from tests.integration.programs import wait_until

SMALLEST_CUT_OFF_BYTES = 10_000_000
# Hours of work on any laptop.
ENDLESS = (
    "select count(*) from unnest(sequence(1, 10000)) as a(x), unnest(sequence(1, 10000)) as b(y), "
    "unnest(sequence(1, 10000)) as c(z) where x * y * z % 7 = {marker}"
)


@pytest.fixture(scope="module")
def database(local_aws: LocalSettings) -> Iterator[str]:
    name = f"limits_{uuid.uuid4().hex[:8]}"
    boto3.client("glue").create_database(DatabaseInput={"Name": name})
    yield name
    query(f"drop database {name} cascade")


def make_table(database: str, name: str, select: str, partitioning: str = "ARRAY[]") -> str:
    return (
        f"create table {name} with (table_type = 'iceberg', location = 's3://telcopulse-marts/{database}/{name}/', "
        f"is_external = false, partitioning = {partitioning}) as {select}"
    )


def days(count: int) -> str:
    return f"select day, 1 as n from unnest(sequence(1, {count})) as days(day)"


def finished(execution: str) -> dict[str, Any]:
    athena = boto3.client("athena")
    found: dict[str, Any] = {}

    def is_over() -> bool:
        found.update(athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"])
        return found["Status"]["State"] not in ("QUEUED", "RUNNING")

    wait_until(is_over, "end of the query")
    return found


def engine_state(settings: LocalSettings, marker: str) -> str:
    """The state of the engine's query whose text holds `marker`, apart from the look at its syntax."""

    def is_it(sql: str) -> bool:
        return marker in sql and not sql.startswith("PREPARE")

    queries = requests.get(f"{settings.trino_url}/v1/query", headers={"X-Trino-User": "test"}, timeout=10).json()
    return next((found["state"] for found in queries if is_it(found["query"])), "none")


@pytest.mark.parametrize("write", ["create", "insert", "merge"])
def test_a_write_of_more_than_100_partitions_fails(database: str, write: str) -> None:
    """As a whole: two writers with 75 partitions each are no way around."""
    name = f"parted_{write}"
    statements = {
        "create": make_table(database, f"{name}_more", days(101), "ARRAY['day']"),
        "insert": f"insert into {name} {days(150)}",
        "merge": f"merge into {name} using ({days(150)}) as more on {name}.day = more.day "
        "when not matched then insert (day, n) values (more.day, more.n)",
    }
    query(make_table(database, name, days(100), "ARRAY['day']"), database=database)
    query(f"delete from {name} where day > 1", database=database)
    with pytest.raises(AthenaQueryFailed, match="ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100"):
        query(statements[write], database=database)


def test_a_hive_table_has_the_same_limit_under_its_own_name(database: str) -> None:
    sql = (
        f"create table h with (partitioned_by = ARRAY['d'], external_location = 's3://telcopulse-marts/{database}/h/')"
    )
    with pytest.raises(AthenaQueryFailed, match="HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100"):
        query(f"{sql} as select 1 as n, day as d from ({days(101)})", database=database)


def test_a_query_past_the_workgroups_scan_cut_off_is_cancelled(database: str) -> None:
    query(
        make_table(database, "wide", "select rand() as r from unnest(sequence(1, 1300)), unnest(sequence(1, 1300))"),
        database=database,
    )
    athena = boto3.client("athena")
    group = f"{database}_capped"
    athena.create_work_group(
        Name=group,
        Configuration={
            "ResultConfiguration": {"OutputLocation": "s3://telcopulse-athena-results/capped/"},
            "BytesScannedCutoffPerQuery": SMALLEST_CUT_OFF_BYTES,
        },
    )

    def run(sql: str) -> dict[str, Any]:
        return finished(athena.start_query_execution(QueryString=sql, WorkGroup=group)["QueryExecutionId"])

    capped = run(f"select sum(r) from {database}.wide")
    assert capped["Status"]["State"] == "CANCELLED"
    assert capped["Status"]["StateChangeReason"] == "Bytes scanned limit was exceeded"
    assert capped["Statistics"]["DataScannedInBytes"] > SMALLEST_CUT_OFF_BYTES
    assert run(f"select count(*) from {database}.wide")["Status"]["State"] == "SUCCEEDED"


def test_stop_query_execution_ends_the_engines_query(local_aws: LocalSettings) -> None:
    marker = str(uuid.uuid4().int)[:18]
    athena = boto3.client("athena")
    execution = athena.start_query_execution(QueryString=ENDLESS.format(marker=marker), WorkGroup="adhoc")
    wait_until(lambda: engine_state(local_aws, marker) == "RUNNING", "running query")
    athena.stop_query_execution(QueryExecutionId=execution["QueryExecutionId"])
    stopped = time.monotonic()
    assert finished(execution["QueryExecutionId"])["Status"]["State"] == "CANCELLED"
    wait_until(lambda: engine_state(local_aws, marker) == "FAILED", "cancelled query", timeout_s=15)
    assert time.monotonic() - stopped < 15


def test_a_query_past_its_time_fails_and_ends_in_the_engine(local_aws: LocalSettings) -> None:
    marker = str(uuid.uuid4().int)[:18]
    sql = ENDLESS.format(marker=marker)
    execution = Execution(
        query=sql,
        context=None,
        config=None,
        workgroup=None,
        execution_parameters=None,
        plan=plan(sql),
        base_location="s3://none/",
        limits=Limits.of("DML", None, dml_timeout_s=2),
    )
    with pytest.raises(QueryStopped, match="Query timeout") as stop:
        execution.run_on(TrinoClient(local_aws.trino_url), sql)
    assert stop.value.state == "FAILED"
    wait_until(lambda: engine_state(local_aws, marker) == "FAILED", "cancelled query", timeout_s=15)


@pytest.mark.parametrize(
    ("statement", "step"), [("optimize t rewrite data using bin_pack", "OPTIMIZE"), ("vacuum t", "VACUUM_TABLE")]
)
def test_maintenance_asks_for_more_runs_on_request(
    local_aws: LocalSettings, database: str, statement: str, step: str
) -> None:
    query("drop table if exists t", database=database)
    query(make_table(database, "t", "select 1 as a"), database=database)
    code = f"ICEBERG_{statement.split()[0].upper()}_MORE_RUNS_NEEDED"
    faults = FaultsClient(local_aws.endpoint_url)
    with faults.active("athena", step, resource=statement, code=code, times=2) as fault:
        for _ in range(2):
            with pytest.raises(AthenaQueryFailed, match=code):
                query(statement, database=database)
        query(statement, database=database)
        assert faults.hits(fault) == 2


def test_a_commit_conflict_on_request_is_one_that_clients_retry(local_aws: LocalSettings, database: str) -> None:
    query("drop table if exists t", database=database)
    query(make_table(database, "t", "select 1 as a"), database=database)
    athena = boto3.client("athena")
    with FaultsClient(local_aws.endpoint_url).active("athena", "INSERT", code="ICEBERG_COMMIT_ERROR", times=1):
        execution = athena.start_query_execution(QueryString=f"insert into {database}.t values 2", WorkGroup="adhoc")[
            "QueryExecutionId"
        ]
        status = finished(execution)["Status"]
    assert status["State"] == "FAILED"
    assert status["AthenaError"]["ErrorType"] == 233
    assert status["AthenaError"]["Retryable"]
    assert query(f"select a from {database}.t") == [["1"]]


@pytest.mark.parametrize(
    "sql",
    [
        "create view zoned as select current_timestamp as t",
        "create table zoned as select current_timestamp as t",
        make_table("none", "zoned", "select current_timestamp as t"),
        "create view zoned as select array[current_timestamp] as t",
    ],
)
def test_a_timestamp_with_a_zone_is_stored_nowhere(database: str, sql: str) -> None:
    with pytest.raises(AthenaQueryFailed, match=r"Unsupported Hive type: .*timestamp\(\d\) with time zone"):
        query(sql, database=database)


def test_a_page_has_1_to_1000_rows(local_aws: LocalSettings) -> None:
    athena = boto3.client("athena")
    sql = "select n from unnest(sequence(1, 1500)) as numbers(n) order by n"
    execution = athena.start_query_execution(QueryString=sql, WorkGroup="adhoc")["QueryExecutionId"]
    finished(execution)
    first = athena.get_query_results(QueryExecutionId=execution)
    second = athena.get_query_results(QueryExecutionId=execution, NextToken=first["NextToken"])
    assert [len(page["ResultSet"]["Rows"]) for page in (first, second)] == [1000, 501]
    assert "NextToken" not in second
    with pytest.raises(ClientError, match="MaxResults"):
        athena.get_query_results(QueryExecutionId=execution, MaxResults=1001)
    with pytest.raises(ClientError, match="NextToken"):
        athena.get_query_results(QueryExecutionId=execution, NextToken="no token of ours")
