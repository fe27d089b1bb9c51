"""`make smoke`: one pass of the real slice through the whole path on free ports; one JSON line at the end."""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from infra.local import athena_client, processes
from infra.local.demo import wait_for_marts
from infra.local.settings import LocalError, LocalSettings
from infra.local.system import System, running

VISIBLE_TIMEOUT_S = 300
_POLL_INTERVAL_S = 1.0
_VISIBLE = """
    select coalesce(sum(n), 0) from service_status
    where period = 'day' and area_level = 'all' and network = 'all'
"""
_RAW = """
    select count(*), count_if(reject_reason is null), count_if(reject_reason is not null),
        count(distinct (shard_id, sequence_number))
    from network_events
"""


class NeverVisible(LocalError):
    def __init__(self, visible: int, expected: int, logs: Path) -> None:
        super().__init__(
            f"{visible} of {expected} events were visible in a mart after {VISIBLE_TIMEOUT_S} s; logs: {logs}"
        )


@dataclass(frozen=True)
class Result:
    """The figures that `make smoke` prints."""

    events_sent: int
    rows_raw: int
    accepted: int
    rejected: int
    lost: int
    duplicated: int
    freshness_p50_s: float
    freshness_p95_s: float
    seconds_to_first_mart: float
    peak_rss_mb: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=float, default=25.0, help="events per second (default 25: one pass in 40 s)")
    parser.add_argument("--trigger-seconds", type=int, default=10, help="the job's micro-batch interval (default 10)")
    parser.add_argument("--keep-logs", type=Path, help="copy the logs of every part to this folder at the end")


def run(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="telcopulse-smoke-") as folder:
        own = on_free_ports(settings, Path(folder))
        os.environ.update(own.environment())
        with running(own) as system:
            try:
                result = one_pass(system, arguments.rate, arguments.trigger_seconds)
            finally:
                if arguments.keep_logs:
                    shutil.copytree(own.logs_dir, arguments.keep_logs, dirs_exist_ok=True)
    print(json.dumps(result.__dict__), flush=True)
    return 0 if result.rows_raw == result.events_sent and not result.lost and not result.duplicated else 1


def on_free_ports(settings: LocalSettings, folder: Path) -> LocalSettings:
    ports = {processes.free_port() for _ in range(12)}
    aws, trino, dashboard = list(ports)[:3]
    return replace(settings, aws_port=aws, trino_port=trino, dashboard_port=dashboard, state_dir=folder)


def one_pass(system: System, rate: float, trigger_seconds: int) -> Result:
    """Start the path, send the slice once, wait until a mart shows all of it, and count."""
    started = time.time()
    _say("starting the local AWS, the job and the refresh loop")
    system.start_aws()
    system.start_job(trigger_seconds)
    system.start_refresh()
    wait_for_marts(system)
    put_log = system.settings.state_dir / "puts.jsonl"
    _say(f"sending the slice once at {rate:g} events/s")
    system.start_replay(rate, put_log, loops=1)
    visible = watch_mart(system)
    puts = read_puts(put_log)
    lags = freshness(puts, visible)
    rows, accepted, rejected, distinct = (int(value or 0) for value in athena_client.query(_RAW, database="raw")[0])
    sent = puts[-1][0]
    return Result(
        events_sent=sent,
        rows_raw=rows,
        accepted=accepted,
        rejected=rejected,
        lost=sent - distinct,
        duplicated=rows - distinct,
        freshness_p50_s=round(statistics.median(lags), 1),
        freshness_p95_s=round(statistics.quantiles(lags, n=20)[-1], 1),
        seconds_to_first_mart=round(next(ts for count, ts in visible if count) - started, 1),
        peak_rss_mb=round(system.peak_memory_mb),
    )


def freshness(puts: list[tuple[int, float]], visible: list[tuple[int, float]]) -> list[float]:
    """Seconds from put to visible for each event, matching the k-th event put to the first look that counts k.

    `puts` and `visible` hold (cumulative count, epoch seconds), both in time order. Shards are read side by side, so
    an event may be swapped with a neighbour of the same batch; that changes no quantile by more than a batch.
    """
    lags, looks, previous = [], iter(visible), 0
    count, seen_ts = next(looks)
    for cumulative, put_ts in puts:
        for k in range(previous + 1, cumulative + 1):
            while count < k:
                count, seen_ts = next(looks)
            lags.append(seen_ts - put_ts)
        previous = cumulative
    return lags


def watch_mart(system: System) -> list[tuple[int, float]]:
    """Look at a mart until it shows everything that the feed has sent."""
    looks: list[tuple[int, float]] = []
    deadline: float | None = None
    expected: int | None = None
    while True:
        system.require_all_alive(finished_ok={"replay"})
        count = int(athena_client.query(_VISIBLE)[0][0] or 0)
        if not looks or count != looks[-1][0]:
            looks.append((count, time.time()))
            _say(f"{count} events visible in a mart")
        if expected is None and system.children["replay"].poll() == 0:
            expected = read_puts(system.settings.state_dir / "puts.jsonl")[-1][0]
            deadline = time.time() + VISIBLE_TIMEOUT_S
        if expected is not None and deadline is not None:
            if count >= expected:
                return looks
            if time.time() > deadline:
                raise NeverVisible(count, expected, system.settings.logs_dir)
        time.sleep(_POLL_INTERVAL_S)


def read_puts(path: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [(line["n"], line["put_ts"]) for line in lines]


def _say(text: str) -> None:
    print(f"smoke: {text}", file=sys.stderr, flush=True)
