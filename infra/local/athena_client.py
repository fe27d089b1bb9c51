"""Ask the local Athena as any client would: start, poll, fetch."""

import time

import boto3

from infra.local.settings import LocalError

Row = list[str | None]


class AthenaQueryFailed(LocalError):
    def __init__(self, sql: str, reason: str) -> None:
        super().__init__(f"Athena refused or failed {sql!r}: {reason}")


def query(sql: str, *, database: str = "marts", workgroup: str = "adhoc") -> list[Row]:
    """Run one statement and return its rows (first page, at most 999) as text.

    Raises: AthenaQueryFailed.
    """
    athena = boto3.client("athena")
    execution = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": database}, WorkGroup=workgroup
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            break
        if status["State"] in ("FAILED", "CANCELLED"):
            raise AthenaQueryFailed(sql, status.get("StateChangeReason", status["State"]))
        time.sleep(0.05)
    rows = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"]
    return [[value.get("VarCharValue") for value in row["Data"]] for row in rows[1:]]
