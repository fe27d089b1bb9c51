"""Simulated records for tests, read back as analysts would see them."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from glue_streaming.contract import EVENT_FIELDS
from infra.feed.simulate import places, population
from infra.feed.simulate.arrival import Disorder
from infra.feed.simulate.calendar import DAY_MS, HOUR_MS, Rhythm
from infra.feed.simulate.population import Population
from infra.feed.simulate.scenarios import KINDS, Scenario, from_iso
from infra.feed.simulate.simulator import Simulator

# A Tuesday, midnight in UTC.
START_MS = from_iso("2026-11-17T00:00:00Z")
ORDERLY = Disorder(0.0, 0.0, 0.0)
_LOSS_LABELS = {label.lower() for label, _ in places.service_loss_labels()}


def make_scenario(scenario: str, **changes: Any) -> Scenario:
    """Two hours around noon of the first day, in Barcelona."""
    usual: dict[str, Any] = {
        "scenario_id": "s1",
        "area_codes": ("080193",),
        "host_network": "orange",
        "start_ms": START_MS + 11 * HOUR_MS,
        "end_ms": START_MS + 13 * HOUR_MS,
        "bad_share": KINDS[scenario].bad_share[1],
        "seed": 7,
    }
    return Scenario(scenario=scenario, **(usual | changes))


def make_simulator(
    scenarios: Sequence[Scenario] = (),
    *,
    events_per_day: float = 20_000,
    seed: int = 1,
    disorder: Disorder = ORDERLY,
    for_stream: bool = False,
) -> Simulator:
    people: Population = population.draw(seed, events_per_day)
    return Simulator(people, Rhythm(events_per_day), disorder, list(scenarios), START_MS, for_stream)


def run(simulator: Simulator, days: float = 1.0) -> list[bytes]:
    """The records that arrive within the days."""
    end, lines = START_MS + round(days * DAY_MS), []
    while simulator.now_ms < end:
        lines += simulator.step(min(end, simulator.now_ms + 6 * HOUR_MS)).to_pylist()
    return lines


def to_frame(lines: list[bytes]) -> pd.DataFrame:
    """The events of records that can be read, with `host` and `is_bad` as staging judges them and `arrival_ts`."""
    columns = [*(field.name for field in EVENT_FIELDS), "simulated_arrival_ts"]
    events = pd.DataFrame([json.loads(line) for line in lines], columns=columns)
    host_of = {text.lower(): sim.host for sim in places.sims() for text in (sim.brand, sim.network, sim.operator)}
    network = events["network"].fillna("").str.lower()
    is_label = network.isin(_LOSS_LABELS)
    serving = network.where(~is_label, events["operator"].fillna("").str.lower())
    return events.assign(
        host=serving.map(host_of),
        is_bad=is_label | events["status"].isin([1, 2]),
        event_ts=pd.to_datetime(events["event_ts"]),
        arrival_ts=pd.to_datetime(events["simulated_arrival_ts"]),
    )


def within(events: pd.DataFrame, scenario: Scenario) -> pd.Series:
    """Which events the label's area, network and times name."""
    start, end = (pd.Timestamp(instant, unit="ms", tz="UTC") for instant in (scenario.start_ms, scenario.end_ms))
    return (
        events["postal_code"].isin(scenario.area_codes)
        & (events["host"] == scenario.host_network)
        & (events["event_ts"] >= start)
        & (events["event_ts"] < end)
    )
