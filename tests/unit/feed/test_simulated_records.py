"""Records arrive as the contract has them, but for those that are broken on purpose; the same seed repeats them."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from glue_streaming.contract import REJECT_REASONS
from infra.feed.simulate import arrival, files
from infra.feed.simulate.arrival import Disorder
from infra.feed.simulate.calendar import DAY_MS, HOUR_MS
from infra.local.settings import REPO_ROOT
from tests.unit.feed.simulated import START_MS, make_simulator, run, to_frame
from tests.unit.glue_streaming.oracle import judge

SCHEMA = json.loads((REPO_ROOT / "docs" / "event-contract.schema.json").read_text())


def naive(instant_ms: int) -> datetime:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).replace(tzinfo=None)


def test_every_event_keeps_the_contract() -> None:
    validator = Draft202012Validator(SCHEMA)
    lines = run(make_simulator(events_per_day=2_000))
    assert len(lines) > 1_500
    for line in lines:
        validator.validate(json.loads(line))
        assert judge(line, None) is None


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    disorder = Disorder()
    first, again = (run(make_simulator(events_per_day=2_000, disorder=disorder)) for _ in range(2))
    assert first == again
    assert first != run(make_simulator(events_per_day=2_000, disorder=disorder, seed=2))


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_a_broken_record_is_refused_for_its_reason(reason: str) -> None:
    random, arrival_ms = np.random.default_rng(1), START_MS + DAY_MS
    for line in run(make_simulator(events_per_day=2_000))[:50]:
        record = arrival.broken(random, reason, line, arrival_ms)
        assert judge(record, naive(arrival_ms)) == reason
        assert b"\n" not in record
        assert not record.endswith(b"\r")


@pytest.mark.parametrize("for_stream", [True, False])
def test_every_reason_occurs_but_a_file_has_none_that_a_backfill_cannot_see(for_stream: bool) -> None:
    lines = run(make_simulator(events_per_day=5_000, disorder=Disorder(0.0, 0.0, 0.1), for_stream=for_stream))
    reasons = Counter(judge(line, naive(START_MS + DAY_MS) if for_stream else None) for line in lines)
    expected = set(REJECT_REASONS) - (set() if for_stream else set(arrival.STREAM_ONLY_REASONS))
    assert set(reasons) - {None} == expected
    assert 0.07 < 1 - reasons[None] / len(lines) < 0.11


def test_a_resend_repeats_the_record_but_for_its_arrival() -> None:
    lines = run(make_simulator(disorder=Disorder(0.0, 0.1, 0.0)))
    events = to_frame(lines)
    copies = events[events.duplicated("event_id", keep=False)]
    assert 0.07 < 1 - events["event_id"].nunique() / len(events) < 0.11
    same = copies.drop(columns=["simulated_arrival_ts", "arrival_ts"]).drop_duplicates()
    assert same["event_id"].is_unique
    assert copies.groupby("event_id")["arrival_ts"].nunique().min() == 2


def test_records_come_in_the_order_of_arrival_mostly_within_seconds_and_some_after_days() -> None:
    events = to_frame(run(make_simulator(events_per_day=5_000, disorder=Disorder(0.05, 0.0, 0.0)), days=6))
    delay_s = (events["arrival_ts"] - events["event_ts"]).dt.total_seconds()
    assert events["arrival_ts"].is_monotonic_increasing
    assert delay_s.min() > 0
    assert 1 < delay_s.median() < 6
    assert 0.03 < (delay_s > 1_200).mean() < 0.05
    assert 86_400 < delay_s.max() < 7 * 86_400


def test_late_measurements_of_one_phone_arrive_in_a_burst() -> None:
    events = to_frame(run(make_simulator(disorder=Disorder(0.05, 0.0, 0.0)), days=2))
    late = events[events["arrival_ts"] - events["event_ts"] > pd.Timedelta(hours=2)]
    times = late.groupby("device_id")["arrival_ts"]
    assert len(late) > 500
    assert (times.max() - times.min()).median() < pd.Timedelta(minutes=2)


def test_how_the_time_is_cut_into_steps_changes_no_shares() -> None:
    coarse, fine = make_simulator(), make_simulator()
    whole = len(coarse.step(START_MS + DAY_MS)) + coarse.waiting
    cut = sum(len(fine.step(START_MS + hour * HOUR_MS)) for hour in range(1, 25)) + fine.waiting
    assert abs(whole - cut) < 0.04 * whole


def test_files_are_cut_by_day_of_arrival_and_hold_what_arrived_by_the_end(tmp_path: Path) -> None:
    simulator = make_simulator(events_per_day=2_000, disorder=Disorder(0.1, 0.0, 0.0))
    end = START_MS + 2 * DAY_MS + HOUR_MS
    written = files.write(tmp_path, simulator, end)
    names = [path.name for path in sorted(tmp_path.glob("events-*"))]
    assert names == [f"events-2026-11-{day}.jsonl" for day in (17, 18, 19)]
    events = [to_frame((tmp_path / name).read_bytes().splitlines()) for name in names]
    assert sum(map(len, events)) == written
    assert simulator.waiting > 0
    for name, frame in zip(names, events, strict=True):
        assert set(frame["arrival_ts"].dt.strftime("events-%Y-%m-%d.jsonl")) == {name}
    assert events[-1]["arrival_ts"].max() < pd.Timestamp(end, unit="ms", tz="UTC")
    assert (tmp_path / files.LABELS).read_text() == ""


def test_files_of_another_run_are_never_mixed_in(tmp_path: Path) -> None:
    (tmp_path / "events-2026-11-17.jsonl").touch()
    with pytest.raises(files.NotEmpty, match="name a new folder"):
        files.write(tmp_path, make_simulator(), START_MS + DAY_MS)
