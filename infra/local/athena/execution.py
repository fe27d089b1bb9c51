"""One query execution: its state, and running statements for it on the engine."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from moto.athena import models

from infra.local.athena import types
from infra.local.athena.errors import from_trino
from infra.local.athena.limits import Limits, QueryStopped, cancelled_by_user
from infra.local.athena.sql.text import ICEBERG, Name, Plan
from infra.local.athena.trino_client import TrinoClient, TrinoError, TrinoResult

_FILE_ENDINGS = {
    "SELECT": ".csv",
    "EXPLAIN": ".csv",
    **dict.fromkeys(("INSERT", "UNLOAD", "UPDATE", "DELETE", "MERGE"), ""),
}
_READING = ("query", "explain")
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
_WITH_MANIFEST = ("INSERT", "CREATE_TABLE_AS_SELECT", "UNLOAD")


class Execution(models.Execution):
    """moto's record of an execution, with a life of its own instead of moto's scripted states."""

    # Takes the place of moto's property, which moves the state on at each look.
    status = "QUEUED"

    def __init__(
        self,
        *,
        plan: Plan,
        base_location: str,
        limits: Limits,
        reuse_minutes: int | None = None,
        asked_by: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._lock = threading.Lock()
        self.plan = plan
        self.base_location = base_location
        self.reuse_minutes = reuse_minutes
        self.asked_by = asked_by
        self.is_reuse = False
        self.limits = limits
        self.end_time: float | None = None
        self.reason: str | None = None
        self.error: dict[str, Any] | None = None
        self.engine_stats: dict[str, Any] = {}
        self.update_count = 0
        is_table = plan.substatement == "CREATE_TABLE_AS_SELECT"
        ending = _FILE_ENDINGS.get(plan.substatement, ".txt")
        location = f"{base_location}tables/{self.id}" if is_table else f"{base_location}{self.id}{ending}"
        self.config: dict[str, Any] = {**(kwargs["config"] or {}), "OutputLocation": location}

    @property
    def request(self) -> tuple[Any, ...]:
        """What a client that repeats a request, under the same token, must repeat."""
        return self.query, self.context, self.workgroup.name, self.execution_parameters, self.base_location

    def enter(self, status: str, *, reason: str | None = None, error: dict[str, Any] | None = None) -> bool:
        """Move on to `status`, unless another thread has ended the execution: the first end is the last word."""
        with self._lock:
            if self.end_time is not None:
                return False
            self.reason, self.error = reason, error
            if status in _FINAL:
                self.end_time = time.time()
            self.status = status
            return True

    @property
    def database(self) -> str:
        return ((self.context or {}).get("Database") or "default").lower()

    @property
    def manifest_location(self) -> str | None:
        return f"{self.base_location}{self.id}-manifest.csv" if self.plan.substatement in _WITH_MANIFEST else None

    def run_on(self, trino: TrinoClient, sql: str, **options: Any) -> TrinoResult:
        """Run one statement for this execution; cancelling it or passing a limit stops the engine's query.

        Raises: QueryFailed, QueryStopped.
        """
        try:
            result = trino.run(
                sql,
                catalog=ICEBERG,
                schema=self.database,
                user=self.asked_by,
                should_stop=self._should_stop,
                **options,
            )
        except TrinoError as error:
            raise from_trino(error) from error
        self.engine_stats = result.stats or self.engine_stats
        # A quick query ends between two looks at its statistics. A quick write has committed: that cannot be undone.
        stop = self.limits.exceeded(result.stats) if self.plan.operation in _READING else None
        if stop is not None:
            raise stop
        return result

    def name_of(self, target: Name) -> tuple[str, str]:
        return (target[0] if len(target) > 1 else self.database), target[-1]

    def take_result_of(self, earlier: "Execution") -> None:
        """Answer with the result of `earlier`, which scanned its bytes then."""
        self.is_reuse = True
        self.config = {**self.config, "OutputLocation": earlier.config["OutputLocation"]}

    def _reuse_by_age(self) -> dict[str, Any]:
        if self.reuse_minutes is None:
            return {"Enabled": False}
        return {"Enabled": True, "MaxAgeInMinutes": self.reuse_minutes}

    def _should_stop(self, stats: dict[str, Any]) -> QueryStopped | None:
        if self.status == "CANCELLED":
            return cancelled_by_user()
        self.engine_stats = stats or self.engine_stats
        return self.limits.exceeded(stats)

    def to_json(self) -> dict[str, Any]:
        """GetQueryExecution's answer."""
        elapsed_ms = int(((self.end_time or time.time()) - self.start_time) * 1000)
        engine_ms = min(elapsed_ms, int(self.engine_stats.get("elapsedTimeMillis", elapsed_ms)))
        # On AWS no query waits less than that; clients take 0 for a missing figure.
        queued_ms = max(1, int(self.engine_stats.get("queuedTimeMillis", 0)))
        statistics = {
            "EngineExecutionTimeInMillis": engine_ms,
            "DataScannedInBytes": int(self.engine_stats.get("physicalInputBytes", 0)),
            "TotalExecutionTimeInMillis": elapsed_ms,
            "QueryQueueTimeInMillis": queued_ms,
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": max(0, elapsed_ms - engine_ms - queued_ms),
            "ResultReuseInformation": {"ReusedPreviousResult": self.is_reuse},
        }
        if self.manifest_location:
            statistics["DataManifestLocation"] = self.manifest_location
        status = {"State": self.status, "SubmissionDateTime": self.start_time}
        if self.end_time is not None:
            status["CompletionDateTime"] = self.end_time
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.error:
            status["AthenaError"] = self.error
        answer = {
            "QueryExecutionId": self.id,
            "Query": self.query,
            "StatementType": self.plan.kind,
            "SubstatementType": self.plan.substatement,
            "ResultConfiguration": self.config,
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": self._reuse_by_age()},
            "QueryExecutionContext": self.context or {},
            "Status": status,
            "Statistics": statistics,
            "WorkGroup": self.workgroup.name,
            "EngineVersion": {
                "SelectedEngineVersion": "AUTO",
                "EffectiveEngineVersion": "Athena engine version 3",
            },
        }
        if self.execution_parameters:
            answer["ExecutionParameters"] = self.execution_parameters
        return answer


@dataclass
class Output:
    """What a statement returns: `columns` as ColumnInfo, `rows` as texts; a header row stands before a query's rows."""

    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    has_header: bool = False

    @classmethod
    def of_query(cls, result: TrinoResult) -> "Output":
        signatures = [column["typeSignature"] for column in result.columns]
        rows = [[types.text(value, kind) for value, kind in zip(row, signatures, strict=True)] for row in result.rows]
        return cls([types.column_info(column) for column in result.columns], rows, has_header=True)

    @classmethod
    def of_lines(cls, names: list[str], rows: list[list[str]]) -> "Output":
        """Utility statements: one tab-separated line a row."""
        return cls([types.string_column(name) for name in names], [["\t".join(row)] for row in rows])

    @classmethod
    def of_count(cls) -> "Output":
        return cls([{**types.string_column("rows", "bigint"), "Precision": 19}])

    @property
    def all_rows(self) -> list[list[str | None]]:
        header: list[list[str | None]] = [[column["Name"] for column in self.columns]] if self.has_header else []
        return header + self.rows

    def file_body(self) -> bytes:
        """The text that Athena writes to the output location."""
        if not self.has_header:
            return "".join(f"{row[0]}\n" for row in self.rows).encode()
        return "".join(",".join(_csv_value(value) for value in row) + "\n" for row in self.all_rows).encode()


def _csv_value(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'
