"""Our programs as child processes, as an operator runs them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
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


def backfill(path: Path | str, *arguments: str, database: str, release: Sequence[str] = ()) -> dict[str, Any]:
    """Load a file into `database`.network_events; returns the program's last line."""
    command = backfill_command(path, *arguments, database=database, release=release)
    return json.loads(run(*command).stdout.splitlines()[-1])


def backfill_command(path: Path | str, *arguments: str, database: str, release: Sequence[str] = ()) -> tuple[str, ...]:
    """Python's arguments; `release`: of `other_release`, when it is not this one."""
    program = other_release("glue_streaming.backfill", release) if release else ("-m", "glue_streaming.backfill")
    return (*program, "--input", str(path), *table_arguments(database), *arguments)


def table_arguments(database: str) -> tuple[str, ...]:
    return (
        *("--table", f"glue_catalog.{database}.network_events"),
        *("--warehouse", f"s3://telcopulse-raw/{database}/"),
    )


def other_release(module: str, release: Sequence[str]) -> tuple[str, ...]:
    return ("-m", "tests.integration.other_release", *release, module)


@contextmanager
def started(*arguments: str, log: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A Python program in the background; whatever is left of it in the end is killed."""
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=REPO_ROOT,
            env={**os.environ, **(env or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9 it and its children: the JVM too, which may outlive it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def dbt(*arguments: str, schema: str, raw: str, folder: Path, variables: str = "{}") -> str:
    """Run dbt with its marts in `schema` over the raw table of database `raw`."""
    env = {"TELCOPULSE_MARTS_SCHEMA": schema, "TELCOPULSE_RAW_DATABASE": raw}
    common = ["--vars", variables, "--target-path", str(folder), "--log-path", str(folder), "--no-use-colors"]
    return run(str(Path(sys.executable).with_name("dbt")), *arguments, *common, env=env).stdout


@contextmanager
def streaming(
    database: str,
    folder: Path,
    stream: str,
    trigger_seconds: int = 2,
    release: Sequence[str] = (),
    env: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """The streaming job on a stream, a table, a checkpoint and a ledger of its own."""
    program = other_release("glue_streaming.job", release) if release else ("glue_streaming/job.py",)
    arguments = [
        *("--stream-name", stream),
        *table_arguments(database),
        *("--checkpoint", str(folder / "checkpoint")),
        *("--ledger", f"s3://telcopulse-checkpoints/{database}/ledger"),
        *("--trigger-seconds", str(trigger_seconds)),
    ]
    with started(*program, *arguments, log=folder / "job.log", env=env) as job:
        yield job


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 300) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"no {what} after {timeout_s} s"
        time.sleep(0.5)
