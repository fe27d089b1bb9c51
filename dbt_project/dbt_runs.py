"""dbt in this process: parsed once, run by command, and what a run took."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from boto3.session import Session
from dbt.adapters.athena import connections
from dbt.adapters.athena.connections import AthenaConnection
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from dbt_project.run_log import ModelRun

# From the end of one run of data tests to the next.
TESTS_S = 120.0


class ParseFailed(Exception):
    """The project can't be parsed; dbt has printed why."""


@dataclass(frozen=True)
class Outcome:
    """`is_worth_a_retry`: something went wrong on the way; a data test that found something would find it again."""

    ok: bool
    figures: dict[str, Any]
    is_worth_a_retry: bool = False
    is_news: bool = True
    models: tuple[ModelRun, ...] = ()


class ClientsOnce:
    """A boto3 session for several threads: they share one client of each service, and make resources one at a time."""

    def __init__(self, session: Session) -> None:
        self._session: Any = session
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, **settings: Any) -> Any:
        """`settings` are dbt's, the same for all."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, **settings)
            return self._clients[service]

    def resource(self, service: str, **settings: Any) -> Any:
        with self._lock:
            return self._session.resource(service, **settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def share_clients() -> None:
    """Let all of dbt's runs share boto3's clients.

    Its adapter makes a session a node and a client a call, each from what botocore's files say of AWS's services: the
    largest part of what a run took in Python. Whose credentials: the environment's, as profiles.yml names none.
    """

    @cache
    def session(region: str) -> ClientsOnce:
        return ClientsOnce(Session(region_name=region))

    def session_of(connection: Any) -> ClientsOnce:
        return session(connection.credentials.region_name)

    connections.AthenaConnection = partial(AthenaConnection, boto_session_factory=session_of)


def parse() -> Manifest:
    """Raises: ParseFailed."""
    result = invoke(["parse"], None)
    if not result.success or not isinstance(result.result, Manifest):
        raise ParseFailed(str(result.exception or "see dbt's messages above"))
    return result.result


def run_dbt(command: list[str], manifest: Manifest) -> Outcome:
    result = invoke(command, manifest)
    nodes = getattr(result.result, "results", [])
    statuses = {str(node.status) for node in nodes}
    is_only_a_finding = "fail" in statuses and not result.exception and not statuses & {"error", "runtime error"}
    ran = tuple(models_of(result))
    return Outcome(bool(result.success), figures(result, ran), not result.success and not is_only_a_finding, models=ran)


class DataTests:
    """Some data tests a run, each once a round: the live models don't wait until all of them are through."""

    def __init__(self, round_s: float) -> None:
        self._runs_a_round = max(1, round(round_s / TESTS_S))
        self._done = set[str]()

    def next_of(self, manifest: Manifest) -> list[str]:
        names = sorted(node.name for node in manifest.nodes.values() if node.resource_type == "test")
        left = [name for name in names if name not in self._done]
        if not left:
            self._done.clear()
        return (left or names)[: math.ceil(len(names) / self._runs_a_round)]

    def __call__(self, manifest: Manifest) -> Outcome:
        tests = self.next_of(manifest)
        # Also where one of them can't be run: it must not keep the others from their turn.
        self._done.update(tests)
        return run_dbt(["test", "--select", *tests], manifest)


def invoke(command: list[str], manifest: Manifest | None) -> dbtRunnerResult:
    """Run a dbt command in this process, quiet but for errors; writing the manifest each time takes half a second."""
    how = ("--quiet", "--no-use-colors", "--log-level-file", "none", "--no-write-json")
    return dbtRunner(manifest=manifest).invoke([*command, *how])


def models_of(result: dbtRunnerResult) -> list[ModelRun]:
    nodes = getattr(result.result, "results", [])
    return [
        ModelRun(
            node.node.name,
            node.execution_time,
            max(0, (node.adapter_response or {}).get("rows_affected") or 0),
            is_ok=str(node.status) == "success",
        )
        for node in nodes
        if getattr(node.node, "resource_type", None) == "model" and str(node.status) != "skipped"
    ]


def figures(result: dbtRunnerResult, models: Sequence[ModelRun]) -> dict[str, Any]:
    """Seconds by model, rows that changed, and the messages of what failed; empty for an operation."""
    nodes = getattr(result.result, "results", [])
    failed = {node.node.name: node.message for node in nodes if node.status in ("error", "fail", "runtime error")}
    if result.exception:
        failed["dbt"] = str(result.exception)
    return {
        "models_s": {model.name: round(model.duration_s, 2) for model in models},
        "rows_changed": sum(model.changed_row_count for model in models),
        **({"failed": failed} if failed else {}),
    }
