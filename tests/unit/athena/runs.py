"""Statements run to their end, in database `d` and workgroup `w`."""

import time
from typing import Any


def start(athena: Any, sql: str, **request: Any) -> str:
    started = athena.start_query_execution(
        QueryString=sql, WorkGroup="w", QueryExecutionContext={"Database": "d"}, **request
    )
    return str(started["QueryExecutionId"])


def status(athena: Any, execution: str) -> dict[str, Any]:
    """How the execution ended."""
    for _ in range(500):
        found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
        if found["State"] not in ("QUEUED", "RUNNING"):
            return found
        time.sleep(0.02)
    raise AssertionError(f"{execution} has not ended: {found}")


def ended(athena: Any, sql: str) -> dict[str, Any]:
    return status(athena, start(athena, sql))


def failed(athena: Any, sql: str) -> str:
    """Why the statement failed."""
    found = ended(athena, sql)
    assert found["State"] == "FAILED", found
    return str(found["StateChangeReason"])


def lines(athena: Any, sql: str) -> list[str]:
    execution = start(athena, sql)
    assert status(athena, execution)["State"] == "SUCCEEDED", status(athena, execution)
    rows = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"]
    return [row["Data"][0].get("VarCharValue", "") for row in rows]
