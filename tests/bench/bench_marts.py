"""`make bench-marts`: what refreshes cost with 8 and with 80 days of history; prints one JSON line last.

Bytes are Athena's DataScannedInBytes, requests what reaches S3, both summed over a run's statements.
"""

import argparse
import functools
import json
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from tqdm import tqdm

from infra.local import athena_client, processes
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings
from tests import raw_writer
from tests.bench.mart_events import Events, days_before
from tests.integration.catalog_clients import pyiceberg_catalog
from tests.own_stack import own_stack
from tests.warm_dbt import WarmDbt, copy_project

HISTORIES = (8, 80)
NEW_EVENTS, LATE_EVENTS = 1_000, 20
# All three chains of the loop in one run.
LIVE = ("run", "--select", "tag:live", "--vars", "{beat: live}")
LATE = ("run", "--select", "tag:live", "--vars", "{beat: late}")
FULL = ("run", "--full-refresh", "--select", "tag:live")
# Compaction goes through every table of the project.
OTHERS = ("run", "--exclude", "tag:live", "staging")
OPTIMIZE = ("run-operation", "optimize_tables", "--args", "{days: 1}")


@dataclass
class Cost:
    """Of one dbt command."""

    bytes: int
    seconds: float
    requests: int


class Meter:
    def __init__(self, settings: LocalSettings, pid: int) -> None:
        self._faults = FaultsClient(settings.endpoint_url)
        self._pid = pid
        self._seen: set[str] = set()
        self.peak_mb = 0.0

    def of(self, action: Callable[[], object]) -> Cost:
        """What `action` scans, takes and asks of S3."""
        self._new_executions()
        with self._faults.active("s3", "*", action="stall", seconds=0.001, probability=0) as counter:
            started = time.monotonic()
            action()
            seconds = time.monotonic() - started
            requests = self._faults.seen(counter)
        return Cost(sum(self._scanned(execution) for execution in self._new_executions()), round(seconds, 2), requests)

    def watch_memory(self, stop: threading.Event) -> None:
        while not stop.wait(1):
            self.peak_mb = max(self.peak_mb, processes.tree_memory_mb(self._pid))

    def _new_executions(self) -> list[str]:
        pages = boto3.client("athena").get_paginator("list_query_executions").paginate(WorkGroup="dbt")
        found = {execution for page in pages for execution in page["QueryExecutionIds"]}
        new = found - self._seen
        self._seen |= found
        return sorted(new)

    def _scanned(self, execution: str) -> int:
        described = boto3.client("athena").get_query_execution(QueryExecutionId=execution)
        return int(described["QueryExecution"]["Statistics"].get("DataScannedInBytes", 0))


class Bench:
    """One history and the marts over it."""

    def __init__(self, settings: LocalSettings, meter: Meter, project: Path, days: int, per_day: int) -> None:
        self._events = Events(days)
        self._meter = meter
        self._now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        name = f"bench{days}"
        self.schema = f"marts_{name}"
        self._raw = raw_writer.create(pyiceberg_catalog(settings.endpoint_url), f"raw_{name}")
        for start in tqdm(days_before(self._now, days), desc=f"{days} days of raw", unit="day"):
            raw_writer.append(self._raw, self._events.day(start, per_day))
        self._new_dbt = functools.partial(WarmDbt, project, schema=self.schema, raw=f"raw_{name}")
        self._dbt = self._new_dbt()
        self._dbt.run("seed")
        self._dbt.run("run", "--select", "staging")

    def full(self) -> Cost:
        return self._meter.of(lambda: self._dbt.run(*FULL))

    def arrive(self) -> None:
        self._now += timedelta(seconds=10)
        raw_writer.append(self._raw, self._events.batch(self._now, NEW_EVENTS, LATE_EVENTS))

    def live(self) -> Cost:
        self.arrive()
        return self._meter.of(lambda: self._dbt.run(*LIVE))

    def cold(self) -> Cost:
        """The same as `live`, by a process that starts and parses first."""
        self.arrive()

        def run() -> None:
            with self._new_dbt() as cold:
                cold.run(*LIVE)

        return self._meter.of(run)

    def late(self) -> Cost:
        return self._meter.of(lambda: self._dbt.run(*LATE))

    def build_others(self) -> None:
        self._dbt.run(*OTHERS)

    def optimize(self) -> Cost:
        return self._meter.of(lambda: self._dbt.run(*OPTIMIZE))

    def delete_files(self) -> int:
        sql = 'select count(*) from "{}$files" where content = 1'
        tables = ("int_network_events_5min", "signal_trends", "gps_accuracy", "service_status")
        return sum(int(athena_client.query(sql.format(name), database=self.schema)[0][0] or 0) for name in tables)

    def end(self) -> None:
        self._dbt.kill()


def measure(settings: LocalSettings, pid: int, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    meter, project = Meter(settings, pid), copy_project(folder / "project")
    stop = threading.Event()
    threading.Thread(target=meter.watch_memory, args=(stop,), daemon=True).start()
    figures: dict[str, Any] = {"events_per_day": arguments.events_per_day}
    for days in HISTORIES:
        bench = Bench(settings, meter, project, days, arguments.events_per_day)
        meter.peak_mb = 0
        figures |= named("full" if days == max(HISTORIES) else f"full_{days}d", say(days, "full", bench.full()))
        figures[f"peak_memory_full_{days}d_mb"] = round(meter.peak_mb)
        say(days, "live, first", bench.live())
        figures |= named(f"{days}d", say(days, "live", bench.live()))
        figures |= named(f"late_{days}d", say(days, "late", bench.late()))
        if days == max(HISTORIES):
            figures |= named("cold_run", say(days, "live, cold", bench.cold()))
            figures["compaction"] = compaction(bench, arguments.merges)
        bench.end()
    stop.set()
    figures["bytes_80d_to_8d"] = round(figures["bytes_80d"] / figures["bytes_8d"], 3)
    figures["live_to_full"] = round(figures["bytes_80d"] / figures["bytes_full"], 4)
    return figures


def compaction(bench: Bench, merges: int) -> dict[str, Any]:
    """What many merges do to a refresh, what compaction costs, and what a refresh costs behind it."""
    bench.build_others()
    costs = [bench.live() for _ in tqdm(range(merges), desc="live refreshes", unit="run")]
    before = {"merges": merges, "delete_files": bench.delete_files(), **asdict(costs[-1])}
    cost = bench.optimize()
    after = {"delete_files": bench.delete_files(), **asdict(bench.live())}
    return {"first_merge": asdict(costs[0]), "last_merge": before, "optimize": asdict(cost), "after": after}


def named(name: str, cost: Cost) -> dict[str, Any]:
    return {f"{key}_{name}": value for key, value in asdict(cost).items()}


def say(days: int, what: str, cost: Cost) -> Cost:
    print(f"{days} days, {what}: {cost.bytes:,} bytes, {cost.seconds} s, {cost.requests:,} requests", flush=True)
    return cost


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-marts", description=__doc__.split("\n")[0])
    parser.add_argument("--events-per-day", type=int, default=37_500, help="default 37,500: 3 million in 80 days")
    parser.add_argument("--merges", type=int, default=30, help="live refreshes before the compaction (default 30)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="telcopulse-bench-") as folder, own_stack(Path(folder)) as running:
        figures = measure(running.settings, running.pid, arguments, Path(folder))
    print(json.dumps(figures), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
