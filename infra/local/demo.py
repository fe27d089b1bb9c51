"""`make demo`: the whole system, with weeks of simulated history or on the real slice, until Ctrl-C."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from infra.local import athena_client, processes
from infra.local.settings import LocalError, LocalSettings
from infra.local.system import System, running

FIRST_MART_TIMEOUT_S = 600
_CHECK_INTERVAL_S = 2.0
_WHAT = {
    "simulated": "TelcoPulse on simulated phones of Catalonia: {days} days, {events_per_day:,} measurements a day.",
    "replay": "TelcoPulse on the real slice: 1,000 measurements of Catalonia's mobile networks.",
}


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
        # A bar may have been drawn over the name.
        again = f"\r  {name:<46}" if sys.stdout.isatty() else ""
        print(f"{again}{self.seconds[name]:6.1f} s", flush=True)

    @contextmanager
    def counted(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """A stage that says how far it is; shown as a bar where somebody looks."""
        with (
            self.stage(name),
            tqdm(total=total, unit="%", leave=False, disable=None, file=sys.stdout, desc=f"  {name}") as bar,
        ):

            def progress(count: int) -> None:
                bar.update(count - bar.n)

            yield progress

    @property
    def total_s(self) -> float:
        return time.monotonic() - self.started


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--feed",
        choices=("simulated", "replay"),
        default="simulated",
        help="simulated: weeks of simulated phones, then live; replay: the real slice, again and again",
    )
    parser.add_argument("--days", type=int, default=16, help="length of the simulated history (default 16)")
    parser.add_argument("--events-per-day", type=int, default=9_000, help="of the simulated phones (default 9,000)")
    parser.add_argument("--rate", type=float, default=10.0, help="of the replay, in events per second (default 10)")
    parser.add_argument("--trigger-seconds", type=int, default=10, help="the job's micro-batch interval (default 10)")


def run(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    print(_WHAT[arguments.feed].format(**vars(arguments)), flush=True)
    stages = Stages()
    os.environ.update(settings.environment())
    processes.require_free(settings.dashboard_port, "TELCOPULSE_DASHBOARD_PORT")
    with running(settings) as system:
        if arguments.feed == "simulated":
            system.simulate_history(arguments.days, arguments.events_per_day)
        with stages.stage("local AWS (Kinesis, S3, Glue, Athena on Trino)"):
            system.start_aws()
        load_history(system, stages, arguments)
        # The stream keeps what comes until the job reads it: beside the first refresh, its start would take the cores.
        if arguments.feed == "replay":
            system.start_replay(arguments.rate)
        else:
            system.start_phones(arguments.events_per_day)
        with stages.stage("first refresh of every mart"):
            system.start_refresh()
            wait_for_marts(system)
        with stages.stage("streaming job, dashboard"):
            system.start_job(arguments.trigger_seconds)
            system.start_dashboard()
        _print_summary(system, stages, arguments)
        _watch(system)
    return 0


def load_history(system: System, stages: Stages, arguments: argparse.Namespace) -> None:
    if arguments.feed == "replay":
        with stages.stage("history: the slice over the last 24 hours"):
            system.load_slice()
        return
    with stages.counted(f"history: {arguments.days} simulated days", 100) as progress:
        system.load_history(progress)


def wait_for_marts(system: System, timeout_s: float = FIRST_MART_TIMEOUT_S) -> None:
    """Wait until the refresh loop has logged a run: the last model it writes is pipeline_freshness.

    Raises: ChildDied, NotReady.
    """

    def ready() -> bool:
        system.require_all_alive()
        return has_refreshed()

    # Asked more often, the question would take a good part of the engine's time.
    processes.wait_until(ready, system.children["refresh"], "the first refresh", system.log("refresh"), timeout_s, 2)


def has_refreshed() -> bool:
    try:
        return athena_client.query("select count(*) from pipeline_freshness")[0][0] != "0"
    except athena_client.AthenaQueryFailed as failure:
        if "does not exist" in str(failure):
            return False
        raise


def _print_summary(system: System, stages: Stages, arguments: argparse.Namespace) -> None:
    print(f"  {'total':<46}{stages.total_s:6.1f} s\n")
    memory = system.memory_mb()
    total = sum(memory.values())
    peak = max(total, system.peak_memory_mb)
    parts = ", ".join(f"{name} {megabytes:,.0f}" for name, megabytes in memory.items())
    print(f"Memory: {total:,.0f} MB in all ({parts}); peak {peak:,.0f} MB")
    print(f"Logs:   {system.settings.logs_dir}")
    print("\nBy hand, in a second shell:  . infra/local/aws.env && dbt build")
    if arguments.feed == "simulated":
        print("Break a network:             make outage AREA=Barcelona NETWORK=movistar MINUTES=60")
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
