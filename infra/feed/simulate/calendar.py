"""When phones measure: the daily rhythm of the public data, in local time."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from infra.feed.simulate.reference import STATISTICS, Floats, Integers

LOCAL_ZONE = ZoneInfo("Europe/Madrid")
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# The reference has four parts of the day; the shape within each is ours, and so are the weekdays.
_HOUR_SHAPE = {
    "0-6h": (1.6, 0.8, 0.5, 0.4, 0.5, 1.0, 2.6),
    "7-12h": (0.75, 1.05, 1.0, 1.0, 1.05, 1.15),
    "13-18h": (1.05, 0.95, 0.95, 1.0, 1.05, 1.0),
    "19-23h": (1.4, 1.25, 1.05, 0.8, 0.5),
}
_WEEKDAY_SHAPE = (1.02, 1.03, 1.03, 1.04, 1.08, 0.95, 0.85)


@cache
def hour_shares() -> Floats:
    """Share of a day's measurements in each local hour."""
    parts = STATISTICS["daypart_clean"]
    shares = [np.array(shape) / sum(shape) * parts[name] / sum(parts.values()) for name, shape in _HOUR_SHAPE.items()]
    return np.concatenate(shares)


@dataclass(frozen=True)
class Rhythm:
    """Measurements per millisecond: a mean number a day, or a constant rate."""

    events_per_day: float
    is_constant: bool = False

    def intensity(self, instants_ms: Integers) -> Floats:
        mean = self.events_per_day / DAY_MS
        if self.is_constant:
            return np.full(len(instants_ms), mean)
        local = pd.DatetimeIndex(instants_ms.astype("datetime64[ms]")).tz_localize("UTC").tz_convert(LOCAL_ZONE)
        weekday = np.array(_WEEKDAY_SHAPE) / np.mean(_WEEKDAY_SHAPE)
        return mean * 24 * hour_shares()[local.hour] * weekday[local.day_of_week]

    def expected(self, start_ms: int, end_ms: int) -> float:
        """Mean number of measurements from start to end."""
        edges, weights = self._minutes(start_ms, end_ms)
        return float(np.sum(weights)) if len(edges) else 0.0

    def draw(self, random: np.random.Generator, start_ms: int, end_ms: int, share: float = 1.0) -> Integers:
        """Sorted instants from start to end, `share` of the rhythm's number."""
        edges, weights = self._minutes(start_ms, end_ms)
        if not weights.sum():
            return np.empty(0, dtype=np.int64)
        counts = random.poisson(weights * share)
        widths = np.diff(np.append(edges, end_ms))
        starts, spans = np.repeat(edges, counts), np.repeat(widths, counts)
        return np.sort(starts + (random.random(len(starts)) * spans).astype(np.int64))

    def _minutes(self, start_ms: int, end_ms: int) -> tuple[Integers, Floats]:
        """The range cut into minutes, and the mean number in each."""
        edges = np.arange(start_ms, end_ms, MINUTE_MS, dtype=np.int64)
        widths = np.diff(np.append(edges, end_ms))
        return edges, self.intensity(edges) * widths
