"""What the refresh loop's runs took, model by model, and what Athena read for them: kept until it is written to the log
refresh_runs, a statement every few minutes.
"""

import re
import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from dbt.adapters.athena.connections import AthenaCursor
from dbt_common.events.contextvars import get_node_info
from pyathena import connect

ALL = "all"
# Of each statement that reads or writes data: https://aws.amazon.com/athena/pricing/ (2026-11).
BILLED_LEAST_BYTES = 10 * 2**20
# A statement has at most 262,144 bytes.
_ROWS_PER_STATEMENT = 500
# About a day's, while Athena takes none; the oldest go first.
_MOST_ROWS = 50_000
_DEFINES = re.compile(r"(alter|create|drop|show|describe)\b", re.IGNORECASE)
_CREATES_WITH_ROWS = re.compile(r"create\s+table\b.*?\bas\s*[(\s]\s*(select|with)\b", re.IGNORECASE | re.DOTALL)

_INSERT = """
insert into refresh_runs (
    run_id, beat, model, started_ts, duration_s, is_ok, changed_row_count, statement_count, scanned_bytes, billed_bytes
)
select
    run_id, beat, model, cast(started_ts as timestamp(6)), duration_s, is_ok, changed_row_count, statement_count,
    scanned_bytes, billed_bytes
from (values {rows}) as v (
    run_id, beat, model, started_ts, duration_s, is_ok, changed_row_count, statement_count, scanned_bytes, billed_bytes
)
"""


@dataclass
class Statements:
    """How many, and their bytes."""

    count: int = 0
    scanned_bytes: int = 0
    billed_bytes: int = 0

    def add(self, sql: str, scanned_bytes: int, *, is_done: bool) -> None:
        self.count += 1
        self.scanned_bytes += scanned_bytes
        if is_done and not only_defines(sql):
            self.billed_bytes += max(scanned_bytes, BILLED_LEAST_BYTES)


@dataclass(frozen=True)
class ModelRun:
    name: str
    duration_s: float
    changed_row_count: int
    is_ok: bool


@dataclass
class StatementCounter:
    """The statements of this process's dbt, by the model that they were run for."""

    _by_model: defaultdict[str, Statements] = field(default_factory=lambda: defaultdict(Statements))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self) -> None:
        """What each statement read is known to the cursor alone."""
        execute = AthenaCursor.execute

        def counted(cursor: AthenaCursor, operation: str, parameters: list[Any] | None = None) -> AthenaCursor:
            is_done = False
            try:
                execute(cursor, operation, parameters)
                is_done = True
            finally:
                self.add(
                    get_node_info().get("node_name") or "", operation, cursor.data_scanned_in_bytes, is_done=is_done
                )
            return cursor

        AthenaCursor.execute = counted

    def add(self, model: str, sql: str, scanned_bytes: int, *, is_done: bool) -> None:
        with self._lock:
            self._by_model[model].add(sql, scanned_bytes, is_done=is_done)

    def take(self) -> dict[str, Statements]:
        """Those since the last call."""
        with self._lock:
            taken, self._by_model = self._by_model, defaultdict(Statements)
        return taken


class RunLog:
    def __init__(self, schema: str, work_group: str, counter: StatementCounter) -> None:
        self._athena: Any = connect(schema_name=schema, work_group=work_group, poll_interval=0.1)
        self._counter = counter
        self._rows = deque[str](maxlen=_MOST_ROWS)

    def add(self, beat: str, started: datetime, duration_s: float, models: Sequence[ModelRun], *, is_ok: bool) -> None:
        """Keep a run that has ended, with the statements since the one before it. `started` is UTC."""
        run_id, asked = str(uuid.uuid4()), self._counter.take()
        of_run = ModelRun(ALL, duration_s, sum(model.changed_row_count for model in models), is_ok)
        for model, statements in [
            (of_run, _sum(asked.values())),
            *((model, asked.get(model.name, Statements())) for model in models),
        ]:
            self._rows.append(
                f"('{run_id}', '{beat}', '{model.name}', timestamp '{started:%Y-%m-%d %H:%M:%S.%f}', "
                f"{model.duration_s:.3f}e0, {str(model.is_ok).lower()}, {model.changed_row_count}, {statements.count}, "
                f"{statements.scanned_bytes}, {statements.billed_bytes})"
            )

    def write(self) -> None:
        """Write what is kept.

        Raises: PyAthena's and botocore's errors: what was not written is kept.
        """
        while self._rows:
            rows = list(islice(self._rows, _ROWS_PER_STATEMENT))
            with self._athena.cursor() as cursor:
                cursor.execute(_INSERT.format(rows=", ".join(rows)))
            for _ in rows:
                self._rows.popleft()


def only_defines(sql: str) -> bool:
    """Whether Athena runs it for nothing."""
    # dbt puts a comment in front.
    statement = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--")).strip()
    return _DEFINES.match(statement) is not None and _CREATES_WITH_ROWS.match(statement) is None


def _sum(statements: Iterable[Statements]) -> Statements:
    total = Statements()
    for one in statements:
        total.count += one.count
        total.scanned_bytes += one.scanned_bytes
        total.billed_bytes += one.billed_bytes
    return total
