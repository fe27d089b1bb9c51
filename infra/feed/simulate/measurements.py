"""What phones measure while nothing is broken: bouts of measurements, a few minutes apart, one row each.

Columns: event_ms, phone, area, host, has_area, has_network, is_lost, is_off, rat, provider, activity, asu, speed,
precission, satellites, lat, long, upload_ms (0: as soon as measured), cause (position of the scenario at work, or -1).
Units: _ms are milliseconds since 1970; rat, provider and activity are positions in the reference's categories.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from infra.feed.simulate import reference
from infra.feed.simulate.calendar import DAY_MS, MINUTE_MS, Rhythm
from infra.feed.simulate.population import Population
from infra.feed.simulate.reference import Floats, Integers, Quantiles, Shares

MEAN_BOUT = 4
_MAX_BOUT = 40
_MIN_GAP_MS, _MAX_GAP_MS = 150_000, 450_000
# A measurement lies so far behind its bout's begin, on average: long bouts have more of them.
_MEAN_OFFSET_MS = (MEAN_BOUT - 1) * (_MIN_GAP_MS + _MAX_GAP_MS) // 2
# How much of a signal's variance comes from the cell, from where the phone is during the bout, and from the moment.
_CELL_PART, _BOUT_PART, _MOMENT_PART = 0.25, 0.36, 0.39
_SPEED_BY_ACTIVITY, _PRECISION_BY_SATELLITES = 0.9, -0.5
_ASU_UNKNOWN, _ASU_UNKNOWN_SHARE = 99, 0.0002
_VISIT_SPREAD_DEG, _MOVE_SPREAD_DEG = 0.012, 0.002
_LATE_MIN_MS, _LATE_MAX_MS = 5 * MINUTE_MS, 5 * DAY_MS


@dataclass(frozen=True)
class Distributions:
    rat: Shares = field(default_factory=reference.net)
    provider: Shares = field(default_factory=reference.provider)
    activity: Shares = field(default_factory=reference.activity)
    asu: Quantiles = field(default_factory=lambda: reference.quantiles("signal_asu"))
    speed: Quantiles = field(default_factory=lambda: reference.quantiles("speed"))
    precission: Quantiles = field(default_factory=lambda: reference.quantiles("precission_m"))
    satellites: Quantiles = field(default_factory=lambda: reference.quantiles("satellites"))


DISTRIBUTIONS = Distributions()


def draw(
    random: np.random.Generator, population: Population, rhythm: Rhythm, start_ms: int, end_ms: int, late_share: float
) -> pd.DataFrame:
    """The bouts that begin from start to end; their last measurements may lie behind it."""
    begins = rhythm.draw(random, start_ms + _MEAN_OFFSET_MS, end_ms + _MEAN_OFFSET_MS, 1 / MEAN_BOUT) - _MEAN_OFFSET_MS
    phone = population.draw_phones(random, len(begins))
    return draw_bouts(random, population, begins, phone, population.draw_areas(random, phone), late_share)


def draw_bouts(
    random: np.random.Generator,
    population: Population,
    begins: Integers,
    phone: Integers,
    area: Integers,
    late_share: float,
) -> pd.DataFrame:
    """A bout of each phone in its area; `late_share` of them is uploaded whole, minutes to days later."""
    bouts = _draw_bout_level(random, population, begins, phone, area)
    length = np.minimum(random.geometric(1 / MEAN_BOUT, len(begins)), _MAX_BOUT)
    rows = bouts.loc[np.repeat(np.arange(len(bouts)), length)].reset_index(drop=True)
    offsets = _offsets(random, length)
    rows["event_ms"] = rows.pop("begin_ms").to_numpy() + offsets
    is_late = np.repeat(random.random(len(begins)) < late_share, length)
    lateness = np.exp(random.uniform(np.log(_LATE_MIN_MS), np.log(_LATE_MAX_MS), len(begins))).astype(np.int64)
    last = begins + np.maximum.reduceat(offsets, _firsts(length)) if len(begins) else begins
    rows["upload_ms"] = np.where(is_late, np.repeat(last + lateness, length), 0)
    return _measure(random, population, rows)


def _draw_bout_level(
    random: np.random.Generator, population: Population, begins: Integers, phone: Integers, area: Integers
) -> pd.DataFrame:
    count, host = len(begins), population.host[phone]
    activity_z = random.normal(size=count)
    is_home = area == population.home[phone]
    visit = random.normal(0, _VISIT_SPREAD_DEG, (2, count))
    return pd.DataFrame(
        {
            "begin_ms": begins,
            "phone": phone,
            "area": area,
            "host": host,
            "has_area": random.random(count) >= reference.area_missing_share(),
            "has_network": random.random(count) >= reference.network_missing_share(),
            # Half of the lost measurements come from phones that stay in a dead spot.
            "is_lost": random.random(count) < population.lost_share[area, host] / 2,
            "rat": DISTRIBUTIONS.rat.at(random.random(count)),
            "provider": DISTRIBUTIONS.provider.at(random.random(count)),
            "activity": DISTRIBUTIONS.activity.at(reference.rank(activity_z)),
            "activity_z": activity_z,
            "signal_z": random.normal(size=count),
            "lat": np.where(is_home, population.lat[phone], population.areas.lat[area] + visit[0]),
            "long": np.where(is_home, population.long[phone], population.areas.long[area] + visit[1]),
        }
    )


def _measure(random: np.random.Generator, population: Population, rows: pd.DataFrame) -> pd.DataFrame:
    count = len(rows)
    area, host = rows["area"].to_numpy(), rows["host"].to_numpy()
    signal_z = (
        np.sqrt(_CELL_PART) * population.signal_effect[area, host]
        + np.sqrt(_BOUT_PART) * rows.pop("signal_z").to_numpy()
        + np.sqrt(_MOMENT_PART) * random.normal(size=count)
    )
    speed_z = _follow(random, rows.pop("activity_z").to_numpy(), _SPEED_BY_ACTIVITY)
    satellites_z = random.normal(size=count)
    asu = np.rint(DISTRIBUTIONS.asu.at(reference.rank(signal_z))).astype(np.int64)
    precision = DISTRIBUTIONS.precission.at(reference.rank(_follow(random, satellites_z, _PRECISION_BY_SATELLITES)))
    return rows.assign(
        asu=np.where(random.random(count) < _ASU_UNKNOWN_SHARE, _ASU_UNKNOWN, asu),
        speed=np.round(DISTRIBUTIONS.speed.at(reference.rank(speed_z)), 1),
        precission=np.rint(precision),
        satellites=np.rint(DISTRIBUTIONS.satellites.at(reference.rank(satellites_z))).astype(np.int64),
        lat=rows["lat"].to_numpy() + random.normal(0, _MOVE_SPREAD_DEG, count),
        long=rows["long"].to_numpy() + random.normal(0, _MOVE_SPREAD_DEG, count),
        is_lost=rows["is_lost"].to_numpy() | (random.random(count) < population.lost_share[area, host] / 2),
        is_off=random.random(count) < reference.power_off_share(),
        cause=np.full(count, -1, dtype=np.int64),
    )


def _follow(random: np.random.Generator, z: Floats, correlation: float) -> Floats:
    """Standard normal values that go with `z`."""
    return correlation * z + np.sqrt(1 - correlation**2) * random.normal(size=len(z))


def _offsets(random: np.random.Generator, length: Integers) -> Integers:
    """Milliseconds since the bout's begin, for each of its measurements."""
    if not len(length):
        return np.empty(0, dtype=np.int64)
    passed = np.cumsum(random.integers(_MIN_GAP_MS, _MAX_GAP_MS, int(length.sum())))
    return passed - np.repeat(passed[_firsts(length)], length)


def _firsts(length: Integers) -> Integers:
    return np.cumsum(length) - length
