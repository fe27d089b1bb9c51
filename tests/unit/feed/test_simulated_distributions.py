"""Simulated phones measure what the public data's phones did. `pytest -rP` shows the figures."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from infra.feed.simulate import reference
from infra.feed.simulate.calendar import HOUR_MS, LOCAL_ZONE, Rhythm
from infra.feed.simulate.scenarios import from_iso
from tests.unit.feed.simulated import make_simulator, run, to_frame

# 210,000 measurements of 1,500 phones: what is left is chance, that of the largest area's phones most of all.
MAX_DISTANCE = 0.015
DAYS = 7


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return to_frame(run(make_simulator(events_per_day=30_000), DAYS))


def distance(found: pd.Series, expected: Mapping[str, float]) -> float:
    """Total variation distance: the share of measurements that would have to change their category."""
    shares = found.value_counts(normalize=True)
    total = sum(expected.values())
    names = set(shares.index) | set(expected)
    gaps = [abs(shares.get(name, 0.0) - expected.get(name, 0.0) / total) for name in names]
    print(f"{found.name}: total variation distance {sum(gaps) / 2:.4f}")
    return sum(gaps) / 2


def test_provinces_are_as_often_as_in_the_reference(events: pd.DataFrame) -> None:
    province = events["postal_code"].str[:2].fillna("none").rename("province")
    assert distance(province, reference.STATISTICS["province_prefix_raw"]) < MAX_DISTANCE


@pytest.mark.parametrize("name", ["net", "activity"])
def test_categories_are_as_often_as_in_the_reference(events: pd.DataFrame, name: str) -> None:
    assert distance(events[name].fillna("null"), reference.STATISTICS[name]) < MAX_DISTANCE


def test_providers_are_as_often_as_in_the_reference(events: pd.DataFrame) -> None:
    expected = {name: n for name, n in reference.STATISTICS["provider_raw"].items() if name != "garbage"}
    assert distance(events["provider"], expected) < MAX_DISTANCE


def test_networks_are_as_often_as_in_the_reference(events: pd.DataFrame) -> None:
    named = reference.network_shares()
    network = events.loc[~events["is_bad"], "network"].dropna().str.lower().rename("network")
    assert distance(network.where(network.isin(named), "other"), {**named, "other": 1 - sum(named.values())}) < (
        MAX_DISTANCE
    )


def test_the_parts_of_the_day_are_as_busy_as_in_the_reference(events: pd.DataFrame) -> None:
    hour = events["event_ts"].dt.tz_convert(LOCAL_ZONE).dt.hour
    daypart = pd.cut(hour, [-1, 6, 12, 18, 23], labels=["0-6h", "7-12h", "13-18h", "19-23h"]).astype(str)
    assert distance(daypart.rename("daypart"), reference.STATISTICS["daypart_clean"]) < MAX_DISTANCE


def test_the_rhythm_keeps_to_local_time_in_summer_and_winter() -> None:
    # Both are Wednesdays; the clocks change in the night to 25 October.
    noon = [from_iso("2026-10-21T10:30:00Z"), from_iso("2026-10-28T11:30:00Z")]
    summer, winter = Rhythm(86_400).intensity(np.array(noon))
    assert summer == winter == Rhythm(86_400).intensity(np.array(noon[1:]) + HOUR_MS // 4)[0]
    assert Rhythm(86_400).intensity(np.array(noon[:1]) + HOUR_MS)[0] != summer


@pytest.mark.parametrize(
    ("column", "name"),
    [("signal", "signal_asu"), ("precission", "precission_m"), ("satellites", "satellites"), ("speed", "speed")],
)
def test_percentiles_are_the_references(events: pd.DataFrame, column: str, name: str) -> None:
    for level, expected in reference.percentiles(name).items():
        found = float(np.percentile(events[column], 100 * level))
        print(f"{name} p{100 * level:.0f}: {found:.1f}, reference {expected}")
        assert found == pytest.approx(expected, rel=0.06, abs=0.5)


def test_mean_and_deviation_are_the_references_where_it_says_them(events: pd.DataFrame) -> None:
    signal, speed = reference.STATISTICS["signal_asu"], reference.STATISTICS["speed"]
    found = [events["signal"].mean(), events["signal"].std(), events["speed"].mean()]
    expected = [signal["mean"], signal["sd"], speed["mean"]]
    print(f"signal mean, its deviation, speed mean: {np.round(found, 2)}, reference {expected}")
    assert found == pytest.approx(expected, abs=1)


def test_power_off_is_as_rare_and_the_rest_is_in_service_but_for_a_few(events: pd.DataFrame) -> None:
    """EMERGENCY_ONLY on 89 % of all rows is the public phones' error; it is not imitated."""
    assert (events["status"] == 3).mean() == pytest.approx(reference.power_off_share(), abs=0.0005)
    assert events["is_bad"].mean() == pytest.approx(0.009, abs=0.004)


def test_phones_follow_their_activity(events: pd.DataFrame) -> None:
    speed = events.groupby("activity")["speed"].median()
    assert speed["STILL"] < speed["ON_FOOT"] < speed["IN_VEHICLE"]


def test_the_signal_of_an_area_and_network_is_its_own(events: pd.DataFrame) -> None:
    cells = events.groupby(["postal_code", "host"])["signal"].agg(["mean", "count"])
    assert cells.loc[cells["count"] > 500, "mean"].std() > 1.5


def test_a_phone_has_one_pseudonym_a_day_and_none_for_longer(events: pd.DataFrame) -> None:
    pairs = pd.DataFrame({"day": events["event_ts"].dt.floor("D"), "device_id": events["device_id"]}).drop_duplicates()
    assert pairs["device_id"].is_unique
    assert 1_000 < len(pairs) / DAYS < 1_500
