"""Phones over time: step from instant to instant, and take the records that have arrived."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from infra.feed.simulate import arrival, effects, encoding, measurements, placing
from infra.feed.simulate.arrival import Disorder
from infra.feed.simulate.calendar import MINUTE_MS, Rhythm
from infra.feed.simulate.encoding import Encoder
from infra.feed.simulate.population import Population
from infra.feed.simulate.reference import Integers
from infra.feed.simulate.scenarios import Scenario, to_iso

# Bouts that began so long ago may still measure at the start.
_WARM_UP_MS, _WARM_UP_STEP_MS = 90 * MINUTE_MS, 10 * MINUTE_MS


@dataclass
class Tally:
    """What a scenario did to the measurements in its scope that name their area."""

    measured: int = 0
    affected: int = 0
    first_event_ms: int | None = None
    first_arrival_ms: int | None = None

    def add(self, event_ms: Integers, arrival_ms: Integers) -> None:
        self.affected += len(event_ms)
        self.first_event_ms = _least(self.first_event_ms, event_ms)
        self.first_arrival_ms = _least(self.first_arrival_ms, arrival_ms)


@dataclass
class Simulator:
    """Deterministic: the same seed, scenarios and steps give the same records.

    `for_stream`: Kinesis stamps the arrival; otherwise every record that is a JSON object carries its own.
    """

    population: Population
    rhythm: Rhythm
    disorder: Disorder
    scenarios: list[Scenario]
    start_ms: int
    for_stream: bool = False
    tallies: dict[int, Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng([self.population.seed, 4])
        self._encoder = Encoder(self.population)
        self._now_ms = self.start_ms - _WARM_UP_MS
        self._begun = pd.DataFrame()
        self._arrivals = np.empty(0, dtype=np.int64)
        self._lines: pa.Array = pa.array([], pa.binary())
        while self._now_ms < self.start_ms:
            self._measure_until(self._now_ms + _WARM_UP_STEP_MS)

    def step(self, end_ms: int) -> pa.Array:
        """Let the phones measure until `end_ms`; the records that arrive by then, in the order of arrival."""
        rows = self._measure_until(end_ms)
        rows = effects.apply(rows[rows["event_ms"] >= self.start_ms], self.scenarios, self.population)
        rows = encoding.show_service(self._random, rows)
        silenced = rows[rows["is_silenced"]]
        sent = rows[~rows["is_silenced"]].reset_index(drop=True)
        arrived = arrival.arrive(self._random, sent, self.disorder.duplicate_share)
        self._count(rows, silenced, arrived.iloc[: len(sent)])
        self._queue(arrived)
        return self._take(end_ms)

    @property
    def now_ms(self) -> int:
        return self._now_ms

    @property
    def waiting(self) -> int:
        """Records that have not arrived yet."""
        return len(self._arrivals)

    def labels(self) -> list[dict[str, Any]]:
        """The scenarios with what they did so far."""
        return [self.label(number) for number in range(len(self.scenarios))]

    def label(self, number: int) -> dict[str, Any]:
        scenario, tally = self.scenarios[number], self.tallies.get(number, Tally())
        return scenario.to_label() | {
            "expected_per_15min": round(placing.expected_in_window(scenario, self.population, self.rhythm), 1),
            "measured_n": tally.measured,
            "affected_n": tally.affected,
            "first_affected_event_ts": None if tally.first_event_ms is None else to_iso(tally.first_event_ms),
            "first_affected_arrival_ts": None if tally.first_arrival_ms is None else to_iso(tally.first_arrival_ms),
        }

    def _measure_until(self, end_ms: int) -> pd.DataFrame:
        """Measurements until `end_ms`, as they are without scenarios; those of begun bouts behind it are kept."""
        start, self._now_ms = self._now_ms, end_ms
        late = self.disorder.late_share
        new = measurements.draw(self._random, self.population, self.rhythm, start, end_ms, late)
        extras = [
            effects.draw_extra(self._random, self.population, self.rhythm, scenario, start, end_ms)
            for scenario in self.scenarios
        ]
        rows = pd.concat([self._begun, new, *(extra for extra in extras if extra is not None)], ignore_index=True)
        is_due = rows["event_ms"].to_numpy() < end_ms
        self._begun = rows[~is_due]
        return rows[is_due].reset_index(drop=True)

    def _queue(self, arrived: pd.DataFrame) -> None:
        bodies = self._encoder.encode(self._random, arrived)
        arrivals = arrived["arrival_ms"].to_numpy()
        lines = encoding.close(bodies, None if self.for_stream else arrivals)
        malformed = self._malform(lines, arrivals)
        self._arrivals = np.concatenate([self._arrivals, arrivals, [when for when, _ in malformed]]).astype(np.int64)
        self._lines = pa.concat_arrays([self._lines, lines, pa.array([line for _, line in malformed], pa.binary())])

    def _malform(self, lines: pa.Array, arrivals_ms: Integers) -> list[tuple[int, bytes]]:
        chosen = self._random.random(len(lines)) < self.disorder.malformed_share
        good = lines.filter(pa.array(chosen)).to_pylist()
        return arrival.malform(self._random, good, arrivals_ms[chosen], for_stream=self.for_stream)

    def _take(self, end_ms: int) -> pa.Array:
        order = np.argsort(self._arrivals, kind="stable")
        due = np.searchsorted(self._arrivals[order], end_ms)
        taken = self._lines.take(pa.array(order[:due]))
        self._arrivals, self._lines = self._arrivals[order[due:]], self._lines.take(pa.array(order[due:]))
        return taken

    def _count(self, rows: pd.DataFrame, silenced: pd.DataFrame, sent: pd.DataFrame) -> None:
        for number, scenario in effects.active(self.scenarios, rows):
            tally = self.tallies.setdefault(number, Tally())
            tally.measured += int((effects.in_scope(rows, scenario, self.population) & rows["has_area"]).sum())
            hit = sent[(sent["cause"] == number) & sent["has_area"]]
            tally.add(hit["event_ms"].to_numpy(), hit["arrival_ms"].to_numpy())
            tally.affected += int(((silenced["cause"] == number) & silenced["has_area"]).sum())


def _least(known: int | None, values: Integers) -> int | None:
    if not len(values):
        return known
    least = int(values.min())
    return least if known is None else min(known, least)
