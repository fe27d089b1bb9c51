"""Child processes that never outlive us: started with a log file, watched, and stopped in order."""

import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from infra.local.settings import LOOPBACK, LocalError

_PR_SET_PDEATHSIG = 1
# Below those of outgoing connections, to which a port that was free just now may be given before it is used.
_PORTS = range(20_000, 32_000)


class ChildDied(LocalError):
    def __init__(self, name: str, code: int | None, log: Path) -> None:
        super().__init__(f"{name} ended with exit code {code}; its last lines:\n{tail(log)}\nThe whole log: {log}")


class NotReady(LocalError):
    def __init__(self, name: str, seconds: float, log: Path) -> None:
        super().__init__(f"{name} was not ready after {seconds:.0f} s; its last lines:\n{tail(log)}\nLog: {log}")


class PortTaken(LocalError):
    def __init__(self, port: int, variable: str) -> None:
        super().__init__(
            f"port {port} is taken: stop what listens there (`make down`?) or set {variable} to a free one"
        )


def start(name: str, command: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own; the kernel ends it should we die without stopping it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **env, "TELCOPULSE_PROCESS": name},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=_die_with_parent,
        )


def stop(child: subprocess.Popen[bytes], timeout_s: float = 20) -> None:
    """SIGTERM the child; after `timeout_s` SIGKILL whatever of its tree is left."""
    try:
        tree = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        tree = []
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout_s)
    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    child.wait(timeout_s)
    psutil.wait_procs([process for process in tree if process.pid != child.pid], timeout=5)


def wait_until(
    ready: Callable[[], bool],
    child: subprocess.Popen[bytes],
    name: str,
    log: Path,
    timeout_s: float,
    interval_s: float = 0.1,
) -> None:
    """Poll `ready` until it holds.

    Raises: ChildDied, NotReady.
    """
    deadline = time.monotonic() + timeout_s
    while not ready():
        if child.poll() is not None:
            raise ChildDied(name, child.returncode, log)
        if time.monotonic() > deadline:
            raise NotReady(name, timeout_s, log)
        time.sleep(interval_s)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def require_free(port: int, variable: str) -> None:
    """Raises: PortTaken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(port, variable) from error


def free_port() -> int:
    """Raises: LocalError."""
    # Tests seed the usual generator, and two stacks would choose alike.
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise LocalError(f"no port between {_PORTS.start} and {_PORTS.stop} is free: stop what listens there")


def tree_memory_mb(pid: int) -> float:
    """Memory of a process and all below it in MB: proportional set size, so shared pages count once."""
    total = 0
    try:
        tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total / 1e6


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
