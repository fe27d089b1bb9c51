"""dbt as a child process that parses a project once and then runs commands, each in a second or two.

A child, so that it can be killed in the middle of a command as an operator's or a container's would be.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from dbt.cli.main import dbtRunner

from dbt_project.dbt_runs import share_clients
from infra.local.settings import REPO_ROOT

QUIET = ("--quiet", "--no-use-colors", "--log-level-file", "none")
FAILURES = ("error", "fail", "runtime error")


def copy_project(folder: Path) -> Path:
    """The dbt project in a folder of its own, to be edited there."""
    shutil.copytree(REPO_ROOT / "dbt_project", folder / "dbt_project", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO_ROOT / "dbt_project.yml", folder)
    return folder


class Outcome(NamedTuple):
    """What a command came to: `status` of each node by name, `failed`: what the nodes say that did."""

    ok: bool
    status: dict[str, str]
    failed: dict[str, str]
    error: str


class WarmDbt:
    """`start` sends a command, `wait` returns what came of it, `run` does both and fails if dbt did.

    dbt's own files go to `folder`, by default the project's target.
    """

    def __init__(
        self, project: Path, *, schema: str, raw: str, target: str = "dev", folder: Path | None = None
    ) -> None:
        self.schema, self.folder = schema, folder or project / "target"
        environment = {
            **os.environ,
            "TELCOPULSE_MARTS_SCHEMA": schema,
            "TELCOPULSE_RAW_DATABASE": raw,
            "TELCOPULSE_DBT_TARGET": target,
            "DBT_PROFILES_DIR": str(project / "dbt_project"),
            "PYTHONPATH": str(REPO_ROOT),
        }
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_dbt", str(self.folder)],
            cwd=project,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.is_busy = False

    def __enter__(self) -> "WarmDbt":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self, *command: str) -> None:
        assert self._child.stdin is not None
        self.is_busy = True
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()

    def wait(self) -> Outcome:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.startswith("{"):
                self.is_busy = False
                return Outcome(**json.loads(line))
        raise AssertionError("dbt ended before it answered")

    def attempt(self, *command: str) -> Outcome:
        self.start(*command)
        return self.wait()

    def run(self, *command: str) -> Outcome:
        outcome = self.attempt(*command)
        assert outcome.ok, (command, outcome)
        return outcome

    def send_signal(self, number: int) -> None:
        os.killpg(self._child.pid, number)

    def kill(self) -> None:
        """kill -9, whatever it is at."""
        if self._child.poll() is None:
            self.send_signal(signal.SIGKILL)
        self._child.wait()


def _outcome(manifest: Any, command: Sequence[str]) -> Outcome:
    result = dbtRunner(manifest=manifest).invoke([*command, *QUIET])
    nodes = [found for found in getattr(result.result, "results", []) if hasattr(found, "node")]
    status = {found.node.name: str(found.status) for found in nodes if found.node.resource_type != "operation"}
    failed = {found.node.unique_id: found.message for found in nodes if found.status in FAILURES}
    return Outcome(bool(result.success), status, failed, str(result.exception or ""))


def main() -> None:
    share_clients()
    target = ["--target-path", sys.argv[1], "--log-path", sys.argv[1]]
    manifest = dbtRunner().invoke(["parse", *target, *QUIET]).result
    for line in sys.stdin:
        print(json.dumps(_outcome(manifest, [*json.loads(line), *target])._asdict()), flush=True)


if __name__ == "__main__":
    main()
