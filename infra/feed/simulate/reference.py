"""Distributions of the public data's 11.7 million rows, to draw from. Source: infra/feed/data/SOURCE.md."""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

PATH = Path(__file__).parents[1] / "data" / "catalonia-reference-stats.json"
STATISTICS: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))

# The reference knows quartiles and a few percentiles; the knots in the tails are ours, set so that mean and standard
# deviation come out as it says, where it says them.
_TAILS: dict[str, dict[float, float]] = {
    "signal_asu": {0.0: 0, 0.05: 3, 0.95: 26, 1.0: 31},
    "precission_m": {0.0: 3, 0.995: 150, 0.999: 500, 1.0: 5304},
    "satellites": {0.0: 0, 0.99: 14, 1.0: 42},
    "speed": {0.0: 0, 0.95: 88, 0.99: 125, 1.0: 255},
}
_GRID = np.linspace(-5, 5, 4001)
_NORMAL_CDF = np.array([NormalDist().cdf(z) for z in _GRID])

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Shares:
    """Categories and how often each occurs; None is an absent value."""

    values: tuple[str | None, ...]
    shares: Floats

    def at(self, rank: Floats) -> Integers:
        """The category at each rank from 0 to 1, as its position in `values`."""
        return np.minimum(np.searchsorted(np.cumsum(self.shares), rank, side="right"), len(self.values) - 1)


@dataclass(frozen=True)
class Quantiles:
    """A distribution by its quantiles, straight between them."""

    levels: Floats
    values: Floats

    def at(self, rank: Floats) -> Floats:
        return np.interp(rank, self.levels, self.values)


def shares(counts: dict[str | None, float]) -> Shares:
    weights = np.array(list(counts.values()), dtype=float)
    return Shares(tuple(counts), weights / weights.sum())


def net() -> Shares:
    return shares({None if name == "null" else name: n for name, n in STATISTICS["net"].items()})


def activity() -> Shares:
    """In the order of speed, so that one rank can stand for both."""
    order = ("STILL", "TILTING", "null", "UNKNOWN", "ON_FOOT", "ON_BICYCLE", "IN_VEHICLE")
    return shares({None if name == "null" else name: STATISTICS["activity"][name] for name in order})


def provider() -> Shares:
    return shares({name: n for name, n in STATISTICS["provider_raw"].items() if name != "garbage"})


def area_missing_share() -> float:
    return float(STATISTICS["province_prefix_raw"]["none"] / STATISTICS["rows_raw"])


def network_missing_share() -> float:
    return float(STATISTICS["network_null"] / STATISTICS["rows_raw"])


def power_off_share() -> float:
    counts = STATISTICS["status_after_geo_filter"]
    return float(counts["STATE_POWER_OFF(3)"] / sum(counts.values()))


def province_shares() -> dict[str, float]:
    known = {code: n for code, n in STATISTICS["province_prefix_raw"].items() if code != "none"}
    return {code: n / sum(known.values()) for code, n in known.items()}


def network_shares() -> dict[str, float]:
    """The six networks that the reference names; what is missing to 1 are all others."""
    rows = sum(STATISTICS["daypart_clean"].values())
    return {name: n / rows for name, n in STATISTICS["network_top_clean"].items()}


def percentiles(name: str) -> dict[float, float]:
    """Level to value, as the reference has them."""
    statistics = STATISTICS[name].items()
    return {int(key[1:]) / 100: value for key, value in statistics if key[0] == "p" and key[1:].isdigit()}


def quantiles(name: str) -> Quantiles:
    knots = sorted({**percentiles(name), **_TAILS[name]}.items())
    return Quantiles(np.array([level for level, _ in knots]), np.array([value for _, value in knots], dtype=float))


def rank(z: Floats) -> Floats:
    """Where a standard normal value stands, from 0 to 1."""
    return np.interp(z, _GRID, _NORMAL_CDF)
