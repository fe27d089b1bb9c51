"""What is remembered of executions, within bounds, for it is in memory; a result that is gone still stands in S3."""

import threading
from typing import Any

from infra.local.athena.errors import InvalidRequest
from infra.local.athena.execution import Execution, Output

# AWS keeps 45 days of history.
KEPT_EXECUTIONS = 2_000
KEPT_RESULTS = 200


class ResultGone(InvalidRequest):
    def __init__(self, execution: Execution) -> None:
        super().__init__(
            f"The local Athena keeps the rows of the last {KEPT_RESULTS} results; those of {execution.id} are at "
            f"{execution.config['OutputLocation']}"
        )


class Kept:
    """Executions, the rows of the newest results, and the tokens of requests; safe to share between threads.

    `executions` and `results` are moto's own dictionaries, which others read.
    """

    def __init__(self, executions: dict[str, Any], results: dict[str, Any]) -> None:
        self._executions, self._results = executions, results
        self._by_token: dict[str, Execution] = {}
        self._lock = threading.Lock()

    def add(self, execution: Execution, token: str | None) -> Execution:
        """Keep a new execution; answers with the earlier one of the same request, if there is one.

        Raises: InvalidRequest: the token came with another request.
        """
        with self._lock:
            earlier = self._by_token.get(token or "")
            if earlier is not None:
                if earlier.request != execution.request:
                    raise InvalidRequest("Idempotent parameters do not match")
                return earlier
            self._executions[execution.id] = execution
            if token:
                self._by_token[token] = execution
            self._forget_oldest()
            return execution

    def add_result(self, execution: Execution, output: Output) -> None:
        with self._lock:
            self._results[execution.id] = output
            for old in list(self._results)[:-KEPT_RESULTS]:
                self._results.pop(old, None)

    def result(self, execution: Execution) -> Output:
        """Raises: ResultGone."""
        output: Output | None = self._results.get(execution.id)
        if output is None:
            raise ResultGone(execution)
        return output

    def _forget_oldest(self) -> None:
        surplus = len(self._executions) - KEPT_EXECUTIONS
        ended = [one.id for one in list(self._executions.values())[: max(0, surplus)] if one.end_time is not None]
        for old in ended:
            self._executions.pop(old, None)
            self._results.pop(old, None)
        if ended:
            self._by_token = {token: one for token, one in self._by_token.items() if one.id in self._executions}
