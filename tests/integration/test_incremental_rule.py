"""After late, duplicate, out-of-order and rejected events, marts built step by step equal marts built at once."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local import athena_client
from tests.integration.programs import backfill, dbt

RAW, STEPS, WHOLE = "raw_steps", "marts_steps", "marts_whole"
MODELS = {
    "int_network_events_5min": "bucket_ts, area_code, network, operator, rat, provider",
    "signal_trends": "period, period_start_ts, area_level, area_code, network, rat",
    "gps_accuracy": "period, period_start_ts, area_level, area_code, operator, provider",
    "service_status": "period, period_start_ts, area_level, area_code, network",
    "int_arrivals_5min": "bucket_ts, source, feed",
    "rejected_events": "period_start_ts, source, feed, reject_reason",
}
BEATS = ["{beat: live}", "{beat: late}"]


def events(rng: random.Random, count: int, ages: tuple[float, float]) -> list[dict]:
    """Measurements of the last hours, `ages` hours old."""
    now = datetime.now(UTC)
    return [
        {
            "event_id": f"e{rng.randrange(10**12)}",
            "event_ts": (now - timedelta(hours=rng.uniform(*ages))).isoformat(timespec="milliseconds"),
            "device_id": f"d{rng.randrange(40)}",
            "network": rng.choice(["Orange", "movistar", "MOVISTAR ES", "Sin servicio"]),
            "operator": rng.choice(["Orange", "Yoigo"]),
            "net": rng.choice(["3G", "4G"]),
            "signal": rng.randrange(32),
            "status": rng.choice([0, 0, 0, 1, 2, 3]),
            "precission": rng.choice([0.0, 4.5, 12.0, 48.0, 3000.0]),
            "provider": "gps",
            "satellites": rng.randrange(9),
            "postal_code": rng.choice(["80333.0", "251207", ""]),
        }
        for _ in range(count)
    ]


def write(path: Path, rows: list[dict], rng: random.Random) -> Path:
    shuffled = rng.sample(rows, len(rows))
    path.write_text("".join(json.dumps(row) + "\n" for row in shuffled) + "not json\n")
    return path


def columns(schema: str, model: str) -> list[str]:
    sql = (
        f"select column_name from information_schema.columns where table_schema = '{schema}' and table_name = '{model}'"
    )
    return sorted(str(row[0]) for row in athena_client.query(sql, database=schema))


def differing_rows(model: str) -> int:
    """Rows of one side that the other lacks. refreshed_ts says when, not what."""
    # Maps can't be compared by `except`: their sorted entries can.
    maps = ("signal_asu_histogram", "signal_dbm_histogram", "precision_m_histogram", "lag_s_histogram")
    names = [name for name in columns(WHOLE, model) if name != "refreshed_ts"]
    listed = ", ".join(f"array_sort(map_entries({name})) as {name}" if name in maps else name for name in names)
    left, right = (f"select {listed} from {schema}.{model}" for schema in (STEPS, WHOLE))
    sql = f"select count(*) from (({left} except {right}) union all ({right} except {left}))"
    return int(athena_client.query(sql, database=WHOLE)[0][0] or 0)


@pytest.mark.usefixtures("local_aws")
def test_step_by_step_equals_at_once(tmp_path: Path) -> None:
    rng = random.Random(20261124)
    first = events(rng, 400, (0, 5)) + events(rng, 100, (30, 60))
    backfill(write(tmp_path / "1.jsonl", first, rng), database=RAW)
    dbt("seed", schema=STEPS, raw=RAW, folder=tmp_path)
    dbt("run", schema=STEPS, raw=RAW, folder=tmp_path)
    again = rng.sample(first, 80)
    late = events(rng, 60, (7, 55))
    backfill(write(tmp_path / "2.jsonl", again + late + events(rng, 200, (0, 2)), rng), database=RAW)
    for beat in BEATS:
        dbt("run", "--select", "tag:live", schema=STEPS, raw=RAW, folder=tmp_path, variables=beat)
    backfill(write(tmp_path / "3.jsonl", again + events(rng, 50, (70, 90)), rng), database=RAW)
    for beat in BEATS:
        dbt("run", "--select", "tag:live", schema=STEPS, raw=RAW, folder=tmp_path, variables=beat)
    dbt("seed", schema=WHOLE, raw=RAW, folder=tmp_path)
    dbt("run", schema=WHOLE, raw=RAW, folder=tmp_path)
    assert {model: differing_rows(model) for model in MODELS} == dict.fromkeys(MODELS, 0)
    counts = athena_client.query("select sum(n), sum(duplicate_count) from int_network_events_5min", database=STEPS)
    assert counts == [["810", "160"]]
    for model, key in MODELS.items():
        doubled = f"select count(*) from (select 1 from {model} group by {key} having count(*) > 1)"
        assert athena_client.query(doubled, database=STEPS) == [["0"]], model


@pytest.mark.usefixtures("local_aws")
def test_freshness_is_a_log_that_a_full_refresh_keeps(tmp_path: Path) -> None:
    raw, schema = "raw_log", "marts_log"
    rng = random.Random(7)
    backfill(write(tmp_path / "1.jsonl", events(rng, 30, (0, 5)), rng), database=raw)
    dbt("seed", schema=schema, raw=raw, folder=tmp_path)
    dbt("run", schema=schema, raw=raw, folder=tmp_path)
    backfill(write(tmp_path / "2.jsonl", events(rng, 20, (0, 5)), rng), database=raw)
    dbt("run", "--full-refresh", schema=schema, raw=raw, folder=tmp_path)
    rows = athena_client.query(
        "select raw_count, accepted_count, rejected_count, new_count from pipeline_freshness order by refreshed_ts",
        database=schema,
    )
    assert rows == [["31", "30", "1", "31"], ["52", "50", "2", "21"]]
