"""Athena's wire format: the calls that moto lacks or answers from scripts. Each handler returns the call's JSON."""

import json
import os
import re
from typing import Any, TypeAlias

from botocore.exceptions import ClientError
from moto.athena import models, responses

from infra.local.athena import catalog, reuse
from infra.local.athena.backend import TrinoAthenaBackend
from infra.local.athena.errors import InvalidRequest, MetadataError, ResourceNotFound
from infra.local.athena.trino_client import TrinoClient

_MAX_ROWS = 1000
_LISTED = 50
_ENGINE_VERSION = "Athena engine version 3"
_CATALOG = "awsdatacatalog"

Request: TypeAlias = Any  # moto's AthenaResponse, which ships no types


def install(*, trino_url: str, endpoint_url: str) -> None:
    """Put Athena on the Trino at `trino_url` into this process's moto, whose own address is `endpoint_url`.

    Call once, before the server starts.
    """
    os.environ["AWS_ENDPOINT_URL"] = endpoint_url
    TrinoAthenaBackend.trino = TrinoClient(trino_url)
    models.athena_backends.backend = TrinoAthenaBackend
    for account in list(models.athena_backends.keys()):
        models.athena_backends[account].backend = TrinoAthenaBackend
    for handler in _HANDLERS:
        setattr(responses.AthenaResponse, handler.__name__, handler)


def start_query_execution(self: Request) -> str:
    token = self._get_param("ClientRequestToken")
    seen: dict[str, str] = self.athena_backend.__dict__.setdefault("_request_tokens", {})
    if token in seen and seen[token] in self.athena_backend.executions:
        return json.dumps({"QueryExecutionId": seen[token]})
    execution = self.athena_backend.start_query_execution(
        query=self._get_param("QueryString"),
        context=self._get_param("QueryExecutionContext"),
        config=self._get_param("ResultConfiguration"),
        workgroup=self._get_param("WorkGroup"),
        execution_parameters=self._get_param("ExecutionParameters"),
        reuse_minutes=reuse.minutes_asked(self._get_param("ResultReuseConfiguration")),
    )
    if token:
        seen[token] = execution
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
    size, start = _page(self, default=_MAX_ROWS, largest=_MAX_ROWS)
    output = self.athena_backend.query_results[execution.id]
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
    size, start = _page(self, default=_LISTED, largest=_LISTED)
    executions = reversed(list(self.athena_backend.executions.values()))
    found = [execution.id for execution in executions if execution.workgroup.name == workgroup]
    answer: dict[str, Any] = {"QueryExecutionIds": found[start : start + size]}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


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
        {"SelectedEngineVersion": name, "EffectiveEngineVersion": _ENGINE_VERSION} for name in ("AUTO", _ENGINE_VERSION)
    ]
    return json.dumps({"EngineVersions": selected})


def get_data_catalog(self: Request) -> str:
    name = self._get_param("Name")
    if name.lower() == _CATALOG:
        found = {"Name": name, "Type": "GLUE", "Parameters": {"catalog-id": self.current_account}}
    else:
        found = self.athena_backend.get_data_catalog(name)
    if not found:
        raise InvalidRequest(f"DataCatalog {name} was not found")
    return json.dumps({"DataCatalog": found})


def list_databases(self: Request) -> str:
    return json.dumps({"DatabaseList": [_database(database) for database in catalog.databases()]})


def get_database(self: Request) -> str:
    try:
        found = catalog.client("glue").get_database(Name=self._get_param("DatabaseName"))["Database"]
    except ClientError as error:
        raise MetadataError(str(error)) from error
    return json.dumps({"Database": _database(found)})


def get_table_metadata(self: Request) -> str:
    name = self._get_param("TableName")
    table = catalog.find_table(self._get_param("DatabaseName"), name)
    if table is None:
        raise MetadataError(f"EntityNotFoundException: Table {name} not found.")
    return json.dumps({"TableMetadata": _table_metadata(table)})


def list_table_metadata(self: Request) -> str:
    expression = self._get_param("Expression")
    found = [
        _table_metadata(table)
        for table in catalog.tables(self._get_param("DatabaseName"))
        if not expression or re.fullmatch(expression, table["Name"])
    ]
    return json.dumps({"TableMetadataList": found})


def get_prepared_statement(self: Request) -> str:
    statement = _prepared(self)
    found = {
        "StatementName": statement.statement_name,
        "QueryStatement": statement.query_statement,
        "WorkGroupName": _workgroup_name(statement),
        "Description": statement.description or "",
        "LastModifiedTime": statement.last_modified_time.timestamp(),
    }
    return json.dumps({"PreparedStatement": found})


def list_prepared_statements(self: Request) -> str:
    workgroup = self._get_param("WorkGroup")
    found = [
        {"StatementName": one.statement_name, "LastModifiedTime": one.last_modified_time.timestamp()}
        for one in self.athena_backend.prepared_statements.values()
        if _workgroup_name(one) == workgroup
    ]
    return json.dumps({"PreparedStatements": found})


def update_prepared_statement(self: Request) -> str:
    _prepared(self).query_statement = self._get_param("QueryStatement")
    return "{}"


def delete_prepared_statement(self: Request) -> str:
    _prepared(self)
    del self.athena_backend.prepared_statements[self._get_param("StatementName")]
    return "{}"


_HANDLERS = (
    start_query_execution,
    get_query_execution,
    batch_get_query_execution,
    get_query_results,
    list_query_executions,
    get_query_runtime_statistics,
    list_engine_versions,
    get_data_catalog,
    list_databases,
    get_database,
    get_table_metadata,
    list_table_metadata,
    get_prepared_statement,
    list_prepared_statements,
    update_prepared_statement,
    delete_prepared_statement,
)


def _page(self: Request, *, default: int, largest: int) -> tuple[int, int]:
    """The asked page's size and first row.

    Raises: InvalidRequest.
    """
    asked, token = self._get_param("MaxResults"), self._get_param("NextToken")
    size = default if asked is None else int(asked)
    if not 1 <= size <= largest:
        raise InvalidRequest(f"MaxResults is {size}: it must be from 1 to the maximum allowed length {largest}")
    if token and not str(token).isdigit():
        raise InvalidRequest(f"NextToken {token!r} is not valid")
    return size, int(token or 0)


def _prepared(self: Request) -> Any:
    name, workgroup = self._get_param("StatementName"), self._get_param("WorkGroup")
    statement = self.athena_backend.prepared_statements.get(name)
    if statement is None:
        raise ResourceNotFound(f"PreparedStatement {name} was not found in workGroup {workgroup}")
    return statement


def _workgroup_name(statement: Any) -> str:
    return str(getattr(statement.workgroup, "name", statement.workgroup))


def _database(database: dict[str, Any]) -> dict[str, Any]:
    return {key: database[key] for key in ("Name", "Description", "Parameters") if database.get(key)}


def _table_metadata(table: catalog.Table) -> dict[str, Any]:
    return {
        "Name": table["Name"],
        "CreateTime": table["CreateTime"].timestamp(),
        "TableType": table.get("TableType", ""),
        "Columns": [_column(column) for column in table.get("StorageDescriptor", {}).get("Columns", [])],
        "PartitionKeys": [_column(column) for column in table.get("PartitionKeys", [])],
        "Parameters": table.get("Parameters", {}),
    }


def _column(column: dict[str, Any]) -> dict[str, Any]:
    return {key: column[key] for key in ("Name", "Type", "Comment") if column.get(key)}
