"""`make demo`: the whole system on the real slice, until Ctrl-C."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local import athena_client, processes
from infra.local.settings import LocalError, LocalSettings
from infra.local.system import System, running

FIRST_MART_TIMEOUT_S = 300
_CHECK_INTERVAL_S = 2.0


class Stages:
    """Prints each stage as it starts and the seconds it took."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        print(f"  {name:<46}", end="", flush=True)
        yield
        self.seconds[name] = time.monotonic() - began
        print(f"{self.seconds[name]:6.1f} s", flush=True)

    @property
    def total_s(self) -> float:
        return time.monotonic() - self.started


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=float, default=10.0, help="live events per second (default 10)")
    parser.add_argument("--trigger-seconds", type=int, default=10, help="the job's micro-batch interval (default 10)")


def run(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    print("TelcoPulse on the real slice: 1,000 measurements of Catalonia's mobile networks.", flush=True)
    stages = Stages()
    os.environ.update(settings.environment())
    processes.require_free(settings.dashboard_port, "TELCOPULSE_DASHBOARD_PORT")
    with running(settings) as system:
        with stages.stage("local AWS (Kinesis, S3, Glue, Athena on Trino)"):
            system.start_aws()
        with stages.stage("history: the slice over the last 24 hours"):
            system.load_history()
        with stages.stage("streaming job, refresh loop, dashboard, feed"):
            system.start_job(arguments.trigger_seconds)
            system.start_refresh()
            system.start_dashboard()
            system.start_feed(arguments.rate)
        with stages.stage("first refresh of every mart"):
            wait_for_marts(system)
        _print_summary(system, stages)
        _watch(system)
    return 0


def wait_for_marts(system: System, timeout_s: float = FIRST_MART_TIMEOUT_S) -> None:
    """Wait until the refresh loop has logged a run: the last model it writes is pipeline_freshness.

    Raises: ChildDied, NotReady.
    """

    def ready() -> bool:
        system.require_all_alive()
        return has_refreshed()

    processes.wait_until(ready, system.children["refresh"], "the first refresh", system.log("refresh"), timeout_s)


def has_refreshed() -> bool:
    try:
        return athena_client.query("select count(*) from pipeline_freshness")[0][0] != "0"
    except athena_client.AthenaQueryFailed as failure:
        if "does not exist" in str(failure):
            return False
        raise


def _print_summary(system: System, stages: Stages) -> None:
    print(f"  {'total':<46}{stages.total_s:6.1f} s\n")
    memory = system.memory_mb()
    parts = ", ".join(f"{name} {megabytes:,.0f}" for name, megabytes in memory.items())
    print(f"Memory: {sum(memory.values()):,.0f} MB in all ({parts}); peak {system.peak_memory_mb:,.0f} MB")
    print(f"Logs:   {system.settings.logs_dir}")
    print("\nBy hand, in a second shell:  . infra/local/aws.env && dbt build")
    print(
        f"\nDashboard:  {system.settings.dashboard_url}\n\nNew events keep arriving. Ctrl-C stops everything.",
        flush=True,
    )


def _watch(system: System) -> None:
    while True:
        time.sleep(_CHECK_INTERVAL_S)
        try:
            system.require_all_alive()
        except LocalError as error:
            if system.children["aws"].poll() == 0:
                print("the local AWS was stopped (`make down`): stopping the rest", file=sys.stderr)
                return
            raise LocalError(f"{error}") from error
