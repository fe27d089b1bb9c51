"""Trino's REST protocol, with values as the engine wrote them: numbers stay text."""

import json
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

_POOL_SIZE = 64
_USER = "athena"
_REQUEST_TIMEOUT_S = 600
_BUSY = (502, 503, 504)
# In its first seconds the engine may lose sight of its only node: https://github.com/trinodb/trino/issues/2214
_NO_NODES, _NO_NODES_TIMEOUT_S, _NO_NODES_PAUSE_S = "NO_NODES_AVAILABLE", 30, 0.5


class TrinoError(Exception):
    """A query that the engine failed: `name` such as TABLE_NOT_FOUND, `kind` such as USER_ERROR."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.name: str = error.get("errorName", "GENERIC_INTERNAL_ERROR")
        self.kind: str = error.get("errorType", "INTERNAL_ERROR")
        self.message: str = error.get("message", "")
        super().__init__(f"{self.name}: {self.message}")


@dataclass
class TrinoResult:
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    update_count: int | None = None
    stats: dict[str, Any] = field(default_factory=dict)


class TrinoClient:
    """One per server; safe to share between threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.mount("http://", requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=_POOL_SIZE))

    def run(
        self,
        sql: str,
        *,
        catalog: str,
        schema: str,
        user: str | None = None,
        session: Mapping[str, str] | None = None,
        prepared: Mapping[str, str] | None = None,
        should_stop: Callable[[dict[str, Any]], Exception | None] = lambda stats: None,
    ) -> TrinoResult:
        """Run one statement to its end; one that found no node to run on has changed nothing and is run again.

        `should_stop` sees the statistics so far, at least once a second, and may return an error: the query is then
        cancelled in the engine and the error raised.
        Raises: TrinoError.
        """
        headers = self._headers(user or _USER, catalog, schema, session or {}, prepared or {})
        deadline = time.monotonic() + _NO_NODES_TIMEOUT_S
        while True:
            try:
                return self._run_once(sql, headers, should_stop)
            except TrinoError as error:
                if error.name != _NO_NODES or time.monotonic() > deadline:
                    raise
            time.sleep(_NO_NODES_PAUSE_S)

    def _run_once(
        self, sql: str, headers: Mapping[str, str], should_stop: Callable[[dict[str, Any]], Exception | None]
    ) -> TrinoResult:
        result = TrinoResult()
        answer = self._post(sql, headers)
        while True:
            page = json.loads(answer.content.decode("utf-8"), parse_float=str, parse_int=str)
            if "error" in page:
                raise TrinoError(page["error"])
            result.columns = page.get("columns") or result.columns
            result.rows += page.get("data") or []
            result.stats = page.get("stats") or result.stats
            if page.get("updateCount") is not None:
                result.update_count = int(page["updateCount"])
            following = page.get("nextUri")
            if not following:
                return result
            stop = should_stop(result.stats)
            if stop is not None:
                self._http.delete(following, headers=headers, timeout=_REQUEST_TIMEOUT_S)
                raise stop
            answer = self._get(following, headers)

    def _headers(
        self, user: str, catalog: str, schema: str, session: Mapping[str, str], prepared: Mapping[str, str]
    ) -> dict[str, str]:
        headers = {
            "X-Trino-User": user,
            "X-Trino-Catalog": catalog,
            "X-Trino-Schema": schema,
            "X-Trino-Source": "athena",
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME,PATH",
            "Content-Type": "text/plain; charset=utf-8",
        }
        if session:
            headers["X-Trino-Session"] = _pairs(session)
        if prepared:
            headers["X-Trino-Prepared-Statement"] = _pairs(prepared)
        return headers

    def _post(self, sql: str, headers: Mapping[str, str]) -> requests.Response:
        try:
            answer = self._http.post(
                f"{self._url}/v1/statement", data=sql.encode(), headers=headers, timeout=_REQUEST_TIMEOUT_S
            )
            answer.raise_for_status()
        except requests.RequestException as error:
            raise _unreachable(error) from error
        return answer

    def _get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        try:
            answer = self._http.get(url, headers=headers, timeout=_REQUEST_TIMEOUT_S)
            while answer.status_code in _BUSY:
                time.sleep(0.05)
                answer = self._http.get(url, headers=headers, timeout=_REQUEST_TIMEOUT_S)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise _unreachable(error) from error
        return answer


def _pairs(values: Mapping[str, str]) -> str:
    return ",".join(f"{key}={urllib.parse.quote(str(value))}" for key, value in values.items())


def _unreachable(error: Exception) -> TrinoError:
    return TrinoError({"errorName": "SERVER_UNAVAILABLE", "message": f"the engine did not answer: {error}"})
