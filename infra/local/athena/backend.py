"""moto's Athena backend with executions that really run, each in a thread of its own."""

import logging
import threading
import time
from typing import Any

from botocore.exceptions import ClientError
from moto.athena import models

from infra.local.athena import catalog, reuse, sql, syntax
from infra.local.athena.errors import InvalidRequest, QueryFailed, from_aws, internal_error
from infra.local.athena.execution import Execution, Output
from infra.local.athena.executor import Executor
from infra.local.athena.limits import QueryStopped, cancelled_by_user
from infra.local.athena.sql.text import Refused
from infra.local.athena.trino_client import TrinoClient

# AWS keeps 45 days of history; here memory is the limit, and a result that is gone still stands in S3.
KEPT_EXECUTIONS = 2_000

log = logging.getLogger("telcopulse.athena")


class TrinoAthenaBackend(models.AthenaBackend):
    """`trino` is set by `api.install` before the first backend is made."""

    trino: TrinoClient

    def start_query_execution(
        self,
        query: str,
        context: dict[str, str] | None,
        config: dict[str, Any] | None,
        workgroup: str | None,
        execution_parameters: list[str] | None,
        reuse_minutes: int | None = None,
    ) -> str:
        """Raises: InvalidRequest."""
        group = self.work_groups.get(workgroup or "primary")
        if group is None:
            raise InvalidRequest(f"WorkGroup {workgroup} is not found.")
        if group.state != "ENABLED":
            raise InvalidRequest(f"WorkGroup {group.name} is disabled.")
        try:
            plan = sql.plan(query, (context or {}).get("Database") or "default")
            syntax.refuse_what_does_not_parse(self.trino, plan, query)
        except Refused as refusal:
            log.info("event=refused reason=%r", str(refusal)[:300])
            raise InvalidRequest(str(refusal)) from refusal
        limit = group.configuration.get("BytesScannedCutoffPerQuery")
        execution = Execution(
            query=query,
            context=context,
            config=config,
            workgroup=group,
            execution_parameters=execution_parameters,
            plan=plan,
            base_location=_output_location(group, config).rstrip("/") + "/",
            scan_limit_bytes=int(limit) if limit else None,
            reuse_minutes=reuse_minutes,
        )
        self.executions[execution.id] = execution
        self._forget_oldest()
        threading.Thread(target=self._run, args=(execution,), daemon=True).start()
        return str(execution.id)

    def stop_query_execution(self, exec_id: str) -> None:
        execution = self.get_query_execution(exec_id)
        if execution.end_time is None:
            _stop(execution, cancelled_by_user())

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
        if execution.status == "CANCELLED":
            return
        execution.status = "RUNNING"
        try:
            earlier = reuse.earlier(list(self.executions.values()), execution)
            if earlier is None:
                output = Executor(self, execution, self.trino).run(execution.plan)
                _write_output(execution, output)
            else:
                output = self.query_results[earlier.id]
                execution.take_result_of(earlier)
            self.query_results[execution.id] = output
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

    def _forget_oldest(self) -> None:
        for old in list(self.executions)[: max(0, len(self.executions) - KEPT_EXECUTIONS)]:
            if self.executions[old].end_time is not None:
                del self.executions[old]
                self.query_results.pop(old, None)


# moto checks where a backend class comes from.
TrinoAthenaBackend.__module__ = models.__name__


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
    elif execution.status != "CANCELLED":
        execution.status, execution.reason = stop.state, stop.reason
        execution.end_time = time.time()
        log.info("event=stopped query=%s reason=%r", execution.id, stop.reason)


def _fail(execution: Execution, failure: QueryFailed) -> None:
    if execution.status == "CANCELLED":
        return
    execution.reason = failure.message
    execution.error = {
        "ErrorCategory": failure.category,
        "ErrorType": failure.error_type,
        "Retryable": failure.retryable,
        "ErrorMessage": failure.message,
    }
    log.info("event=failed query=%s reason=%r", execution.id, failure.message[:300])
    _end(execution, "FAILED")


def _end(execution: Execution, status: str) -> None:
    if execution.status == "CANCELLED":
        return
    execution.end_time = time.time()
    execution.status = status
    log.info(
        "event=query id=%s state=%s statement=%s seconds=%.2f",
        execution.id,
        status,
        execution.plan.substatement,
        execution.end_time - execution.start_time,
    )
