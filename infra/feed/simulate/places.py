"""Where phones are and which SIMs they carry: the project's seeds, weighted by the public data."""

import csv
import difflib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from infra.feed import slice as real_slice
from infra.feed.simulate import reference
from infra.feed.simulate.reference import Floats

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
# Nearly all rows of the slice come from outside the four capitals: each gets about its share of the province's
# residents. The rest goes by the slice, and in part evenly, since the slice names 132 of 947 areas.
_CAPITAL_SHARES = {"080193": 0.28, "170792": 0.13, "251207": 0.32, "431482": 0.16}
_EVEN_SHARE = 0.15
_MATCHES = 4


class UnknownName(Exception):
    """An area or a network that the simulator doesn't have."""

    def __init__(self, kind: str, value: str, near: list[str]) -> None:
        way_out = f"did you mean {' or '.join(near)}?" if near else "no name is like it"
        super().__init__(f"no {kind} {value!r}: {way_out}")


class NotAHost(Exception):
    """A brand without a radio network of its own can't be broken by itself."""

    def __init__(self, brand: str, host: str) -> None:
        super().__init__(f"{brand} has no radio network of its own: break that of its host, {host}")


@dataclass(frozen=True)
class Areas:
    codes: tuple[str, ...]
    names: tuple[str, ...]
    provinces: tuple[str, ...]
    lat: Floats
    long: Floats
    weights: Floats

    @cached_property
    def position(self) -> dict[str, int]:
        return {code: number for number, code in enumerate(self.codes)}

    def find(self, text: str) -> str:
        """The code of an area by its code or its name, whatever the case.

        Raises: UnknownName.
        """
        if text in self.position:
            return text
        by_name = {name.casefold(): code for name, code in zip(self.names, self.codes, strict=True)}
        if text.casefold() in by_name:
            return by_name[text.casefold()]
        near = [name for name in by_name if text.casefold() in name]
        near += [name for name in difflib.get_close_matches(text.casefold(), by_name, _MATCHES) if name not in near]
        found = [by_name[name] for name in near] or difflib.get_close_matches(text, self.codes, _MATCHES)
        raise UnknownName("area", text, [self.title(code) for code in found[:_MATCHES]])

    def title(self, code: str) -> str:
        return f"{self.names[self.position[code]]} ({code})"


@dataclass(frozen=True)
class Sim:
    """What a phone shows as network and operator, and whose radio serves it."""

    network: str
    operator: str
    brand: str
    operator_brand: str
    host: str
    weight: float

    @property
    def is_mvno(self) -> bool:
        return self.operator_brand != self.host


def areas() -> Areas:
    rows = _seed("municipalities")
    counts = Counter(row["postal_code"].split(".")[0].zfill(6) for row in real_slice.read() if row["postal_code"])
    weights = np.zeros(len(rows))
    for province, province_share in reference.province_shares().items():
        inside = np.array([row["province_code"] == province for row in rows])
        capital = np.array([_CAPITAL_SHARES.get(row["area_code"], 0.0) for row in rows]) * inside
        measured = np.array([counts[row["area_code"]] for row in rows]) * inside
        spread = (1 - _EVEN_SHARE) * measured / measured.sum() + _EVEN_SHARE * inside / inside.sum()
        weights += province_share * (capital + (1 - capital.sum()) * spread)
    return Areas(
        codes=tuple(row["area_code"] for row in rows),
        names=tuple(row["area_name"] for row in rows),
        provinces=tuple(row["province_code"] for row in rows),
        lat=np.array([float(row["centroid_lat"]) for row in rows]),
        long=np.array([float(row["centroid_long"]) for row in rows]),
        weights=weights,
    )


def sims() -> list[Sim]:
    """Networks as the reference counts them, operators as the slice shows them; MVNOs of the seeds for the rest."""
    brands = {row["brand"]: row for row in _seed("brands")}
    variants = {row["variant"]: row["brand"] for row in _seed("brand_variants")}
    named = reference.network_shares()
    pairs = Counter((row["network"], row["operator"]) for row in real_slice.read())
    found: list[Sim] = []
    for name, share in named.items():
        spelled = {pair: n for pair, n in pairs.items() if pair[0].lower() == name} or {(name.upper(), name.upper()): 1}
        for (network, operator), n in spelled.items():
            brand, operator_brand = (variants.get(text.lower(), text.lower()) for text in (network, operator))
            weight = share * n / sum(spelled.values())
            found.append(Sim(network, operator, brand, operator_brand, brands[brand]["host_network"], weight))
    shown = {sim.brand for sim in found}
    others = [row for row in brands.values() if row["is_mvno"] == "true" and row["brand"] not in shown]
    for row in others:
        weight = (1 - sum(named.values())) / len(others)
        name, brand = row["brand_name"], row["brand"]
        found.append(Sim(name, name, brand, brand, row["host_network"], weight))
    return found


def find_host(text: str) -> str:
    """A host network by its name, whatever the case.

    Raises: UnknownName, NotAHost.
    """
    hosts = sorted({sim.host for sim in sims()})
    name = text.strip().lower()
    if name in hosts:
        return name
    on_host = {row["brand"]: row["host_network"] for row in _seed("brands") if row["is_mvno"] == "true"}
    if name in on_host:
        raise NotAHost(name, on_host[name])
    raise UnknownName("network", text, difflib.get_close_matches(name, [*hosts, *on_host], 1) or hosts)


def service_loss_labels() -> list[tuple[str, str]]:
    """Texts that stand in the network's place, and their language."""
    return [(row["label"].capitalize(), row["language"]) for row in _seed("service_loss_labels")]


def _seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
