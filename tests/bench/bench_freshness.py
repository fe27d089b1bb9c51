"""`make bench-freshness`: a steady stream through the whole running system; prints one JSON line last.

Seconds from put on the stream to visible in a mart through the Athena API, and in which stage they pass.
"""

import argparse
import json
import os
import re
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local import athena_client
from infra.local.demo import wait_for_marts
from infra.local.settings import LocalSettings
from infra.local.smoke import freshness, on_free_ports, read_puts, watch_mart
from infra.local.system import System, running
from tests.bench.executions import executions

RATE = 200
ROWS_PER_LOOP = 1_000
TRIGGER_S = 10
_BATCHES = "select cast(ingest_ts as varchar), count(*) from network_events group by ingest_ts order by ingest_ts"
_COMMITS = (
    "select cast(at_timezone(committed_at, 'UTC') as varchar), summary['total-records']"
    ' from "network_events$snapshots" order by committed_at'
)
# What a refresh asks first: which rows of raw it has not counted. The one whose mart is looked at then writes this.
_ASKS = re.compile(r"select\s+'(live|late)' as beat", re.IGNORECASE)
_WRITES = re.compile(r"merge into \S*int_network_events_5min", re.IGNORECASE)
Counts = list[tuple[int, float]]


def measure(system: System, seconds: int) -> dict[str, Any]:
    system.start_aws()
    system.start_job(TRIGGER_S)
    system.start_refresh()
    wait_for_marts(system)
    put_log = system.settings.state_dir / "puts.jsonl"
    system.start_replay(RATE, put_log, loops=max(1, seconds * RATE // ROWS_PER_LOOP))
    visible = watch_mart(system)
    puts = read_puts(put_log)
    commits = _commits()
    stages = {
        "trigger_wait": _batches(),
        "batch_and_commit": commits,
        "refresh_wait": _asked(commits),
        "models": visible,
    }
    return figures(puts, stages)


def figures(puts: Counts, stages: dict[str, Counts]) -> dict[str, Any]:
    """The last stage's end is when an event is visible; a stage's seconds are the mean over all events."""
    found: dict[str, Any] = {}
    before, lags = 0.0, [0.0]
    for name, reached in stages.items():
        lags = freshness(puts, reached)
        found[f"{name}_mean_s"] = round(statistics.mean(lags) - before, 1)
        before = statistics.mean(lags)
    for name in stages:
        found[f"{name}_share"] = round(found[f"{name}_mean_s"] / before, 2)
    return {
        "events": len(lags),
        "freshness_p50_s": round(statistics.median(lags), 1),
        "freshness_p95_s": round(statistics.quantiles(lags, n=20)[-1], 1),
        **found,
    }


def _batches() -> Counts:
    found, total = [], 0
    for ingest_ts, count in athena_client.query(_BATCHES, database="raw"):
        total += int(count or 0)
        found.append((total, _epoch(ingest_ts)))
    return found


def _commits() -> Counts:
    rows = athena_client.query(_COMMITS, database="raw")
    return [(int(total or 0), _epoch(committed)) for committed, total in rows]


def _asked(commits: Counts) -> Counts:
    """How much raw held whenever a refresh of the KPIs asked it."""
    found, asked_ts = [], None
    for one in sorted(executions("dbt"), key=lambda each: each["Status"]["SubmissionDateTime"]):
        sql = _without_comment(one["Query"])
        if asks := _ASKS.match(sql):
            is_live = asks.group(1) == "live"
            asked_ts = one["Status"]["SubmissionDateTime"].timestamp() if is_live else None
        elif asked_ts and _WRITES.match(sql):
            found.append((max((total for total, ts in commits if ts <= asked_ts), default=0), asked_ts))
    return found


def _without_comment(sql: str) -> str:
    return re.sub(r"/\*.*?\*/|--[^\n]*\n", "", sql, flags=re.DOTALL).strip()


def _epoch(text: str | None) -> float:
    return datetime.fromisoformat(str(text).removesuffix(" UTC")).replace(tzinfo=UTC).timestamp()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-freshness", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=600, help=f"how long {RATE} events/s are sent (default 600)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="telcopulse-freshness-") as folder:
        own = on_free_ports(LocalSettings.from_env(), Path(folder))
        os.environ.update(own.environment())
        with running(own) as system:
            result = measure(system, arguments.seconds)
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
