"""Executions end once, are remembered within bounds, and a request that is repeated starts nothing new."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.athena import kept
from infra.local.athena.execution import Execution
from infra.local.athena.limits import Limits
from infra.local.athena.sql import plan
from tests.unit.athena.conftest import Engine
from tests.unit.athena.runs import ended, start, status

TOKEN = "t" * 32


class Group:
    name = "w"


def make_execution() -> Execution:
    return Execution(
        query="select 1",
        context=None,
        config=None,
        workgroup=Group(),
        execution_parameters=None,
        plan=plan("select 1"),
        base_location="s3://results/",
        limits=Limits.of("DML", None),
    )


def test_the_first_end_of_an_execution_is_the_last_word() -> None:
    execution = make_execution()
    assert execution.enter("CANCELLED", reason="stopped")
    assert not execution.enter("RUNNING")
    assert not execution.enter("SUCCEEDED")
    assert (execution.status, execution.reason) == ("CANCELLED", "stopped")


def test_an_execution_that_is_stopped_stays_so_when_the_engine_answers(athena: Any, engine: Engine) -> None:
    engine.go_on.clear()
    execution = start(athena, "select 1")
    athena.stop_query_execution(QueryExecutionId=execution)
    engine.go_on.set()
    for thread in threading.enumerate():
        if thread.name.endswith("(_run)"):
            thread.join(10)
    assert status(athena, execution)["State"] == "CANCELLED"


def test_executions_are_forgotten_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_EXECUTIONS", 5)
    executions: dict[str, Any] = {}
    remembered = kept.Kept(executions, {})

    def add_one(number: int) -> None:
        execution = make_execution()
        execution.enter("SUCCEEDED")
        remembered.add(execution, f"token {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(300)))
    assert len(executions) == 5
    assert len(remembered._by_token) == 5


def test_rows_that_are_gone_are_said_to_be_in_s3(athena: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_RESULTS", 2)
    first = start(athena, "select 1")
    status(athena, first)
    last = [start(athena, f"select {number}") for number in (2, 3)]
    assert [status(athena, one)["State"] for one in last] == ["SUCCEEDED"] * 2
    with pytest.raises(ClientError, match=f"s3://results/{first}.csv"):
        athena.get_query_results(QueryExecutionId=first)
    assert athena.get_query_results(QueryExecutionId=last[-1])["ResultSet"]["Rows"]


def test_a_request_that_is_repeated_is_the_same_execution(athena: Any, engine: Engine) -> None:
    first = start(athena, "select 1", ClientRequestToken=TOKEN)
    status(athena, first)
    assert start(athena, "select 1", ClientRequestToken=TOKEN) == first
    assert engine.statements == ["select 1"]


def test_a_token_of_another_request_is_refused(athena: Any) -> None:
    start(athena, "select 1", ClientRequestToken=TOKEN)
    with pytest.raises(ClientError, match="Idempotent parameters do not match") as refusal:
        start(athena, "select 2", ClientRequestToken=TOKEN)
    assert refusal.value.response["Error"]["Code"] == "InvalidRequestException"


def test_unload_needs_no_database(athena: Any, engine: Engine) -> None:
    sql = "unload (select 1 as a) to 's3://results/x/' with (format = 'textfile', field_delimiter = '|')"
    assert ended(athena, sql)["State"] == "SUCCEEDED"
    assert "textfile_field_separator='|'" in engine.statements[0]
    assert ".unloaded WITH (external_location='s3://results/x/'" in engine.statements[0]
