"""The whole system on one machine: local AWS, streaming job, refresh loop, dashboard and feed as child processes.

Each runs exactly as on AWS; only the environment (`LocalSettings.environment`) says where.
"""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from infra.local import processes, resources, stack
from infra.local.callers import access_key
from infra.local.settings import LOOPBACK, REPO_ROOT, LocalSettings

RAW_TABLE = "glue_catalog.raw.network_events"
RAW_WAREHOUSE = "s3://telcopulse-raw/"
LEDGER = "s3://telcopulse-checkpoints/network_events/ledger"
HISTORY = "s3://telcopulse-artifacts/history/mobile-logs.csv"
DASHBOARD_TIMEOUT_S = 60
OUTAGES = "s3://telcopulse-artifacts/feed/outages"
_BACKFILL = ("-m", "glue_streaming.backfill", "--table", RAW_TABLE, "--warehouse", RAW_WAREHOUSE)
_WATCH_INTERVAL_S = 0.2
_REPLAY = ("-m", "infra.feed", "replay", "--stream", resources.STREAM)
# A look counts every page of every process, and holds up whoever wants more of them.
_MEMORY_SAMPLE_INTERVAL_S = 10.0

# Whose credentials each part has on AWS; the others are a person's.
_ROLES = {
    "backfill": "stream",
    "job": "stream",
    "refresh": "refresh",
    "dashboard": "dashboard",
    "replay": "feed",
    "phones": "feed",
}

Progress = Callable[[int], None]


@dataclass
class System:
    """Started parts by name, in start order; `stop` ends them in reverse."""

    settings: LocalSettings
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    peak_memory_mb: float = 0.0

    def start_aws(self) -> None:
        running = stack.start(self.settings, tied_to_us=True)
        assert running.child is not None
        self.children["aws"] = running.child
        threading.Thread(target=self._sample_memory, daemon=True).start()

    def load_slice(self) -> None:
        """Map the real slice onto the last 24 hours and load it through the backfill job."""
        self.run("history", ["-m", "infra.feed", "history", "--output", HISTORY])
        self.run("backfill", [*_BACKFILL, "--input", HISTORY])

    def simulate_history(self, days: int, events_per_day: int) -> None:
        """Begin to write a simulated history that ends now; it needs nothing of the local AWS."""
        shutil.rmtree(self._history_dir, ignore_errors=True)
        history = ["-m", "infra.feed", "simulate", "history", "--output", str(self._history_dir)]
        self._start("history", [*history, "--days", str(days), "--events-per-day", str(events_per_day)])

    def load_history(self, progress: Progress) -> None:
        """Load the simulated history through the backfill job, once it is written; `progress` is told per cent.

        Raises: ChildDied.
        """
        self._finish("history")
        joined = self._history_dir / "history.jsonl"
        # A file of a day fills a fifth of a commit, and a commit takes as long for little.
        with joined.open("wb") as whole:
            for path in sorted(self._history_dir.glob("events-*.jsonl")):
                with path.open("rb") as part:
                    shutil.copyfileobj(part, whole)
                path.unlink()
        self.run("backfill", [*_BACKFILL, "--input", str(joined)], lambda: progress(self._loaded_percent()))
        shutil.rmtree(self._history_dir)

    def start_job(self, trigger_seconds: int) -> None:
        arguments = ["--stream-name", resources.STREAM, "--table", RAW_TABLE, "--warehouse", RAW_WAREHOUSE]
        arguments += ["--checkpoint", str(self.settings.checkpoint_dir), "--ledger", LEDGER]
        arguments += ["--trigger-seconds", str(trigger_seconds)]
        self._start("job", ["glue_streaming/job.py", *arguments])

    def start_refresh(self) -> None:
        self._start("refresh", ["-m", "dbt_project.refresh"])

    def start_dashboard(self) -> None:
        processes.require_free(self.settings.dashboard_port, "TELCOPULSE_DASHBOARD_PORT")
        flags = ["--server.port", str(self.settings.dashboard_port), "--server.address", LOOPBACK]
        flags += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
        child = self._start("dashboard", ["-m", "streamlit", "run", "dashboard/app.py", *flags])
        processes.wait_until(
            self._dashboard_is_healthy, child, "the dashboard", self.log("dashboard"), DASHBOARD_TIMEOUT_S
        )

    def start_replay(self, rate: float, put_log: Path | None = None, *, loops: int = 0) -> None:
        """The real slice at `rate` events per second; 0 loops: again and again."""
        logged = [] if put_log is None else ["--put-log", str(put_log)]
        self._start("replay", [*_REPLAY, "--loops", str(loops), "--rate", str(rate), *logged])

    def start_phones(self, events_per_day: int) -> None:
        """Simulated phones; `make outage` breaks a network of theirs."""
        live = ["-m", "infra.feed", "simulate", "live", "--stream", resources.STREAM, "--outages", OUTAGES]
        self._start("phones", [*live, "--events-per-day", str(events_per_day)])

    def log(self, name: str) -> Path:
        return self.settings.logs_dir / f"{name}.log"

    def run(self, name: str, python_arguments: Sequence[str], watch: Callable[[], None] = lambda: None) -> str:
        """Run a Python program of ours to its end and return what it printed; `watch` is called again and again.

        Raises: ChildDied: it did not end with 0.
        """
        self._start(name, python_arguments)
        self._finish(name, watch)
        return self.log(name).read_text()

    def _finish(self, name: str, watch: Callable[[], None] = lambda: None) -> None:
        child = self.children[name]
        try:
            while child.poll() is None:
                watch()
                time.sleep(_WATCH_INTERVAL_S)
            watch()
            if child.returncode != 0:
                raise processes.ChildDied(name, child.returncode, self.log(name))
        finally:
            processes.stop(self.children.pop(name))

    def require_all_alive(self, finished_ok: Collection[str] = ()) -> None:
        """Raises: ChildDied: a part has ended, other than one of `finished_ok` with exit code 0."""
        for name, child in self.children.items():
            if child.poll() is not None and not (name in finished_ok and child.returncode == 0):
                raise processes.ChildDied(name, child.returncode, self.log(name))

    def stop(self) -> None:
        """End every part: all at once finish what they are at, then the local AWS that they talk to goes."""
        for name, child in self.children.items():
            if name != "aws" and child.poll() is None:
                child.terminate()
        for name in reversed(list(self.children)):
            processes.stop(self.children.pop(name))

    def memory_mb(self) -> dict[str, float]:
        return {name: processes.tree_memory_mb(child.pid) for name, child in list(self.children.items())}

    def _start(self, name: str, python_arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        log = self.log(name)
        log.unlink(missing_ok=True)
        environment = self.settings.environment()
        # A hand-run `dbt build` in the same checkout writes to target/; the loop keeps its own.
        environment["DBT_TARGET_PATH"] = str(self.settings.state_dir / "dbt" / "target")
        environment["DBT_LOG_PATH"] = str(self.settings.state_dir / "dbt" / "logs")
        environment["PYTHONUNBUFFERED"] = "1"
        if name in _ROLES:
            environment["AWS_ACCESS_KEY_ID"] = access_key(_ROLES[name])
        child = processes.start(name, [sys.executable, *python_arguments], environment, log, cwd=REPO_ROOT)
        self.children[name] = child
        return child

    @property
    def _history_dir(self) -> Path:
        return self.settings.state_dir / "history"

    def _loaded_percent(self) -> int:
        """As the backfill's own bar says."""
        shown = re.findall(r"(\d+)%\|", self.log("backfill").read_text(errors="replace"))
        return int(shown[-1]) if shown else 0

    def _dashboard_is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.settings.dashboard_url}/_stcore/health", timeout=2).ok
        except requests.RequestException:
            return False

    def _sample_memory(self) -> None:
        while self.children:
            self.peak_memory_mb = max(self.peak_memory_mb, sum(self.memory_mb().values()))
            time.sleep(_MEMORY_SAMPLE_INTERVAL_S)


@contextmanager
def running(settings: LocalSettings) -> Iterator[System]:
    """A system that is stopped whole on the way out, whatever happened."""
    system = System(settings)
    try:
        yield system
    finally:
        print("stopping", file=sys.stderr, flush=True)
        system.stop()
