"""moto's Athena backend with executions that really run, each in a thread of its own."""

import logging
import re
import threading
from typing import Any

from botocore.exceptions import ClientError
from moto.athena import models

from infra.local.athena import asker, catalog, reuse, sql, syntax
from infra.local.athena.errors import InvalidRequest, QueryFailed, from_aws, internal_error
from infra.local.athena.execution import Execution, Output
from infra.local.athena.executor import Executor
from infra.local.athena.kept import Kept
from infra.local.athena.limits import DML_TIMEOUT_S, Limits, QueryStopped, cancelled_by_user
from infra.local.athena.sql.text import Refused
from infra.local.athena.trino_client import TrinoClient
from infra.local.settings import ACCOUNT_ID, REGION

log = logging.getLogger("telcopulse.athena")


class TrinoAthenaBackend(models.AthenaBackend):
    """`trino` and `dml_timeout_s` are set by `api.install` before the first backend is made."""

    trino: TrinoClient
    dml_timeout_s: float = DML_TIMEOUT_S
    named_queries: dict[str, models.NamedQuery]
    prepared_statements: dict[tuple[str, str], models.PreparedStatement]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.kept = Kept(self.executions, self.query_results)

    def start_query_execution(
        self,
        query: str,
        context: dict[str, str] | None,
        config: dict[str, Any] | None,
        workgroup: str | None,
        execution_parameters: list[str] | None,
        reuse_minutes: int | None = None,
        token: str | None = None,
    ) -> str:
        """Start an execution, or answer with the one that the same request, by its token, has started.

        Raises: InvalidRequest.
        """
        group = self.existing_work_group(workgroup or "primary")
        if group.state != "ENABLED":
            raise InvalidRequest(f"WorkGroup {group.name} is disabled.")
        try:
            plan = sql.plan(query, (context or {}).get("Database") or "default")
            syntax.refuse_what_does_not_parse(self.trino, plan, query)
        except Refused as refusal:
            log.info("event=refused reason=%r", str(refusal)[:300])
            raise InvalidRequest(str(refusal)) from refusal
        cutoff = group.configuration.get("BytesScannedCutoffPerQuery")
        execution = Execution(
            query=query,
            context=context,
            config=config,
            workgroup=group,
            execution_parameters=execution_parameters,
            plan=plan,
            base_location=_output_location(group, config).rstrip("/") + "/",
            limits=Limits.of(plan.kind, int(cutoff) if cutoff else None, dml_timeout_s=self.dml_timeout_s),
            reuse_minutes=reuse_minutes,
            asked_by=asker.role.get(),
        )
        kept = self.kept.add(execution, token)
        if kept is execution:
            threading.Thread(target=self._run, args=(execution,), daemon=True).start()
        return str(kept.id)

    def existing_work_group(self, name: str) -> models.WorkGroup:
        """Raises: InvalidRequest."""
        group = self.work_groups.get(name)
        if group is None:
            raise InvalidRequest(f"WorkGroup {name} is not found.")
        return group

    def is_empty(self, workgroup: str) -> bool:
        """Whether nothing was run or saved in it."""
        return not (
            any(execution.workgroup.name == workgroup for execution in list(self.executions.values()))
            or any(query.workgroup.name == workgroup for query in self.named_queries.values())
            or any(group == workgroup for group, _ in self.prepared_statements)
        )

    def delete_work_group(self, name: str) -> None:
        """Delete it with its queries; what was run is remembered by its id, as elsewhere."""
        self.named_queries = {key: query for key, query in self.named_queries.items() if query.workgroup.name != name}
        self.prepared_statements = {key: one for key, one in self.prepared_statements.items() if key[0] != name}
        super().delete_work_group(name)

    def stop_query_execution(self, exec_id: str) -> None:
        _stop(self.get_query_execution(exec_id), cancelled_by_user())

    def create_prepared_statement(self, name: str, workgroup: str, sql: str, description: str) -> None:
        """Keep a statement by its workgroup and name; one of the same name is replaced."""
        self.prepared_statements[workgroup, name] = models.PreparedStatement(name, workgroup, sql, description)

    def get_query_execution(self, exec_id: str) -> Execution:
        """Raises: InvalidRequest."""
        execution = self.executions.get(exec_id)
        if not isinstance(execution, Execution):
            raise InvalidRequest(f"QueryExecution {exec_id} was not found")
        return execution

    def _run(self, execution: Execution) -> None:
        asker.role.set(execution.asked_by)
        if not execution.enter("RUNNING"):
            return
        try:
            self.kept.add_result(execution, self._output_of(execution))
            _end(execution, "SUCCEEDED")
        except QueryStopped as stop:
            _stop(execution, stop)
        except QueryFailed as failure:
            _fail(execution, failure)
        except ClientError as error:
            _fail(execution, from_aws(error))
        except Exception as error:
            log.exception("event=internal_error query=%s", execution.id)
            _fail(execution, internal_error(error))

    def _output_of(self, execution: Execution) -> Output:
        """Raises: QueryFailed, QueryStopped, ClientError."""
        earlier = reuse.earlier(list(self.executions.values()), execution)
        output: Output | None = self.query_results.get(earlier.id) if earlier else None
        if earlier is not None and output is not None:
            execution.take_result_of(earlier)
            return output
        output = Executor(self, execution, self.trino).run(execution.plan)
        _write_output(execution, output)
        return output


# moto checks where a backend class comes from.
TrinoAthenaBackend.__module__ = models.__name__


def asking(resource: str) -> set[str]:
    """Whose queries run now that have to do with a Glue resource, `database.table` or `database`.

    Those in or about the database that name the table, if there are any; else those in or about the database; else all.
    `other` is who has no role of its own.
    """
    running = [one for one in list(_backend().executions.values()) if one.end_time is None]
    database, _, table = resource.partition(".")
    about = [one for one in running if one.database == database or _names(one.query, database)]
    naming = [one for one in about if _names(one.query, table)] if table else []
    return {one.asked_by or "other" for one in naming or about or running}


def _names(query: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", query, re.IGNORECASE) is not None


def workgroup_of(execution: str) -> str:
    """The workgroup that a query was asked in; empty for an unknown one."""
    found = _backend().executions.get(execution)
    return str(found.workgroup.name) if found else ""


def _backend() -> TrinoAthenaBackend:
    found: TrinoAthenaBackend = models.athena_backends[ACCOUNT_ID][REGION]
    return found


def _output_location(group: models.WorkGroup, config: dict[str, Any] | None) -> str:
    """Raises: InvalidRequest."""
    of_group = (group.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    of_client = (config or {}).get("OutputLocation")
    is_enforced = str(group.configuration.get("EnforceWorkGroupConfiguration", "")).lower() == "true"
    location = (of_group or of_client) if is_enforced else (of_client or of_group)
    if not location:
        raise InvalidRequest(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    return str(location)


def _write_output(execution: Execution, output: Output) -> None:
    location = execution.config["OutputLocation"]
    if location.endswith((".csv", ".txt")):
        bucket, key = models.bucket_and_name_from_url(location)
        catalog.client("s3").put_object(Bucket=bucket, Key=key, Body=output.file_body())
        catalog.client("s3").put_object(Bucket=bucket, Key=f"{key}.metadata", Body=b"")


def _stop(execution: Execution, stop: QueryStopped) -> None:
    if stop.state == "FAILED":
        _fail(execution, QueryFailed(stop.reason))
    elif execution.enter(stop.state, reason=stop.reason):
        log.info("event=stopped query=%s reason=%r", execution.id, stop.reason)


def _fail(execution: Execution, failure: QueryFailed) -> None:
    error = {
        "ErrorCategory": failure.category,
        "ErrorType": failure.error_type,
        "Retryable": failure.retryable,
        "ErrorMessage": failure.message,
    }
    log.info("event=failed query=%s reason=%r", execution.id, failure.message[:300])
    _end(execution, "FAILED", reason=failure.message, error=error)


def _end(execution: Execution, status: str, **why: Any) -> None:
    if execution.enter(status, **why):
        log.info(
            "event=query id=%s state=%s statement=%s seconds=%.2f",
            execution.id,
            status,
            execution.plan.substatement,
            (execution.end_time or 0) - execution.start_time,
        )
