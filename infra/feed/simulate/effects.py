"""What scenarios do to the measurements in their scope."""

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infra.feed.simulate import measurements
from infra.feed.simulate.calendar import HOUR_MS, MINUTE_MS, Rhythm
from infra.feed.simulate.population import Population
from infra.feed.simulate.reference import Floats, Integers
from infra.feed.simulate.scenarios import Scenario

FLAP_MS = 12 * MINUTE_MS
CROWD_FACTOR = 12
NOTICE_MS = 3 * MINUTE_MS
QUIET_SHARE = 0.95
_STUCK_BOUT_MS = 2 * MINUTE_MS
_UPLOAD_SPREAD_MS = 10 * MINUTE_MS
_LATE_MIN_MS, _LATE_MAX_MS = HOUR_MS, 6 * HOUR_MS

Booleans = NDArray[np.bool_]


def draw_extra(
    random: np.random.Generator, population: Population, rhythm: Rhythm, scenario: Scenario, start_ms: int, end_ms: int
) -> pd.DataFrame | None:
    """The bouts that only the scenario brings, begun from start to end; None when it brings none."""
    if scenario.is_noticed:
        return _draw_noticed(random, population, scenario, start_ms, end_ms)
    start, end = max(start_ms, scenario.start_ms), min(end_ms, scenario.end_ms)
    if end <= start:
        return None
    if scenario.scenario == "stadium_crowd":
        return _draw_crowd(random, population, rhythm, scenario, start, end)
    if scenario.scenario == "stuck_phone":
        return _draw_stuck_phone(random, population, scenario, start, end)
    return None


def apply(rows: pd.DataFrame, scenarios: list[Scenario], population: Population) -> pd.DataFrame:
    """The rows as the scenarios leave them; `cause` names the one that took a row's service, `is_silenced` drops it.

    A phone keeps its luck for a scenario's whole time, so that the same ones are hit.
    """
    rows = rows.assign(is_silenced=False)
    for number, scenario in active(scenarios, rows):
        index = np.flatnonzero(in_scope(rows, scenario, population))
        if len(index):
            _APPLY.get(scenario.scenario, _take_service)(rows, index, number, scenario, population)
    return rows


def active(scenarios: list[Scenario], rows: pd.DataFrame) -> list[tuple[int, Scenario]]:
    """Those, with their positions, that last while the rows were measured."""
    if rows.empty:
        return []
    first, last = rows["event_ms"].min(), rows["event_ms"].max()
    return [
        (number, scenario)
        for number, scenario in enumerate(scenarios)
        if scenario.start_ms <= last and first < scenario.end_ms
    ]


def in_scope(rows: pd.DataFrame, scenario: Scenario, population: Population) -> Booleans:
    inside = np.zeros(len(population.areas.codes), dtype=bool)
    inside[[population.areas.position[code] for code in scenario.area_codes]] = True
    instants = rows["event_ms"].to_numpy()
    return (
        (instants >= scenario.start_ms)
        & (instants < scenario.end_ms)
        & (rows["host"].to_numpy() == population.hosts.index(scenario.host_network))
        & inside[rows["area"].to_numpy()]
    )


def bad_share_at(scenario: Scenario, instants_ms: Integers) -> Floats:
    """Share of the phones in scope that have lost service at each instant."""
    passed = instants_ms - scenario.start_ms
    if scenario.scenario == "flapping":
        return np.where(passed // FLAP_MS % 2 == 0, scenario.bad_share, 0.0)
    if scenario.scenario == "brown_out":
        return scenario.bad_share * passed / (scenario.end_ms - scenario.start_ms)
    return np.full(len(instants_ms), scenario.bad_share)


def _take_service(rows: pd.DataFrame, index: Integers, number: int, scenario: Scenario, population: Population) -> None:
    luck, network_luck, patience = _luck(scenario.seed, len(population))
    phone, instants = rows["phone"].to_numpy()[index], rows["event_ms"].to_numpy()[index]
    # In a crowd everybody is unlucky now and then.
    lot = (phone + instants) % len(population) if scenario.scenario == "stadium_crowd" else phone
    hit = luck[lot] < bad_share_at(scenario, instants)
    index, phone = index[hit], phone[hit]
    _set(rows, index, is_lost=True, is_off=False, cause=number)
    waits = network_luck[phone] >= scenario.kind.prompt_share
    if scenario.scenario == "late":
        delay = _LATE_MIN_MS + patience[phone] * (_LATE_MAX_MS - _LATE_MIN_MS)
    else:
        delay = patience[phone] * _UPLOAD_SPREAD_MS
    _set(rows, index[waits], upload_ms=scenario.end_ms + delay[waits].astype(np.int64))


def _silence(rows: pd.DataFrame, index: Integers, number: int, scenario: Scenario, population: Population) -> None:
    _set(rows, index, is_silenced=True, cause=number)


def _quieten(rows: pd.DataFrame, index: Integers, number: int, scenario: Scenario, population: Population) -> None:
    luck, _, _ = _luck(scenario.seed, len(population))
    sleeps = luck[rows["phone"].to_numpy()[index]] < QUIET_SHARE
    _set(rows, index[sleeps], is_silenced=True, cause=number)


def _garble(rows: pd.DataFrame, index: Integers, number: int, scenario: Scenario, population: Population) -> None:
    _set(rows, index, asu=255, precission=1e9, satellites=0, speed=-1.0, cause=number)


def _leave(rows: pd.DataFrame, index: Integers, number: int, scenario: Scenario, population: Population) -> None:
    _set(rows, index[rows["cause"].to_numpy()[index] == _EXTRA], cause=number)


_APPLY = {"silent": _silence, "quiet_night": _quieten, "sensor_glitch": _garble, "stuck_phone": _leave}
# The cause of rows that a scenario brought, until it is applied.
_EXTRA = -2


def _draw_crowd(
    random: np.random.Generator, population: Population, rhythm: Rhythm, scenario: Scenario, start: int, end: int
) -> pd.DataFrame:
    host = population.hosts.index(scenario.host_network)
    areas = np.array([population.areas.position[code] for code in scenario.area_codes])
    share = CROWD_FACTOR * population.cell_shares[areas, host].sum() / measurements.MEAN_BOUT
    begins = rhythm.draw(random, start, end, share)
    phone = random.choice(np.flatnonzero(population.host == host), len(begins))
    return measurements.draw_bouts(random, population, begins, phone, random.choice(areas, len(begins)), 0.0)


def _draw_noticed(
    random: np.random.Generator, population: Population, scenario: Scenario, start_ms: int, end_ms: int
) -> pd.DataFrame | None:
    """A bout of each phone at home that loses service, within minutes, and another one when it has it back."""
    luck, _, patience = _luck(scenario.seed, len(population))
    areas = [population.areas.position[code] for code in scenario.area_codes]
    is_hit = (
        np.isin(population.home, areas)
        & (population.host == population.hosts.index(scenario.host_network))
        & (luck < scenario.bad_share)
    )
    phone = np.tile(np.flatnonzero(is_hit), 2)
    changes = np.repeat([scenario.start_ms, scenario.end_ms], len(phone) // 2)
    begins = changes + (patience[phone] * NOTICE_MS).astype(np.int64)
    is_due = (begins >= start_ms) & (begins < end_ms)
    if not is_due.any():
        return None
    phone, begins = phone[is_due], begins[is_due]
    return measurements.draw_bouts(random, population, begins, phone, population.home[phone], 0.0)


def _draw_stuck_phone(
    random: np.random.Generator, population: Population, scenario: Scenario, start: int, end: int
) -> pd.DataFrame:
    host = population.hosts.index(scenario.host_network)
    mine = np.random.default_rng(scenario.seed)
    phone = mine.choice(np.flatnonzero(population.host == host))
    area = population.areas.position[scenario.area_codes[0]]
    first = scenario.start_ms + -(-(start - scenario.start_ms) // _STUCK_BOUT_MS) * _STUCK_BOUT_MS
    begins = np.arange(first, end, _STUCK_BOUT_MS, dtype=np.int64)
    many = np.full(len(begins), phone)
    rows = measurements.draw_bouts(random, population, begins, many, np.full(len(begins), area), 0.0)
    position = {"lat": population.areas.lat[area] + mine.normal(0, 0.01), "long": population.areas.long[area]}
    rows = rows.assign(**position, is_lost=True, is_off=False, has_area=True, cause=_EXTRA)
    return rows[rows["event_ms"] < scenario.end_ms]


@lru_cache(maxsize=16)
def _luck(seed: int, phones: int) -> Floats:
    """Three numbers from 0 to 1 for every phone."""
    return np.random.default_rng([seed, 2]).random((3, phones))


def _set(rows: pd.DataFrame, index: Integers, **values: bool | float | Integers) -> None:
    for name, value in values.items():
        column = rows[name].to_numpy(copy=True)
        column[index] = value
        rows[name] = column
