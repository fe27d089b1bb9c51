"""Children end with us, and what went wrong is told in their own words."""

import random
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from infra.local import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
SHELL_WITH_CHILD = ["bash", "-c", "sleep 60 & wait"]
IGNORES_SIGTERM = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


def test_stop_ends_the_whole_tree(tmp_path: Path) -> None:
    child = processes.start("tree", SHELL_WITH_CHILD, {}, tmp_path / "log", cwd=tmp_path)
    while not (grandchildren := psutil.Process(child.pid).children()):
        time.sleep(0.01)
    processes.stop(child)
    assert child.returncode is not None
    assert not any(process.is_running() for process in grandchildren)


def test_stop_kills_what_ignores_sigterm(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = processes.start("deaf", IGNORES_SIGTERM, {}, log, cwd=tmp_path)
    processes.wait_until(lambda: "deaf" in log.read_text(), child, "deaf", log, timeout_s=20)
    processes.stop(child, timeout_s=0.2)
    assert child.returncode == -9


def test_a_child_that_dies_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", "raise SystemExit('the disk is full')"]
    child = processes.start("job", command, {}, log, cwd=tmp_path)
    with pytest.raises(processes.ChildDied, match=r"job ended with exit code 1[\s\S]*the disk is full"):
        processes.wait_until(lambda: False, child, "job", log, timeout_s=20)


def test_a_child_that_is_never_ready_is_reported(tmp_path: Path) -> None:
    child = processes.start("slow", SLEEP, {}, tmp_path / "log", cwd=tmp_path)
    with pytest.raises(processes.NotReady, match="slow was not ready"):
        processes.wait_until(lambda: False, child, "slow", tmp_path / "log", timeout_s=0.2)
    processes.stop(child)


def test_a_taken_port_names_the_variable_that_changes_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(processes.PortTaken, match="TELCOPULSE_AWS_PORT"):
            processes.require_free(taken.getsockname()[1], "TELCOPULSE_AWS_PORT")


def test_memory_counts_a_process_and_its_children(tmp_path: Path) -> None:
    child = processes.start("memory", SLEEP, {}, tmp_path / "log", cwd=tmp_path)
    time.sleep(0.3)
    assert 1 < processes.tree_memory_mb(child.pid) < 500
    processes.stop(child)
    assert processes.tree_memory_mb(child.pid) == 0


def test_a_free_port_is_none_that_an_outgoing_connection_may_get_meanwhile() -> None:
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(processes.free_port() for _ in range(100)) < first_outgoing


def test_two_that_look_for_a_port_at_once_do_not_find_the_same() -> None:
    random.seed(1)
    first = processes.free_port()
    random.seed(1)
    assert processes.free_port() != first
