"""Keep the marts fresh: dbt in one warm process that parses once and refreshes the live models again and again.

A saved edit of a model is noticed: the model and what reads it are built anew. What the models said of outages is
published to SNS. Each run prints one JSON line on stdout and reports to CloudWatch; one that ended with an error is
repeated, later and later. Never two loops run at once: the second waits for the first one's lease.
"""

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from dbt.contracts.graph.manifest import Manifest
from pyathena.error import Error as PyAthenaError

from dbt_project.dbt_runs import TESTS_S, DataTests, Outcome, ParseFailed, parse, run_dbt, share_clients
from dbt_project.lease import Lease
from dbt_project.notifications import Notifier, NotPublished
from dbt_project.run_log import RunLog, StatementCounter

# Three chains of models that share nothing but raw: each is shown sooner than after a run of all.
LIVE_KPIS = ["run", "--select", "tag:kpis", "--vars", "{beat: live}"]
LIVE_OUTAGES = ["run", "--select", "tag:outages", "--vars", "{beat: live}"]
LIVE_DATA_HEALTH = ["run", "--select", "tag:data_health", "--vars", "{beat: live}"]
LATE = ["run", "--select", "tag:live", "tag:late", "--vars", "{beat: late}"]
RECONCILE = ["run", "--select", "tag:live", "--vars", "{beat: reconcile}"]
PRUNE_LOG = ["run-operation", "prune_refresh_log"]
OPTIMIZE_DAY = ["run-operation", "optimize_tables", "--args", "{days: 1}"]
OPTIMIZE_ALL = ["run-operation", "optimize_tables"]
FORGET = ["run-operation", "forget_old_days"]
VACUUM = ["run-operation", "vacuum_tables"]
VACUUM_MARTS = ["run-operation", "vacuum_tables", "--args", "{only_marts: true}"]

RAW_TABLE = "network_events"
TOPIC_VARIABLE = "TELCOPULSE_OUTAGES_TOPIC_ARN"
_RAW_POLL_S = 1.0
_GLUE_ANSWERS_SOON = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
# While no commit comes, marts are refreshed this seldom: the dashboard calls two minutes fresh.
_REST_S = 60.0
_MAX_RETRY_S = 60.0
_LOG_RUNS_S = 120.0
# A check looks at 15 minutes: half a minute more delays it little, and leaves the time to the KPIs.
_OUTAGES_S, _DATA_HEALTH_S = 30.0, 60.0
# Behind 27 merges a refresh took a third longer, and compaction half a refresh: docs/incremental-rule.md.
_OPTIMIZE_S = 1200.0

log = logging.getLogger("telcopulse.refresh")


@dataclass
class Beat:
    """What is due every `period_s` seconds, counted from the end of its last run.

    After an error it is due again in 2, 4, 8, … seconds: at most a minute, or a 24th of a longer period. `then` runs
    right behind it. What follows raw rests while raw's version stays the one that its last good run has `seen`; with a
    new one it `wakes` another.
    """

    name: str
    act: Callable[[Manifest], Outcome]
    period_s: float
    due_at: float = field(default=0.0)
    failures: int = field(default=0)
    then: "Beat | None" = field(default=None)
    follows_raw: bool = field(default=False)
    seen: str | None = field(default=None)
    wakes: "Beat | None" = field(default=None)

    def saw(self, raw: str | None, *, ok: bool) -> None:
        """A run has ended that began when raw's version was `raw`."""
        if ok and self.wakes and raw != self.seen:
            self.wakes.seen = None
        self.seen = raw if ok else None

    def due(self, raw: str | None) -> float:
        """When to run while `raw` is raw's version."""
        rests = self.follows_raw and raw is not None and raw == self.seen
        return self.due_at + max(0.0, _REST_S - self.period_s) if rests else self.due_at

    def ended(self, outcome: Outcome, now: float) -> None:
        self.failures = 0 if outcome.ok else self.failures + 1
        retry_s = min(2.0**self.failures, max(_MAX_RETRY_S, self.period_s / 24))
        self.due_at = now + (retry_s if outcome.is_worth_a_retry else self.period_s)


class RefreshLoop:
    def __init__(
        self, beats: Sequence[Beat], run_log: RunLog, metrics_namespace: str, stopping: threading.Event
    ) -> None:
        """`beats`: see `next_beat`. `stopping`: the running one ends, then the loop.

        Raises: ParseFailed.
        """
        self._beats = list(beats)
        self._run_log = run_log
        self._namespace = metrics_namespace
        self._cloudwatch: Any = boto3.client("cloudwatch")
        # Where it doesn't answer soon, nothing rests: that is no reason to wait.
        self._glue: Any = boto3.client("glue", config=_GLUE_ANSWERS_SOON)
        self._raw_error = ""
        self._stopping = stopping
        self._files = project_files()
        self._manifest = parse()

    def run(self) -> None:
        """Build everything once, then every beat when it is due, until stopped."""
        self._until_done("seed", ["seed"])
        self._wait_for_raw()
        self._until_done("first_build", ["run"])
        now = time.monotonic()
        for beat in self._beats:
            beat.due_at = now + beat.period_s
        last = self._beats[0]
        while not self._stopping.is_set():
            self._follow_edits()
            raw = self._raw_version()
            beat = next_beat(self._beats, last, time.monotonic(), raw)
            wait_s = beat.due(raw) - time.monotonic()
            if wait_s > 0:
                self._stopping.wait(min(wait_s, _RAW_POLL_S))
                continue
            last = beat
            beat.saw(raw, ok=self._run(beat))
            if beat.then:
                self._run(beat.then)

    def finish(self) -> None:
        """Write down what is not yet."""
        self._run(Beat("log_runs", partial(log_runs, self._run_log), period_s=_LOG_RUNS_S))

    def _follow_edits(self) -> None:
        """Parse anew when a file of the project changed, and build what it defines from all of its history."""
        files = project_files()
        edited = {path for path, _ in files.items() ^ self._files.items()}
        if not edited:
            return
        self._files = files
        try:
            self._manifest = parse()
        except ParseFailed as error:
            report({"event": "parse_failed", "edited": sorted(map(str, edited)), "error": str(error)})
            return
        seeds = sorted(path.stem for path in edited if path.suffix == ".csv")
        if seeds and self._run_once("edited", ["seed", "--select", *seeds]):
            # The models notice by themselves that their rows were computed with other seeds.
            self._run_once("edited", ["run"])
        selected = edited_models(edited, [node.name for node in self._manifest.nodes.values()])
        if selected:
            self._run_once("edited", ["run", "--full-refresh", "--select", *selected])

    def _until_done(self, name: str, command: list[str]) -> None:
        beat = Beat(name, partial(run_dbt, command), period_s=_MAX_RETRY_S)
        while not self._stopping.is_set() and not self._run(beat):
            self._stopping.wait(max(0.0, beat.due_at - time.monotonic()))

    def _wait_for_raw(self) -> None:
        waited_for = None
        while not self._stopping.is_set():
            try:
                self._raw_table()
                return
            except self._glue.exceptions.EntityNotFoundException:
                missing = {"event": "waiting", "for": f"{raw_database()}.{RAW_TABLE}"}
            except (BotoCoreError, ClientError) as error:
                missing = {"event": "waiting", "for": "Glue", "error": str(error)}
            if missing != waited_for:
                report(missing)
            waited_for = missing
            self._stopping.wait(_RAW_POLL_S)

    def _raw_version(self) -> str | None:
        """Another one behind each commit; None where Glue doesn't say, so that nothing rests on it."""
        try:
            version, problem = self._raw_table().get("Parameters", {}).get("metadata_location"), ""
        except (BotoCoreError, ClientError) as error:
            version, problem = None, str(error)
        if problem and problem != self._raw_error:
            log.warning("event=raw_version_unknown error=%s", problem)
        self._raw_error = problem
        return version

    def _raw_table(self) -> Any:
        return self._glue.get_table(DatabaseName=raw_database(), Name=RAW_TABLE)["Table"]

    def _run_once(self, name: str, command: list[str]) -> bool:
        return self._run(Beat(name, partial(run_dbt, command), period_s=_MAX_RETRY_S))

    def _run(self, beat: Beat) -> bool:
        started, started_ts = time.monotonic(), datetime.now(UTC)
        outcome = beat.act(self._manifest)
        ended = time.monotonic()
        beat.ended(outcome, ended)
        if outcome.is_news:
            seconds = round(ended - started, 2)
            self._run_log.add(beat.name, started_ts, seconds, outcome.models, is_ok=outcome.ok)
            line = {"event": "refresh", "beat": beat.name, "ok": outcome.ok, "seconds": seconds}
            report({**line, **({"failures": beat.failures} if beat.failures else {}), **outcome.figures})
            self._put_metrics(beat, outcome.ok, seconds)
        return outcome.ok

    def _put_metrics(self, beat: Beat, ok: bool, seconds: float) -> None:
        dimensions = [{"Name": "Beat", "Value": beat.name}]
        in_a_row = max(other.failures for other in [beat, *self._beats])
        data = [
            {"MetricName": "refresh_duration_s", "Value": seconds, "Unit": "Seconds", "Dimensions": dimensions},
            {"MetricName": "refresh_failed", "Value": 0 if ok else 1, "Unit": "Count", "Dimensions": dimensions},
            {"MetricName": "refresh_failures_in_a_row", "Value": in_a_row, "Unit": "Count"},
        ]
        try:
            self._cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=data)
        except (BotoCoreError, ClientError) as error:
            log.warning("event=metrics_refused error=%s", error)


def next_beat(beats: Sequence[Beat], last: Beat, now: float, raw: str | None) -> Beat:
    """The first, if it is due, between any two others: it waits for one at most. Else what is due for longest."""
    if last is not beats[0] and beats[0].due(raw) <= now:
        return beats[0]
    return min(beats, key=lambda beat: beat.due(raw))


def publish(notifier: Notifier, manifest: Manifest) -> Outcome:
    """What can't be published now is found again."""
    try:
        published = notifier.publish_new()
    except (NotPublished, BotoCoreError, ClientError, PyAthenaError) as error:
        return Outcome(False, {"failed": {"notify": str(error)}}, is_worth_a_retry=True)
    return Outcome(True, {"published": published}, is_news=published > 0)


def project_files() -> dict[Path, int]:
    """When each file that defines models was last written, by its path from the repository's root."""
    models, macros, seeds = (Path("dbt_project") / name for name in ("models", "macros", "seeds"))
    found = [Path("dbt_project.yml"), *models.rglob("*.sql"), *models.rglob("*.yml"), *macros.glob("*.sql")]
    found += seeds.glob("*.csv")
    files = {}
    for path in found:
        # An editor's lock beside a file is no file of the project, and a file is gone for a moment when it is saved.
        if not path.name.startswith("."):
            with contextlib.suppress(FileNotFoundError):
                files[path] = path.stat().st_mtime_ns
    return files


def edited_models(edited: Collection[Path], known: Collection[str]) -> list[str]:
    """What to select to build the models that `edited` files define, with all that reads them.

    A macro or a variable may be used by any model, so every model is built.
    """
    if any("models" not in path.parts and path.suffix != ".csv" for path in edited):
        return ["*"]
    return sorted(f"{path.stem}+" for path in edited if path.suffix == ".sql" and path.stem in known)


def log_runs(run_log: RunLog, manifest: Manifest) -> Outcome:
    """What can't be written now is kept for the next time."""
    try:
        run_log.write()
    except (BotoCoreError, ClientError, PyAthenaError) as error:
        return Outcome(False, {"failed": {"log_runs": str(error)}}, is_worth_a_retry=True)
    return Outcome(True, {}, is_news=False)


def report(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def beats_of(arguments: argparse.Namespace, run_log: RunLog) -> list[Beat]:
    hour_s = 3600.0
    commands = [
        ("live_kpis", LIVE_KPIS, arguments.live_seconds),
        ("live_outages", LIVE_OUTAGES, max(arguments.live_seconds, _OUTAGES_S)),
        ("live_data_health", LIVE_DATA_HEALTH, max(arguments.live_seconds, _DATA_HEALTH_S)),
        ("late", LATE, arguments.late_minutes * 60),
        ("prune_log", PRUNE_LOG, hour_s),
        ("optimize_day", OPTIMIZE_DAY, _OPTIMIZE_S),
        ("vacuum_marts", VACUUM_MARTS, hour_s),
        ("reconcile", RECONCILE, 24 * hour_s),
        ("forget_old_days", FORGET, 24 * hour_s),
        ("optimize_all", OPTIMIZE_ALL, 24 * hour_s),
        ("vacuum", VACUUM, 24 * hour_s),
    ]
    beats = [
        Beat(name, partial(run_dbt, command), period_s, follows_raw=name.startswith("live_"))
        for name, command, period_s in commands
    ]
    kpis, outages = beats[:2]
    # pipeline_freshness, which is refreshed with the KPIs, shows what both have.
    outages.wakes = kpis
    tests_s = arguments.test_minutes * 60
    beats.append(Beat("test", DataTests(tests_s), min(tests_s, TESTS_S)))
    beats.append(Beat("log_runs", partial(log_runs, run_log), _LOG_RUNS_S))
    topic_arn = os.environ.get(TOPIC_VARIABLE)
    if topic_arn is None:
        report({"event": "not_notifying", "why": f"{TOPIC_VARIABLE} is not set"})
        return beats
    notifier = Notifier(topic_arn, marts_schema(), work_group())
    notify = Beat("notify", partial(publish, notifier), period_s=60.0)
    outages.then = notify
    return [*beats, notify]


def raw_database() -> str:
    """As the sources of dbt have it."""
    return os.environ.get("TELCOPULSE_RAW_DATABASE", "raw")


def marts_schema() -> str:
    """As profiles.yml has it."""
    return os.environ.get("TELCOPULSE_MARTS_SCHEMA", "marts")


def work_group() -> str:
    """As profiles.yml has it."""
    return os.environ.get("TELCOPULSE_DBT_WORKGROUP", "dbt")


def marts_lease() -> Lease:
    bucket = os.environ.get("TELCOPULSE_MARTS_BUCKET", "telcopulse-marts")
    return Lease(bucket, f"refresh_lease/{marts_schema()}.json")


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="refresh.py", description="Keep the marts fresh until SIGTERM or Ctrl-C; one JSON line a run."
    )
    parser.add_argument(
        "--live-seconds",
        type=float,
        default=3,
        help="pause between two refreshes of the KPIs (default 3); of outages 30 at least, of data health 60",
    )
    parser.add_argument(
        "--late-minutes", type=float, default=15, help="how often rows hours late are settled (default 15)"
    )
    parser.add_argument(
        "--test-minutes",
        type=float,
        default=30,
        help="about how often each data test runs (default 30)",
    )
    parser.add_argument("--metrics-namespace", default="TelcoPulse", help="of the CloudWatch metrics")
    return parser.parse_args(arguments)


def stop_on_signals(stopping: threading.Event) -> None:
    def on_signal(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


def main() -> int:
    arguments = parse_arguments()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    stopping = threading.Event()
    stop_on_signals(stopping)
    share_clients()
    counter = StatementCounter()
    counter.watch()
    run_log = RunLog(marts_schema(), work_group(), counter)
    try:
        loop = RefreshLoop(beats_of(arguments, run_log), run_log, arguments.metrics_namespace, stopping)
    except ParseFailed as error:
        print(f"error: the dbt project can't be parsed: {error}", file=sys.stderr)
        return 2
    lease = marts_lease()
    if lease.acquire(stopping, lambda holder: report({"event": "waiting", "for": "lease", "held_by": holder})):
        with lease.kept(on_loss=stopping.set):
            loop.run()
            loop.finish()
    report({"event": "lease_lost" if lease.is_lost else "stopped"})
    return 1 if lease.is_lost else 0


if __name__ == "__main__":
    sys.exit(main())
