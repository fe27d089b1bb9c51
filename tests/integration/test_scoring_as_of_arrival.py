"""What outages are scored by is what refreshes, step by step, would have said."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from infra.local.settings import REPO_ROOT, LocalSettings
from tests import raw_writer
from tests.bench import asof_checks, duckdb_models, score_outages, simulated_history
from tests.bench.score_outages import History
from tests.integration.marts import Marts, marts_of
from tests.warm_dbt import copy_project

DAY = datetime(2026, 11, 23)
HISTORY = History(7, "seed", days=2, skip_days=1, events_per_day=40_000, end="2026-11-24T00:00:00Z")
MODELS = (*asof_checks.MODELS[1:], asof_checks.CHECKS)
# In the outages, and when those have ended and phones send what they kept.
INSTANTS = [DAY.replace(hour=hour, minute=minute) for hour, minute in ((10, 15), (10, 25), (10, 55), (11, 10), (12, 0))]
OUTAGES = (
    ("one_network", "080193", "movistar", "10:02", "11:00"),
    ("flapping", "080193", "vodafone", "09:40", "11:40"),
    ("partial", "081878", "movistar", "10:00", "12:00"),
    ("silent", "080193", "orange", "09:20", "12:10"),
)
NUMBERS = "verdict, vote_n, bad_n, bad_device_n, hour_vote_n, hour_bad_device_n, score, baseline_share, missed_vote_n"
SAID = f"select check_ts, area_level, area_code, network, {NUMBERS}"
BAD = "verdict in ('CONFIRMED', 'DEGRADED', 'SUSPECTED')"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A folder with two simulated days, the second with outages that are told at once or by silence."""
    scenarios = tmp_path / "scenarios.jsonl"
    lines = [
        {
            "scenario": kind,
            "area_codes": [area],
            "host_network": network,
            "start_ts": f"2026-11-23T{start}:00Z",
            "end_ts": f"2026-11-23T{end}:00Z",
        }
        for kind, area, network, start, end in OUTAGES
    ]
    scenarios.write_text("".join(json.dumps(line) + "\n" for line in lines))
    score_outages.simulate(replace(HISTORY, scenarios=str(scenarios)), tmp_path / "history")
    return tmp_path / "history"


def step_by_step(marts: Marts, rows: pa.Table) -> dict[datetime, list[tuple[Any, ...]]]:
    """By instant, what the marts say of the last 15 minutes when raw holds what had arrived by then."""
    said, since = {}, datetime(2026, 1, 1)
    with duckdb.connect() as connection:
        connection.register("raw", rows)
        for instant in INSTANTS:
            is_new = f"ingest_ts >= timestamp '{since}' and ingest_ts < timestamp '{instant}'"
            marts.append(connection.sql(f"from raw where {is_new}").to_arrow_table().cast(raw_writer.ARROW_SCHEMA))
            since = instant
            marts.refresh("all", MODELS)
            connection.register("checks", marts.scan(asof_checks.CHECKS))
            recent = f"check_ts >= timestamp '{instant}' - interval 15 minute and {BAD}"
            said[instant] = connection.execute(f"{SAID} from checks where {recent} order by all").fetchall()
    return said


@pytest.mark.slow
def test_at_once_equals_step_by_step(local_aws: LocalSettings, history: Path, tmp_path: Path) -> None:
    names = (*asof_checks.MODELS, asof_checks.CHECKS)
    sql = duckdb_models.compiled(copy_project(tmp_path / "compiled"), names, asof_checks.VARIABLES)
    with duckdb_models.connect(tmp_path / "models.duckdb") as connection:
        simulated_history.load(connection, history)
        raw = connection.sql(simulated_history.AS_RAW).to_arrow_table()
        asof_checks.build(connection, sql)
        asof_checks.judge(connection, sql, INSTANTS[0], INSTANTS[-1] + asof_checks.STEP)
        at_once = {
            instant: connection.execute(
                f"{SAID} from said where as_of_ts = ? and {BAD} order by all", [instant]
            ).fetchall()
            for instant in INSTANTS
        }
    with marts_of(local_aws.endpoint_url, "as_of", copy_project(tmp_path / "refreshed")) as marts:
        assert step_by_step(marts, raw) == at_once
    verdicts = {row[4] for rows in at_once.values() for row in rows}
    assert verdicts >= {"CONFIRMED", "SUSPECTED"}


def score(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "tests.bench.score_outages", *map(str, arguments)]
    return subprocess.run(program, cwd=REPO_ROOT, capture_output=True, text=True, timeout=300)


def test_a_history_of_ones_own_is_scored_and_kept(history: Path) -> None:
    before = {path: path.read_bytes() for path in history.iterdir()}
    scored = score("--history", history, "--skip-days", 1)
    assert scored.returncode == 0, scored.stderr
    summary = json.loads(scored.stdout)
    assert summary["by_scenario"]["one_network"] | {"delay_p50_min": 0, "delay_p95_min": 0} == {
        "outages": 1,
        "recall": 1.0,
        "delay_p50_min": 0,
        "delay_p95_min": 0,
    }
    assert (summary["silence_outages"], summary["clean_days"]) == (1, 0)
    assert {path: path.read_bytes() for path in history.iterdir()} == before


def test_a_history_without_usable_labels_is_refused_in_words(history: Path) -> None:
    labels = history / "labels.jsonl"
    lines = [json.loads(line) for line in labels.read_text().splitlines()]
    for line in lines:
        del line["measured_n"]
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines))
    refused = score("--history", history, "--skip-days", 1)
    assert (refused.returncode, "a label has no measured_n" in refused.stderr) == (2, True), refused.stderr
    labels.unlink()
    refused = score("--history", history)
    assert (refused.returncode, "has no labels.jsonl" in refused.stderr) == (2, True), refused.stderr
