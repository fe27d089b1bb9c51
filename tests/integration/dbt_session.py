"""dbt in a process that stays: a command then costs what it does, not the ten seconds of a start.

`DbtSession` starts this module as a child, whose environment says which schema it builds.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dbt.cli.main import dbtRunner

from infra.local.settings import REPO_ROOT


class Outcome(NamedTuple):
    """What a command came to: whether it succeeded, and what became of each node by name."""

    ok: bool
    status: dict[str, str]
    error: str


class DbtSession:
    def __init__(self, folder: Path, *, schema: str, raw: str, project: Path = REPO_ROOT, target: str = "dev") -> None:
        self.schema, self.folder, self.project = schema, folder, project
        environment = {
            **os.environ,
            "TELCOPULSE_MARTS_SCHEMA": schema,
            "TELCOPULSE_RAW_DATABASE": raw,
            "TELCOPULSE_DBT_TARGET": target,
            "DBT_PROFILES_DIR": str(project / "dbt_project"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "PYTHONPATH": str(REPO_ROOT),
        }
        folder.mkdir(exist_ok=True)
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.dbt_session"],
            cwd=project,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "output").open("w"),
            text=True,
        )

    def attempt(self, *command: str) -> Outcome:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        print(json.dumps(command), file=self._child.stdin, flush=True)
        answer = self._child.stdout.readline()
        assert answer, (self.folder / "output").read_text()[-4000:]
        return Outcome(*json.loads(answer))

    def run(self, *command: str) -> dict[str, str]:
        """Run a command that must succeed."""
        outcome = self.attempt(*command)
        assert outcome.ok, (outcome, (self.folder / "output").read_text()[-4000:])
        return outcome.status

    def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()


@contextmanager
def dbt_session(folder: Path, **options: Any) -> Iterator[DbtSession]:
    session = DbtSession(folder, **options)
    try:
        yield session
    finally:
        session.close()


def main() -> None:
    # Answers go where stdout went; what dbt prints goes to stderr.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        result = dbtRunner().invoke([*json.loads(line), "--no-use-colors", "--log-level", "warn"])
        nodes = getattr(result.result, "results", [])
        kept = [node for node in nodes if hasattr(node, "node") and node.node.resource_type != "operation"]
        status = {node.node.name: str(node.status) for node in kept}
        print(json.dumps([bool(result.success), status, str(result.exception or "")]), file=answers, flush=True)


if __name__ == "__main__":
    main()
