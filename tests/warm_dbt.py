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
from typing import Any

from dbt.cli.main import dbtRunner

from infra.local.settings import REPO_ROOT

QUIET = ("--quiet", "--no-use-colors", "--log-level-file", "none")


def copy_project(folder: Path) -> Path:
    """The dbt project in a folder of its own, to be edited there."""
    shutil.copytree(REPO_ROOT / "dbt_project", folder / "dbt_project", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO_ROOT / "dbt_project.yml", folder)
    return folder


class WarmDbt:
    """`start` sends a command, `wait` returns what came of it, `run` does both and fails if dbt did."""

    def __init__(self, project: Path, *, schema: str, raw: str) -> None:
        environment = {
            **os.environ,
            "TELCOPULSE_MARTS_SCHEMA": schema,
            "TELCOPULSE_RAW_DATABASE": raw,
            "DBT_PROFILES_DIR": str(project / "dbt_project"),
            "PYTHONPATH": str(REPO_ROOT),
        }
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_dbt", str(project / "target")],
            cwd=project,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.is_busy = False

    def start(self, *command: str) -> None:
        assert self._child.stdin is not None
        self.is_busy = True
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()

    def wait(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.startswith("{"):
                self.is_busy = False
                return dict(json.loads(line))
        raise AssertionError("dbt ended before it answered")

    def run(self, *command: str) -> dict[str, Any]:
        self.start(*command)
        answer = self.wait()
        assert answer["ok"], (command, answer)
        return answer

    def send_signal(self, number: int) -> None:
        os.killpg(self._child.pid, number)

    def kill(self) -> None:
        """kill -9, whatever it is at."""
        if self._child.poll() is None:
            self.send_signal(signal.SIGKILL)
        self._child.wait()


def _answer(manifest: Any, command: Sequence[str]) -> dict[str, Any]:
    result = dbtRunner(manifest=manifest).invoke([*command, *QUIET])
    nodes = getattr(result.result, "results", [])
    failed = {node.unique_id: node.message for node in nodes if node.status in ("error", "fail", "runtime error")}
    return {"ok": bool(result.success), "failed": failed, "error": str(result.exception or "")}


def main() -> None:
    target = ["--target-path", sys.argv[1], "--log-path", sys.argv[1]]
    manifest = dbtRunner().invoke(["parse", *target, *QUIET]).result
    for line in sys.stdin:
        print(json.dumps(_answer(manifest, [*json.loads(line), *target])), flush=True)


if __name__ == "__main__":
    main()
