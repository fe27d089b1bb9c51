"""Our programs as child processes, as an operator runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.settings import REPO_ROOT

TIMEOUT_S = 600


def run(*arguments: str, env: dict[str, str] | None = None, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a Python program to its end; fails with its output when it does not end with `expect`."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPO_ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert finished.returncode == expect, (finished.stdout + finished.stderr)[-4000:]
    return finished


def backfill(path: Path | str, *, database: str, expect: int = 0) -> dict[str, Any]:
    """Load a file into `database`.network_events; returns the program's last line."""
    table = f"glue_catalog.{database}.network_events"
    arguments = ["--input", str(path), "--table", table, "--warehouse", f"s3://telcopulse-raw/{database}/"]
    finished = run("-m", "glue_streaming.backfill", *arguments, expect=expect)
    return json.loads(finished.stdout.splitlines()[-1])


def dbt(*arguments: str, schema: str, raw: str, folder: Path, variables: str = "{}") -> str:
    """Run dbt with its marts in `schema` over the raw table of database `raw`."""
    env = {"TELCOPULSE_MARTS_SCHEMA": schema, "TELCOPULSE_RAW_DATABASE": raw}
    common = ["--vars", variables, "--target-path", str(folder), "--log-path", str(folder), "--no-use-colors"]
    return run(str(Path(sys.executable).with_name("dbt")), *arguments, *common, env=env).stdout


@contextmanager
def streaming(database: str, folder: Path, stream: str, trigger_seconds: int = 2) -> Iterator[subprocess.Popen[str]]:
    """The streaming job on a stream, a table, a checkpoint and a ledger of its own."""
    arguments = [
        *("--stream-name", stream),
        *("--table", f"glue_catalog.{database}.network_events"),
        *("--warehouse", f"s3://telcopulse-raw/{database}/"),
        *("--checkpoint", str(folder / "checkpoint")),
        *("--ledger", f"s3://telcopulse-checkpoints/{database}/ledger"),
        *("--trigger-seconds", str(trigger_seconds)),
    ]
    log = (folder / "job.log").open("a")
    job = subprocess.Popen(
        [sys.executable, "glue_streaming/job.py", *arguments],
        cwd=REPO_ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield job
    finally:
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
        job.wait()
        log.close()


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 300) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"no {what} after {timeout_s} s"
        time.sleep(0.5)
