"""`make score-outages`: how well outages are found in labelled weeks, judged as of arrival; prints one JSON line last.

The weeks are simulated, or given (--history). What counts as found, and what as false, stands in docs/outage-scores.md,
which it writes of simulated ones.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from infra.local.settings import REPO_ROOT
from tests.bench import asof_checks, duckdb_models, outage_figures, outage_report, simulated_history
from tests.bench.outage_figures import Judged
from tests.warm_dbt import copy_project

PAGE = REPO_ROOT / "docs" / "outage-scores.md"


class InvalidHistory(ValueError):
    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder} {why}; docs/feed.md describes a history and its labels")


@dataclass(frozen=True)
class History:
    seed: int
    scenarios: str
    days: float
    skip_days: float
    events_per_day: float
    end: str

    @property
    def name(self) -> str:
        return f"{'clean' if self.scenarios == 'none' else 'seed'}-{self.seed}"

    @property
    def end_ts(self) -> datetime:
        return datetime.fromisoformat(self.end).astimezone(UTC).replace(tzinfo=None)

    @property
    def begin_ts(self) -> datetime:
        return self.end_ts - timedelta(days=self.days - self.skip_days)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make score-outages", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--history",
        type=Path,
        nargs="+",
        help="folders with events-*.jsonl and labels.jsonl (docs/feed.md) to score; nothing is simulated then",
    )
    parser.add_argument("--seeds", type=int, nargs="*", default=[5, 6, 7], help="histories with outages")
    parser.add_argument("--clean-seeds", type=int, nargs="*", default=[8], help="histories without any")
    parser.add_argument("--days", type=float, default=28)
    parser.add_argument("--skip-days", type=float, default=2, help="days at the beginning that only make baselines")
    parser.add_argument("--events-per-day", type=float, default=200_000)
    parser.add_argument("--end", default="2026-11-24T00:00:00Z")
    parser.add_argument("--kept", type=Path, help="a folder for what was said, to be looked at")
    parser.add_argument("--page", type=Path, help=f"the page to write of simulated ones (default {PAGE.name} in docs)")
    arguments = parser.parse_args()
    if arguments.history and arguments.page:
        parser.error("--page is written of simulated histories: leave it out beside --history")
    started = time.monotonic()
    found = []
    try:
        for path in arguments.history or ():
            require_history(path, arguments.history)
        with tempfile.TemporaryDirectory(prefix="telcopulse-score-") as folder:
            project = copy_project(Path(folder) / "project")
            sql = duckdb_models.compiled(project, (*asof_checks.MODELS, asof_checks.CHECKS), asof_checks.VARIABLES)
            for judged in all_judged(arguments, Path(folder), sql):
                found.append(judged)
                if arguments.kept:
                    judged.save(arguments.kept / judged.name)
    except InvalidHistory as error:
        parser.error(str(error))
    figures = outage_figures.of(found)
    if not arguments.history:
        command = " ".join(["make score-outages", *([f"ARGS='{shlex.join(sys.argv[1:])}'"] if sys.argv[1:] else [])])
        page = arguments.page or PAGE
        outage_report.write(page, figures, command, minutes=round((time.monotonic() - started) / 60))
    print(json.dumps(figures.summary()), flush=True)
    return 0


def all_judged(arguments: argparse.Namespace, folder: Path, sql: dict[str, str]) -> Iterator[Judged]:
    """Raises: InvalidHistory."""
    if arguments.history:
        for path in arguments.history:
            yield judge_given(path, arguments.skip_days, folder / "models.duckdb", sql)
        return
    kinds = [(seed, "seed") for seed in arguments.seeds] + [(seed, "none") for seed in arguments.clean_seeds]
    days, skip_days, events = arguments.days, arguments.skip_days, arguments.events_per_day
    histories = [History(seed, kind, days, skip_days, events, arguments.end) for seed, kind in kinds]
    # The next history is simulated while one is judged.
    with ThreadPoolExecutor(1) as simulating:
        simulated = [simulating.submit(simulate, history, folder / history.name) for history in histories]
        for history, written in zip(histories, simulated, strict=True):
            started = time.monotonic()
            written.result()
            yield judge_simulated(history, folder / history.name, sql)
            print(f"{history.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def simulate(history: History, folder: Path) -> None:
    """What can't be read is left out: it is refused before anything is voted on."""
    program = (sys.executable, "-m", "infra.feed", "simulate", "history", "--output", str(folder))
    how = ("--seed", str(history.seed), "--scenarios", history.scenarios, "--malformed", "0", "--end", history.end)
    size = ("--days", str(history.days), "--events-per-day", str(history.events_per_day))
    subprocess.run([*program, *how, *size], check=True, capture_output=True)


def judge_simulated(history: History, folder: Path, sql: dict[str, str]) -> Judged:
    labels = outage_figures.read_labels(folder / "labels.jsonl", history.begin_ts)
    with duckdb_models.connect(folder / "models.duckdb") as connection:
        simulated_history.load(connection, folder)
        for path in folder.glob("events-*.jsonl"):
            path.unlink()
        judged = judge(connection, sql, history.name, labels, history.begin_ts, history.end_ts)
    shutil.rmtree(folder)
    return judged


def require_history(folder: Path, given: list[Path]) -> None:
    """Raises: InvalidHistory."""
    if [path.resolve().name for path in given].count(folder.resolve().name) > 1:
        raise InvalidHistory(folder, "has the name of another one")
    for pattern in ("events-*.jsonl", "labels.jsonl"):
        if not any(folder.glob(pattern)):
            raise InvalidHistory(folder, f"has no {pattern}")
    try:
        outage_figures.read_labels(folder / "labels.jsonl", datetime(1970, 1, 1))
    except ValueError as error:
        raise InvalidHistory(folder, f"has a labels.jsonl of another format: {error}") from error


def judge_given(folder: Path, skip_days: float, database: Path, sql: dict[str, str]) -> Judged:
    """Its first days only make baselines; it ends with its last measurement.

    Raises: InvalidHistory.
    """
    with duckdb_models.connect(database) as connection:
        try:
            simulated_history.load(connection, folder)
        except duckdb.Error as error:
            raise InvalidHistory(folder, f"has an event that can't be read: {error}") from error
        first, last = connection.execute("select min(event_ts), max(event_ts) from network_events").fetchall()[0]
        if first is None:
            raise InvalidHistory(folder, "has no event")
        begin = first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=skip_days)
        if last <= begin:
            raise InvalidHistory(folder, f"ends at {last} within the first {skip_days:g} days, which make baselines")
        labels = outage_figures.read_labels(folder / "labels.jsonl", begin)
        judged = judge(connection, sql, folder.resolve().name, labels, begin, last)
    database.unlink()
    return judged


def judge(
    connection: duckdb.DuckDBPyConnection,
    sql: dict[str, str],
    name: str,
    labels: pd.DataFrame,
    begin: datetime,
    end: datetime,
) -> Judged:
    """The history of the table `network_events`, from `begin` to `end`."""
    asof_checks.build(connection, sql)
    asof_checks.judge(connection, sql, begin, end)
    said = connection.execute("from said").df()
    late = asof_checks.in_the_end(connection, sql, begin)
    hourly = asof_checks.hourly_outliers(connection)
    return Judged(name, (end - begin) / timedelta(days=1), labels, said, late, hourly)


if __name__ == "__main__":
    raise SystemExit(main())
