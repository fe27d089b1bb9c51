"""Ask a running local AWS for faults, from tests and by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from infra.local.faults_http import CONTROL_PATH
from infra.local.settings import LocalError

_TIMEOUT_S = 10


class FaultRefused(LocalError):
    def __init__(self, answer: str) -> None:
        super().__init__(f"the local AWS refuses the fault: {answer}")


class FaultsClient:
    """The control API of one local AWS; for the fields of a fault see `infra.local.faults.Fault`."""

    def __init__(self, endpoint_url: str) -> None:
        self._url = f"{endpoint_url}{CONTROL_PATH}"

    def add(self, service: str, operation: str = "*", **fault: Any) -> int:
        """Ask for a fault; the answer is its id.

        Raises: FaultRefused: says which field is wrong.
        """
        described = {"service": service, "operation": operation, **fault}
        return int(self._call("POST", "", described)["id"])

    def hits(self, fault_id: int) -> int:
        """How many calls the fault has struck."""
        return int(self._call("GET", f"/{fault_id}")["hits"])

    def seen(self, fault_id: int) -> int:
        """How many calls it looked at, struck or not."""
        return int(self._call("GET", f"/{fault_id}")["seen"])

    def clear(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all."""
        self._call("DELETE", "" if fault_id is None else f"/{fault_id}")

    @contextmanager
    def active(self, service: str, operation: str = "*", **fault: Any) -> Iterator[int]:
        """A fault for the length of a `with`."""
        fault_id = self.add(service, operation, **fault)
        try:
            yield fault_id
        finally:
            self.clear(fault_id)

    def _call(self, method: str, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(method, self._url + path, json=document, timeout=_TIMEOUT_S)
        content: dict[str, Any] = answer.json()
        if not answer.ok:
            raise FaultRefused(content["error"])
        return content
