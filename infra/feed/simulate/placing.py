"""Scenarios over a history, placed by the seed: every kind in turn, apart from one another."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from infra.feed.simulate import calendar
from infra.feed.simulate.calendar import DAY_MS, HOUR_MS, MINUTE_MS, Rhythm
from infra.feed.simulate.population import Population
from infra.feed.simulate.scenarios import KINDS, Kind, Scenario

PER_DAY = 2
WINDOW_MS = 15 * MINUTE_MS
# No two scenarios of the same area come nearer.
_GAP_MS = 6 * HOUR_MS
# Where fewer measurements than this are expected in a window, nobody could tell an outage.
_MIN_EXPECTED = 8.0
# 1 would put nearly everything where most people are, 0 everywhere alike.
_SIZE_EXPONENT = 0.75
_ATTEMPTS = 500


def place(seed: int, population: Population, rhythm: Rhythm, start_ms: int, end_ms: int) -> list[Scenario]:
    """About two scenarios a day; fewer when the days or the places don't suffice."""
    random = np.random.default_rng([seed, 3])
    count = round(PER_DAY * (end_ms - start_ms) / DAY_MS)
    placed: list[Scenario] = []
    kinds = _in_turn(random)
    for number in range(1, count + 1):
        name = next(kinds)
        for _ in range(_ATTEMPTS):
            parts = _propose(random, f"s{seed}-{number:03d}", name, population, rhythm, (start_ms, end_ms))
            if parts and not any(_meet(part, other) for part in parts for other in placed):
                placed += parts
                break
    return sorted(placed, key=lambda scenario: (scenario.start_ms, scenario.scenario_id, scenario.host_network))


def expected_in_window(scenario: Scenario, population: Population, rhythm: Rhythm) -> float:
    """Measurements that its areas and network would send in 15 minutes from its start."""
    areas = [population.areas.position[code] for code in scenario.area_codes]
    share = population.cell_shares[areas, population.hosts.index(scenario.host_network)].sum()
    return float(share * rhythm.expected(scenario.start_ms, scenario.start_ms + WINDOW_MS))


def _in_turn(random: np.random.Generator) -> Iterator[str]:
    while True:
        yield from random.permutation(list(KINDS)).tolist()


def _propose(
    random: np.random.Generator,
    scenario_id: str,
    name: str,
    population: Population,
    rhythm: Rhythm,
    between_ms: tuple[int, int],
) -> list[Scenario]:
    """A scenario's parts at a random place and time; none if the place measures too little then."""
    kind = KINDS[name]
    start = _draw_start(random, kind, between_ms)
    end = start + int(random.integers(kind.minutes[0], kind.minutes[1] + 1)) * MINUTE_MS
    codes, hosts = _draw_place(random, name, population)
    bad_share = round(float(random.uniform(*kind.bad_share)), 2)
    seeds = random.integers(0, 2**31, len(hosts)).tolist()
    parts = [
        Scenario(scenario_id, name, codes, host, start, end, bad_share, seed)
        for host, seed in zip(hosts, seeds, strict=True)
    ]
    expected = max(expected_in_window(part, population, rhythm) for part in parts)
    return parts if between_ms[0] <= start and end <= between_ms[1] and expected >= _MIN_EXPECTED else []


def _draw_start(random: np.random.Generator, kind: Kind, between_ms: tuple[int, int]) -> int:
    """A minute of a random day, at a local hour that suits the kind."""
    day = datetime.fromtimestamp(random.uniform(*between_ms) / 1000, UTC).astimezone(calendar.LOCAL_ZONE)
    hour = int(random.integers(kind.hours[0], kind.hours[1] + 1))
    start = day.replace(hour=hour, minute=int(random.integers(60)), second=0, microsecond=0, tzinfo=None)
    return round(start.replace(tzinfo=calendar.LOCAL_ZONE).timestamp() * 1000)


def _draw_place(random: np.random.Generator, name: str, population: Population) -> tuple[tuple[str, ...], list[str]]:
    """Area codes and host networks."""
    areas, shares = population.areas, population.cell_shares
    if name == "mvno_host":
        shares = _mvno_shares(population)
    weights = shares**_SIZE_EXPONENT
    cell = int(random.choice(weights.size, p=(weights / weights.sum()).ravel()))
    area, host = divmod(cell, len(population.hosts))
    scope = KINDS[name].scope
    if scope == "province":
        inside = areas.provinces[area]
        codes = tuple(code for code, province in zip(areas.codes, areas.provinces, strict=True) if province == inside)
        return codes, [population.hosts[host]]
    return (areas.codes[area],), list(population.hosts) if scope == "all networks" else [population.hosts[host]]


def _mvno_shares(population: Population) -> np.ndarray:
    """How much of each cell's measurements comes from MVNO phones at home, squared: where they are many."""
    is_mvno = np.array([sim.is_mvno for sim in population.sims])[population.sim]
    share = np.zeros_like(population.cell_shares)
    np.add.at(share, (population.home[is_mvno], population.host[is_mvno]), population.weight[is_mvno])
    return share**2


def _meet(one: Scenario, other: Scenario) -> bool:
    return (
        one.start_ms < other.end_ms + _GAP_MS
        and other.start_ms < one.end_ms + _GAP_MS
        and not set(one.area_codes).isdisjoint(other.area_codes)
    )
