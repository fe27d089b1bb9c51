"""Athena's calls about prepared statements, which belong to a workgroup."""

import json
from typing import Any

from infra.local.athena import paging
from infra.local.athena.errors import InvalidRequest, ResourceNotFound
from infra.local.athena.paging import Request


def create_prepared_statement(self: Request) -> str:
    name, workgroup = _key(self)
    self.athena_backend.existing_work_group(workgroup)
    if (workgroup, name) in self.athena_backend.prepared_statements:
        raise InvalidRequest(f"PreparedStatement {name} already exists in workGroup {workgroup}")
    description = self._get_param("Description") or ""
    self.athena_backend.create_prepared_statement(name, workgroup, self._get_param("QueryStatement"), description)
    return "{}"


def get_prepared_statement(self: Request) -> str:
    return json.dumps({"PreparedStatement": _shown(_existing(self))})


def batch_get_prepared_statement(self: Request) -> str:
    workgroup, known = self._get_param("WorkGroup"), self.athena_backend.prepared_statements
    asked = self._get_param("PreparedStatementNames")
    missing = [
        {"StatementName": name, "ErrorCode": "STATEMENT_NOT_FOUND", "ErrorMessage": "was not found"}
        for name in asked
        if (workgroup, name) not in known
    ]
    found = [_shown(known[workgroup, name]) for name in asked if (workgroup, name) in known]
    return json.dumps({"PreparedStatements": found, "UnprocessedPreparedStatementNames": missing})


def list_prepared_statements(self: Request) -> str:
    workgroup = self._get_param("WorkGroup")
    found = [
        {"StatementName": one.statement_name, "LastModifiedTime": one.last_modified_time.timestamp()}
        for one in self.athena_backend.prepared_statements.values()
        if one.workgroup == workgroup
    ]
    return json.dumps(paging.of(self, "PreparedStatements", found))


def update_prepared_statement(self: Request) -> str:
    statement = _existing(self)
    statement.query_statement = self._get_param("QueryStatement")
    statement.description = self._get_param("Description") or statement.description
    return "{}"


def delete_prepared_statement(self: Request) -> str:
    _existing(self)
    name, workgroup = _key(self)
    del self.athena_backend.prepared_statements[workgroup, name]
    return "{}"


HANDLERS = (
    create_prepared_statement,
    get_prepared_statement,
    batch_get_prepared_statement,
    list_prepared_statements,
    update_prepared_statement,
    delete_prepared_statement,
)


def _key(self: Request) -> tuple[str, str]:
    return self._get_param("StatementName"), self._get_param("WorkGroup")


def _existing(self: Request) -> Any:
    """Raises: ResourceNotFound."""
    name, workgroup = _key(self)
    statement = self.athena_backend.prepared_statements.get((workgroup, name))
    if statement is None:
        raise ResourceNotFound(f"PreparedStatement {name} was not found in workGroup {workgroup}")
    return statement


def _shown(statement: Any) -> dict[str, Any]:
    return {
        "StatementName": statement.statement_name,
        "QueryStatement": statement.query_statement,
        "WorkGroupName": statement.workgroup,
        "Description": statement.description,
        "LastModifiedTime": statement.last_modified_time.timestamp(),
    }
