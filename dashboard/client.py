"""Athena for the dashboard: bound parameters, a row cap and a time limit on every query."""

import concurrent.futures
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from pyathena import connect
from pyathena.async_cursor import AsyncDictCursor
from pyathena.error import Error as PyAthenaError

from dashboard.settings import Settings

# A page shows tables of hundreds of rows; more means a filter is missing.
MAX_ROWS = 5_000
TIMEOUT_S = 20
_POLL_INTERVAL_S = 0.1
_MAX_WORKERS = 8

Row = dict[str, Any]


class QueryError(Exception):
    """Athena could not answer; the text is fit for an analyst."""


class NotBuiltYet(QueryError):
    """A mart is not there: the first refresh has not finished."""


class TooManyRows(QueryError):
    def __init__(self) -> None:
        super().__init__(f"more than {MAX_ROWS:,} rows match: narrow the filters")


class TimedOut(QueryError):
    def __init__(self) -> None:
        super().__init__(f"no answer from Athena within {TIMEOUT_S} s; the query was cancelled")


class MartsClient:
    """One a process: its boto3 clients are shared by all viewers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._connection: Any = None

    def query(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Run a query with `%(name)s` parameters.

        Raises: NotBuiltYet, TooManyRows, TimedOut, QueryError.
        """
        try:
            with self._cursor() as cursor:
                query_id, future = cursor.execute(sql, dict(parameters))
                try:
                    result = future.result(timeout=TIMEOUT_S)
                except concurrent.futures.TimeoutError as error:
                    cursor.cancel(query_id)
                    raise TimedOut from error
                if result.state != "SUCCEEDED":
                    raise _failure(result.state_change_reason or result.state)
                rows: Sequence[Row] = result.fetchmany(MAX_ROWS + 1)
        except (PyAthenaError, OSError) as error:
            raise _failure(str(error)) from error
        if len(rows) > MAX_ROWS:
            raise TooManyRows
        return list(rows)

    def _cursor(self) -> Any:
        with self._lock:
            if self._connection is None:
                self._connection = connect(
                    schema_name=self._settings.schema,
                    work_group=self._settings.work_group,
                    poll_interval=_POLL_INTERVAL_S,
                    cursor_class=AsyncDictCursor,
                )
            return self._connection.cursor(max_workers=_MAX_WORKERS)


def _failure(reason: str) -> QueryError:
    if "TABLE_NOT_FOUND" in reason or "does not exist" in reason:
        return NotBuiltYet("The marts are not there yet: waiting for the first refresh.")
    return QueryError(f"Athena could not answer: {reason[:300]}")
