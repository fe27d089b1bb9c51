"""`make score-outages`: how well outages are found in simulated weeks, judged as of arrival; prints one JSON line last.

What counts as found, and what as false, stands in docs/outages.md.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from infra.feed import __main__ as feed
from infra.local.settings import LocalSettings
from tests import raw_writer
from tests.bench import asof_checks, simulated_history
from tests.integration.catalog_clients import pyiceberg_catalog
from tests.own_stack import own_stack
from tests.warm_dbt import WarmDbt, copy_project

MODELS = ("int_outage_votes_5min", "int_outage_votes_day", "int_outage_baselines")
# An incident's checks may lie so far apart; what was said of an outage may last so long after its end.
GAP, TAIL = timedelta(minutes=60), timedelta(minutes=75)
MIN_VOTES = 10
CELL = ["area_level", "area_code", "network"]


@dataclass(frozen=True)
class Run:
    seed: int
    scenarios: str
    days: float
    events_per_day: float
    end: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="make score-outages", description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="histories with outages")
    parser.add_argument("--clean-seeds", type=int, nargs="*", default=[4], help="histories without any")
    parser.add_argument("--days", type=float, default=28)
    parser.add_argument("--skip-days", type=float, default=2, help="days at the beginning that only make baselines")
    parser.add_argument("--events-per-day", type=float, default=200_000)
    parser.add_argument("--end", default="2026-11-24T00:00:00Z")
    parser.add_argument("--output", type=Path, help="a folder for the judged rows, to be looked at")
    arguments = parser.parse_args()
    kinds = [(seed, "seed") for seed in arguments.seeds] + [(seed, "none") for seed in arguments.clean_seeds]
    with tempfile.TemporaryDirectory(prefix="telcopulse-score-") as name, own_stack(Path(name)) as running:
        folder = Path(name)
        project = copy_project(folder / "project")
        found = []
        for seed, scenarios in kinds:
            run = Run(seed, scenarios, arguments.days, arguments.events_per_day, arguments.end)
            found.append((run, *judged(run, folder, project, running.settings, arguments.skip_days)))
            if arguments.output:
                arguments.output.mkdir(parents=True, exist_ok=True)
                found[-1][1].to_parquet(arguments.output / f"{scenarios}-{seed}.parquet")
                found[-1][2].to_json(arguments.output / f"{scenarios}-{seed}.jsonl", orient="records", lines=True)
    days = sum(run.days - arguments.skip_days for run, _, _ in found)
    print(json.dumps(figures([(said, labels) for _, said, labels in found], days)), flush=True)
    return 0


def judged(
    run: Run, folder: Path, project: Path, settings: LocalSettings, skip_days: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was said when, and the labels."""
    name = f"score_{run.scenarios}_{run.seed}"
    history = folder / name
    arguments = ["--output", str(history), "--seed", str(run.seed), "--days", str(run.days), "--end", run.end]
    feed.main(
        ["simulate", "history", *arguments, "--scenarios", run.scenarios, "--events-per-day", str(run.events_per_day)]
    )
    raw = raw_writer.create(pyiceberg_catalog(settings.endpoint_url), f"raw_{name}")
    for day in tqdm(simulated_history.days(history), desc=f"{name}: raw", unit="day"):
        raw_writer.append(raw, day)
    with WarmDbt(project, schema=name, raw=f"raw_{name}") as dbt:
        dbt.run("seed")
        dbt.run("run", "--select", "staging", *MODELS)
        dbt.run("compile", "--select", "int_outage_votes_5min", "outage_checks")
    end = datetime.fromisoformat(run.end).astimezone(UTC).replace(tzinfo=None)
    begin = end - timedelta(days=run.days - skip_days)
    said = say_all(asof_checks.read(project), name, begin, end, settings)
    labels = pd.read_json(history / "labels.jsonl", lines=True, dtype=False) if run.scenarios != "none" else None
    return said, in_time(labels, begin)


def say_all(sql: asof_checks.Sql, schema: str, begin: datetime, end: datetime, settings: LocalSettings) -> pd.DataFrame:
    asof_checks.create(schema)
    span = asof_checks.STEP * asof_checks.WORLDS
    for number in tqdm(range(-(-(end - begin) // span)), desc=f"{schema}: as of", unit="3 h"):
        asof_checks.judge(sql, schema, begin + number * span)
    table = pyiceberg_catalog(settings.endpoint_url).load_table(f"{schema}.asof_checks")
    return table.scan().to_pandas()


def in_time(labels: pd.DataFrame | None, begin: datetime) -> pd.DataFrame:
    """The labels from `begin` on, their instants as naive UTC."""
    columns = ["scenario", "is_outage", "evidence", "area_codes", "host_network", "start_ts", "end_ts", "measured_n"]
    if labels is None or labels.empty:
        return pd.DataFrame(columns=[*columns, "first_affected_arrival_ts"])
    for name in ("start_ts", "end_ts", "first_affected_arrival_ts"):
        labels[name] = pd.to_datetime(labels[name], utc=True).dt.tz_localize(None)
    return labels[labels["start_ts"] >= begin].reset_index(drop=True)


def alarms(said: pd.DataFrame) -> pd.DataFrame:
    """One row per cell and stretch of time in which it was said: since and until when, and of which checks."""
    said = said.sort_values([*CELL, "as_of_ts"])
    is_new = (said[CELL] != said[CELL].shift()).any(axis=1) | (said["as_of_ts"] - said["as_of_ts"].shift() > GAP)
    return (
        said.assign(number=is_new.cumsum())
        .groupby([*CELL, "number"], as_index=False)
        .agg(since=("as_of_ts", "min"), until=("as_of_ts", "max"), votes=("vote_n", "max"))
    )


def matches(alarm: Any, label: Any) -> bool:
    """The same network at the same time, in the label's area or in a roll-up that holds it."""
    return (
        alarm.network == label.host_network
        and alarm.since <= label.end_ts + TAIL
        and alarm.until >= label.start_ts
        and (
            alarm.area_level == "all"
            or (alarm.area_level == "municipality" and alarm.area_code in label.area_codes)
            or (alarm.area_level == "province" and any(code[:2] == alarm.area_code for code in label.area_codes))
        )
    )


def window_votes(label: Any) -> float:
    return float(label.measured_n / ((label.end_ts - label.start_ts) / timedelta(minutes=15)))


def figures(histories: Iterable[tuple[pd.DataFrame, pd.DataFrame]], days: float) -> dict[str, Any]:
    confirmed, fixed = Score(), Score()
    silent: list[bool] = []
    for said, labels in histories:
        confirmed.add(said[said["verdict"] == "CONFIRMED"], labels)
        fixed.add(said[(said["vote_n"] >= MIN_VOTES) & (said["bad_share"] >= 0.2)], labels)
        suspected = list(alarms(said[said["verdict"] == "SUSPECTED"]).itertuples())
        for label in labels[labels["evidence"] == "silence"].itertuples():
            silent.append(any(matches(alarm, label) for alarm in suspected))
    return confirmed.figures(days) | {
        "silence_recall": round(statistics.mean(silent), 3) if silent else None,
        "silent_outages": len(silent),
        "days": days,
        "fixed_threshold": fixed.figures(days),
    }


class Score:
    """Alarms against labels, over all histories."""

    def __init__(self) -> None:
        self._outages: list[dict[str, Any]] = []
        self._true = self._false = 0

    def add(self, said: pd.DataFrame, labels: pd.DataFrame) -> None:
        raised = list(alarms(said).itertuples())
        outages = list(labels[labels["is_outage"].astype(bool)].itertuples())
        are_true = [any(matches(alarm, label) for label in outages) for alarm in raised]
        self._true += sum(are_true)
        self._false += len(are_true) - sum(are_true)
        for label in outages:
            if label.evidence != "explicit":
                continue
            since = [alarm.since for alarm in raised if matches(alarm, label)]
            known_ts = label.first_affected_arrival_ts
            delay = (max(min(since), known_ts) - known_ts) / timedelta(minutes=1) if since else None
            self._outages.append({"scenario": label.scenario, "votes": window_votes(label), "delay": delay})

    def figures(self, days: float) -> dict[str, Any]:
        judged_ones = [outage for outage in self._outages if outage["votes"] >= MIN_VOTES]
        by_scenario = {
            name: _summary([outage for outage in judged_ones if outage["scenario"] == name])
            for name in sorted({outage["scenario"] for outage in judged_ones})
        }
        bounds = [(0, 5), (5, 10), (10, 20), (20, 50), (50, 1e9)]
        by_votes = {
            f"{low:g} to {high:g}" if high < 1e9 else f"{low:g} or more": _summary(
                [outage for outage in self._outages if low <= outage["votes"] < high]
            )
            for low, high in bounds
        }
        raised = self._true + self._false
        return {
            "precision": round(self._true / raised, 3) if raised else None,
            **_summary(judged_ones),
            "false_confirmed": self._false,
            "false_confirmed_28d": round(self._false * 28 / days, 2),
            "by_scenario": by_scenario,
            "by_votes_per_window": by_votes,
        }


def _summary(outages: list[dict[str, Any]]) -> dict[str, Any]:
    delays = sorted(outage["delay"] for outage in outages if outage["delay"] is not None)
    return {
        "outages": len(outages),
        "recall": round(len(delays) / len(outages), 3) if outages else None,
        "delay_p50_min": round(statistics.median(delays), 1) if delays else None,
        "delay_p95_min": round(delays[int(0.95 * (len(delays) - 1))], 1) if delays else None,
    }


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"took {time.monotonic() - started:.0f} s")
    raise SystemExit(code)
