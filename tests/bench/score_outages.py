"""`make score-outages`: how well outages are found in simulated weeks, judged as of arrival; prints one JSON line last.

What counts as found, and what as false, stands in docs/outage-scores.md, which it writes.
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

import pandas as pd

from tests.bench import asof_checks, duckdb_models, outage_figures, outage_report, simulated_history
from tests.bench.outage_figures import Judged
from tests.warm_dbt import copy_project


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
        return f"{self.scenarios}-{self.seed}"

    @property
    def end_ts(self) -> datetime:
        return datetime.fromisoformat(self.end).astimezone(UTC).replace(tzinfo=None)

    @property
    def begin_ts(self) -> datetime:
        return self.end_ts - timedelta(days=self.days - self.skip_days)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make score-outages", description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=[5, 6, 7], help="histories with outages")
    parser.add_argument("--clean-seeds", type=int, nargs="*", default=[8], help="histories without any")
    parser.add_argument("--days", type=float, default=28)
    parser.add_argument("--skip-days", type=float, default=2, help="days at the beginning that only make baselines")
    parser.add_argument("--events-per-day", type=float, default=200_000)
    parser.add_argument("--end", default="2026-11-24T00:00:00Z")
    parser.add_argument("--kept", type=Path, help="a folder for what was said, to be looked at")
    parser.add_argument("--page", type=Path, help="the page to write, with its plots beside it")
    arguments = parser.parse_args()
    started = time.monotonic()
    kinds = [(seed, "seed") for seed in arguments.seeds] + [(seed, "none") for seed in arguments.clean_seeds]
    days, skip_days, events = arguments.days, arguments.skip_days, arguments.events_per_day
    histories = [History(seed, kind, days, skip_days, events, arguments.end) for seed, kind in kinds]
    with tempfile.TemporaryDirectory(prefix="telcopulse-score-") as folder:
        project = copy_project(Path(folder) / "project")
        sql = duckdb_models.compiled(project, (*asof_checks.MODELS, asof_checks.CHECKS), asof_checks.VARIABLES)
        found = []
        for history, judged in zip(histories, all_judged(histories, Path(folder), sql), strict=True):
            found.append(judged)
            if arguments.kept:
                judged.save(arguments.kept / history.name)
    figures = outage_figures.of(found)
    if arguments.page:
        given = [word for word in sys.argv[1:] if word not in ("--page", str(arguments.page))]
        command = " ".join(["make score-outages", *([f"ARGS='{shlex.join(given)}'"] if given else [])])
        outage_report.write(arguments.page, figures, command, minutes=round((time.monotonic() - started) / 60))
    print(json.dumps(figures.summary()), flush=True)
    return 0


def all_judged(histories: list[History], folder: Path, sql: dict[str, str]) -> Iterator[Judged]:
    """The next history is simulated while one is judged."""
    with ThreadPoolExecutor(1) as simulating:
        simulated = [simulating.submit(simulate, history, folder / history.name) for history in histories]
        for history, written in zip(histories, simulated, strict=True):
            started = time.monotonic()
            labels = written.result()
            yield judge(history, folder / history.name, labels, sql)
            print(f"{history.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def simulate(history: History, folder: Path) -> pd.DataFrame:
    """The labels of the scored days, their instants as naive UTC.

    What can't be read is left out: it is refused before anything is voted on.
    """
    program = (sys.executable, "-m", "infra.feed", "simulate", "history", "--output", str(folder))
    how = ("--seed", str(history.seed), "--scenarios", history.scenarios, "--malformed", "0", "--end", history.end)
    size = ("--days", str(history.days), "--events-per-day", str(history.events_per_day))
    subprocess.run([*program, *how, *size], check=True, capture_output=True)
    return outage_figures.read_labels(folder / "labels.jsonl", history.begin_ts)


def judge(history: History, folder: Path, labels: pd.DataFrame, sql: dict[str, str]) -> Judged:
    with duckdb_models.connect(folder / "models.duckdb") as connection:
        simulated_history.load(connection, folder)
        for path in folder.glob("events-*.jsonl"):
            path.unlink()
        asof_checks.build(connection, sql)
        asof_checks.judge(connection, sql, history.begin_ts, history.end_ts)
        said = connection.execute("from said").df()
        late = asof_checks.in_the_end(connection, sql, history.begin_ts)
        hourly = asof_checks.hourly_outliers(connection)
    shutil.rmtree(folder)
    return Judged(history.seed, history.scenarios, history.days - history.skip_days, labels, said, late, hourly)


if __name__ == "__main__":
    raise SystemExit(main())
