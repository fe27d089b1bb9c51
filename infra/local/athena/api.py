"""Athena's wire format: the calls that moto lacks or answers from scripts. Each handler returns the call's JSON."""

import json
import os
from typing import Any

from moto.athena import models, responses

from infra.local.athena import api_catalog, api_named, api_prepared, api_workgroups, asker, paging, reuse
from infra.local.athena.api_workgroups import ENGINE_VERSION
from infra.local.athena.backend import TrinoAthenaBackend
from infra.local.athena.errors import InvalidRequest
from infra.local.athena.limits import DML_TIMEOUT_S
from infra.local.athena.paging import Request
from infra.local.athena.trino_client import TrinoClient

_MAX_ROWS = 1000


def install(*, trino_url: str, endpoint_url: str, dml_timeout_s: float = DML_TIMEOUT_S) -> None:
    """Put Athena on the Trino at `trino_url` into this process's moto, whose own address is `endpoint_url`.

    Call once, before the server starts.
    """
    os.environ["AWS_ENDPOINT_URL"] = endpoint_url
    TrinoAthenaBackend.trino = TrinoClient(trino_url)
    TrinoAthenaBackend.dml_timeout_s = dml_timeout_s
    models.athena_backends.backend = TrinoAthenaBackend
    for account in list(models.athena_backends.keys()):
        models.athena_backends[account].backend = TrinoAthenaBackend
    apis = (api_catalog, api_named, api_prepared, api_workgroups)
    for handler in (*_HANDLERS, *(handler for api in apis for handler in api.HANDLERS)):
        setattr(responses.AthenaResponse, handler.__name__, asker.on_behalf(handler))


def start_query_execution(self: Request) -> str:
    execution = self.athena_backend.start_query_execution(
        query=self._get_param("QueryString"),
        context=self._get_param("QueryExecutionContext"),
        config=self._get_param("ResultConfiguration"),
        workgroup=self._get_param("WorkGroup"),
        execution_parameters=self._get_param("ExecutionParameters"),
        reuse_minutes=reuse.minutes_asked(self._get_param("ResultReuseConfiguration")),
        token=self._get_param("ClientRequestToken"),
    )
    return json.dumps({"QueryExecutionId": execution})


def get_query_execution(self: Request) -> str:
    execution = self.athena_backend.get_query_execution(self._get_param("QueryExecutionId"))
    return json.dumps({"QueryExecution": execution.to_json()})


def batch_get_query_execution(self: Request) -> str:
    known, asked = self.athena_backend.executions, self._get_param("QueryExecutionIds")
    missing = [
        {"QueryExecutionId": execution, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "was not found"}
        for execution in asked
        if execution not in known
    ]
    found = [known[execution].to_json() for execution in asked if execution in known]
    return json.dumps({"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing})


def get_query_results(self: Request) -> str:
    execution = self.athena_backend.get_query_execution(self._get_param("QueryExecutionId"))
    if execution.status in ("QUEUED", "RUNNING"):
        raise InvalidRequest(f"Query has not yet finished. Current state: {execution.status}")
    if execution.status != "SUCCEEDED":
        raise InvalidRequest(f"Query did not finish successfully. Final query state: {execution.status}")
    size, start = paging.asked_for(self, default=_MAX_ROWS, largest=_MAX_ROWS)
    output = self.athena_backend.kept.result(execution)
    rows = output.all_rows
    page = [
        {"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows[start:][:size]
    ]
    answer: dict[str, Any] = {
        "ResultSet": {"Rows": page, "ResultSetMetadata": {"ColumnInfo": output.columns}},
        "UpdateCount": execution.update_count,
    }
    if start + size < len(rows):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


def list_query_executions(self: Request) -> str:
    workgroup = self._get_param("WorkGroup") or "primary"
    executions = reversed(list(self.athena_backend.executions.values()))
    found = [execution.id for execution in executions if execution.workgroup.name == workgroup]
    return json.dumps(paging.of(self, "QueryExecutionIds", found))


def get_query_runtime_statistics(self: Request) -> str:
    execution = self.athena_backend.get_query_execution(self._get_param("QueryExecutionId"))
    statistics = execution.to_json()["Statistics"]
    output = self.athena_backend.query_results.get(execution.id)
    rows = {
        "InputRows": int(execution.engine_stats.get("processedRows", 0)),
        "InputBytes": int(execution.engine_stats.get("physicalInputBytes", 0)),
        "OutputBytes": int(execution.engine_stats.get("physicalWrittenBytes", 0)),
        "OutputRows": len(output.rows) if output else 0,
    }
    timeline = {key: value for key, value in statistics.items() if key.endswith("InMillis")}
    return json.dumps({"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}})


def list_engine_versions(self: Request) -> str:
    selected = [
        {"SelectedEngineVersion": name, "EffectiveEngineVersion": ENGINE_VERSION} for name in ("AUTO", ENGINE_VERSION)
    ]
    return json.dumps({"EngineVersions": selected})


_HANDLERS = (
    start_query_execution,
    get_query_execution,
    batch_get_query_execution,
    get_query_results,
    list_query_executions,
    get_query_runtime_statistics,
    list_engine_versions,
)
