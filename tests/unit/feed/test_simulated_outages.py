"""Labels say what the events show: where service is lost, when, and how the news of it arrives."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from infra.feed.simulate import effects, places, placing, population, scenarios
from infra.feed.simulate.calendar import DAY_MS, HOUR_MS, MINUTE_MS, Rhythm
from infra.feed.simulate.scenarios import KINDS, Scenario
from tests.unit.feed.simulated import START_MS, make_scenario, make_simulator, run, to_frame, within

NORMAL_BAD_SHARE = 0.06


def simulate(
    happenings: Sequence[Scenario], *, events_per_day: float = 20_000, days: float = 1.0
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    simulator = make_simulator(happenings, events_per_day=events_per_day)
    return to_frame(run(simulator, days)), simulator.labels()


def bad_share(events: pd.DataFrame, scenario: Scenario) -> float:
    return float(events.loc[within(events, scenario), "is_bad"].mean())


def instant(instant_ms: int) -> pd.Timestamp:
    return pd.Timestamp(instant_ms, unit="ms", tz="UTC")


@pytest.mark.parametrize("kind", ["full", "one_network", "mvno_host", "province", "partial"])
def test_service_is_lost_in_the_area_network_and_time_of_the_label_and_nowhere_else(kind: str) -> None:
    scenario = make_scenario(kind)
    events, _ = simulate([scenario], events_per_day=60_000)
    # Few phones measure much, so the share of measurements strays from that of phones.
    assert bad_share(events, scenario) == pytest.approx(scenario.bad_share, abs=0.15)
    lasted = scenario.end_ms - scenario.start_ms
    before = replace(scenario, start_ms=scenario.start_ms - lasted, end_ms=scenario.start_ms)
    after = replace(scenario, start_ms=scenario.end_ms, end_ms=scenario.end_ms + lasted)
    for other in (before, after, replace(scenario, host_network="movistar"), replace(scenario, area_codes=("251207",))):
        assert bad_share(events, other) < NORMAL_BAD_SHARE


def test_the_rows_of_an_mvno_stand_under_the_host_that_fails() -> None:
    scenario = make_scenario("mvno_host")
    events, _ = simulate([scenario], events_per_day=60_000)
    inside = events[within(events, scenario)]
    mvno = inside[inside["operator"].str.lower().isin(["jazztel", "racc", "simyo"])]
    assert len(mvno) > 50
    assert mvno["is_bad"].mean() > 0.9


def test_phones_in_an_outage_report_at_once_or_when_it_is_over() -> None:
    scenario = make_scenario("one_network")
    events, _ = simulate([scenario])
    bad = events[within(events, scenario) & events["is_bad"]]
    is_after = bad["arrival_ts"] >= instant(scenario.end_ms)
    assert 0.2 < is_after.mean() < 0.5
    assert (bad.loc[is_after, "arrival_ts"] < instant(scenario.end_ms + 15 * MINUTE_MS)).all()


def test_a_silent_outage_sends_nothing_then_or_later() -> None:
    scenario = make_scenario("silent")
    events, labels = simulate([scenario])
    assert within(events, scenario).sum() == 0
    assert within(events, replace(scenario, host_network="movistar")).sum() > 50
    assert labels[0]["measured_n"] == labels[0]["affected_n"] > 30
    assert labels[0]["first_affected_arrival_ts"] is None


def test_the_rows_of_a_late_outage_arrive_hours_after_its_end() -> None:
    scenario = make_scenario("late")
    events, _ = simulate([scenario])
    bad = events[within(events, scenario) & events["is_bad"]]
    delay = bad["arrival_ts"] - instant(scenario.end_ms)
    assert bad_share(events, scenario) > 0.9
    assert (delay > pd.Timedelta(hours=1)).mean() > 0.95
    assert delay.max() < pd.Timedelta(hours=6.5)


def test_a_flapping_network_is_lost_and_back_in_turn() -> None:
    scenario = make_scenario("flapping")
    events, _ = simulate([scenario], events_per_day=60_000)
    inside = events[within(events, scenario)]
    phase = (inside["event_ts"] - instant(scenario.start_ms)) // pd.Timedelta(effects.FLAP_MS, unit="ms") % 2
    assert inside.loc[phase == 0, "is_bad"].mean() > 0.8
    assert inside.loc[phase == 1, "is_bad"].mean() < NORMAL_BAD_SHARE


def test_a_brown_out_grows() -> None:
    scenario = make_scenario("brown_out", bad_share=0.9)
    events, _ = simulate([scenario], events_per_day=60_000)
    inside = events[within(events, scenario)]
    half_hour = (inside["event_ts"] - instant(scenario.start_ms)) // pd.Timedelta(minutes=30)
    shares = inside.groupby(half_hour)["is_bad"].mean().tolist()
    assert shares == sorted(shares)
    assert shares[0] < 0.25
    assert shares[-1] > 0.55


def test_a_stuck_phone_is_one_device_in_one_place_that_cries_all_the_time() -> None:
    scenario = make_scenario("stuck_phone")
    events, _ = simulate([scenario])
    bad = events[within(events, scenario) & events["is_bad"]]
    loudest = bad[bad["device_id"] == bad["device_id"].mode()[0]]
    assert len(loudest) > 150
    assert len(loudest) > 0.9 * len(bad)
    assert loudest["lat"].round(3).nunique() <= 20
    assert loudest["event_ts"].dt.floor("5min").nunique() == 24


def test_a_sensor_glitch_spoils_values_but_not_service() -> None:
    scenario = make_scenario("sensor_glitch")
    events, _ = simulate([scenario])
    inside = events[within(events, scenario)]
    assert bad_share(events, scenario) < NORMAL_BAD_SHARE
    assert (inside["signal"] == 255).all()
    assert (events.loc[events["host"] == "movistar", "signal"] <= 99).all()


def test_a_quiet_night_keeps_every_network_quiet_but_none_without_service() -> None:
    night = {"start_ms": START_MS, "end_ms": START_MS + 3 * HOUR_MS}
    quiet = [make_scenario("quiet_night", host_network=host, **night) for host in ("orange", "movistar")]
    events, labels = simulate(quiet, events_per_day=200_000, days=0.25)
    for scenario, label in zip(quiet, labels, strict=True):
        assert label["measured_n"] > 30
        assert within(events, scenario).sum() < 0.2 * label["measured_n"]


def test_a_stadium_crowd_measures_many_times_as_much_with_little_loss() -> None:
    scenario = make_scenario("stadium_crowd")
    crowded, _ = simulate([scenario])
    usual, _ = simulate([])
    assert within(crowded, scenario).sum() > 6 * within(usual, scenario).sum()
    assert bad_share(crowded, scenario) < 0.08


def test_labels_count_what_the_events_show() -> None:
    scenario = make_scenario("one_network")
    events, (label,) = simulate([scenario])
    inside = events[within(events, scenario)]
    # Rows that name neither network nor operator can't be told to be of this one.
    assert len(inside) == pytest.approx(label["measured_n"], rel=0.1)
    assert inside["is_bad"].sum() == pytest.approx(label["affected_n"], rel=0.1)
    assert instant(scenario.start_ms) <= pd.Timestamp(str(label["first_affected_event_ts"])) < inside["event_ts"].max()


def test_the_seed_places_every_kind_apart_from_the_others_and_within_the_days() -> None:
    people, rhythm, end = population.draw(1, 200_000), Rhythm(200_000), START_MS + 28 * DAY_MS
    placed = placing.place(1, people, rhythm, START_MS, end)
    assert {scenario.scenario for scenario in placed} == set(KINDS)
    assert 50 <= len({scenario.scenario_id for scenario in placed}) <= 56
    assert placed == placing.place(1, people, rhythm, START_MS, end)
    assert placed != placing.place(2, people, rhythm, START_MS, end)
    for one in placed:
        assert START_MS <= one.start_ms < one.end_ms <= end
        for other in placed:
            if one.scenario_id < other.scenario_id and not set(one.area_codes).isdisjoint(other.area_codes):
                assert max(one.start_ms, other.start_ms) - min(one.end_ms, other.end_ms) >= 6 * HOUR_MS
    for scenario_id in {scenario.scenario_id for scenario in placed if scenario.kind.scope == "all networks"}:
        hosts = {scenario.host_network for scenario in placed if scenario.scenario_id == scenario_id}
        assert hosts == {"movistar", "orange", "vodafone", "yoigo"}


def test_labels_given_back_as_scenarios_repeat_the_history(tmp_path: Path) -> None:
    happenings = [make_scenario("partial"), make_scenario("stuck_phone", host_network="yoigo", scenario_id="s2")]
    simulator = make_simulator(happenings)
    lines = run(simulator)
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(label) + "\n" for label in simulator.labels()))
    assert run(make_simulator(scenarios.read(path, places.areas()))) == lines


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scenario": "storm"}, "line 1: no scenario 'storm': choose from full, partial"),
        ({"area_codes": ["Barcelna"]}, r"no area 'Barcelna': did you mean Barcelona \(080193\)"),
        ({"host_network": "jazztel"}, "jazztel has no radio network of its own: break that of its host, orange"),
        ({"start_ts": "2026-11-17T10:00:00"}, "has no offset: write it as"),
        ({"end_ts": "2026-11-16T00:00:00Z"}, "an end_ts after start_ts"),
        ({"bad_share": 1.5}, "a bad_share from 0 to 1"),
        ({"is_noticed": True}, "is_noticed goes with one_network only"),
    ],
)
def test_a_wrong_scenario_is_an_error_that_names_it(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    path = tmp_path / "scenarios.jsonl"
    path.write_text(json.dumps({**make_scenario("full").to_label(), **changes}))
    with pytest.raises(scenarios.InvalidScenario, match=message):
        scenarios.read(path, places.areas())


def test_a_missing_field_of_a_scenario_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scenarios.jsonl"
    path.write_text('{"scenario": "full"}')
    with pytest.raises(scenarios.InvalidScenario, match="'area_codes' is missing"):
        scenarios.read(path, places.areas())


def test_bad_shares_are_drawn_from_the_kinds_range() -> None:
    people, rhythm = population.draw(3, 200_000), Rhythm(200_000)
    placed = placing.place(3, people, rhythm, START_MS, START_MS + 60 * DAY_MS)
    shares = np.array([scenario.bad_share for scenario in placed if scenario.scenario == "partial"])
    assert len(shares) > 5
    assert ((shares >= 0.3) & (shares <= 0.7)).all()
    assert shares.std() > 0.05
