"""Start, find and stop a local AWS that runs in the background."""

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local import processes
from infra.local.settings import REPO_ROOT, LocalError, LocalSettings

READY_TIMEOUT_S = 180


class AlreadyRunning(LocalError):
    def __init__(self, settings: LocalSettings, pid: int) -> None:
        super().__init__(f"a stack runs at {settings.endpoint_url} (process {pid}): `make down` stops it")


@dataclass(frozen=True)
class RunningStack:
    settings: LocalSettings
    pid: int
    child: subprocess.Popen[bytes] | None = None


def start(settings: LocalSettings, *, tied_to_us: bool) -> RunningStack:
    """Start the local AWS, a new and empty account, and wait until it answers.

    `tied_to_us`: it ends with this process; otherwise it stays until `stop`.
    Raises: AlreadyRunning, PortTaken, ChildDied, NotReady.
    """
    pid = running_pid(settings)
    if pid is not None:
        raise AlreadyRunning(settings, pid)
    processes.require_free(settings.aws_port, "TELCOPULSE_AWS_PORT")
    processes.require_free(settings.trino_port, "TELCOPULSE_TRINO_PORT")
    settings.logs_dir.mkdir(parents=True, exist_ok=True)
    log, ready = settings.logs_dir / "aws.log", settings.state_dir / "ready"
    # It speaks of a stream and a table that the new account doesn't have.
    shutil.rmtree(settings.checkpoint_dir, ignore_errors=True)
    log.unlink(missing_ok=True)
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "infra.local", "serve"]
    if tied_to_us:
        child = processes.start("aws", command, settings.environment(), log, cwd=REPO_ROOT)
    else:
        with log.open("ab") as output:
            child = subprocess.Popen(
                command,
                cwd=REPO_ROOT,
                env={**os.environ, **settings.environment(), "TELCOPULSE_PROCESS": "aws"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    _pid_file(settings).write_text(f"{child.pid}\n")
    try:
        processes.wait_until(ready.exists, child, "the local AWS", log, READY_TIMEOUT_S)
    except BaseException:
        processes.stop(child)
        _pid_file(settings).unlink(missing_ok=True)
        raise
    return RunningStack(settings, child.pid, child)


def stop(settings: LocalSettings) -> bool:
    """Stop the stack on these settings' ports; False when none runs."""
    pid = running_pid(settings)
    _pid_file(settings).unlink(missing_ok=True)
    if pid is None:
        return False
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    tree[0].terminate()
    _, alive = psutil.wait_procs(tree, timeout=20)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    return True


def running_pid(settings: LocalSettings) -> int | None:
    """The pid of the stack that was started with these settings, if it still runs."""
    path = _pid_file(settings)
    if not path.exists():
        return None
    pid = int(path.read_text())
    try:
        is_ours = "infra.local" in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        is_ours = False
    return pid if is_ours else None


def _pid_file(settings: LocalSettings) -> Path:
    return settings.state_dir / "aws.pid"
