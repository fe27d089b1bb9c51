"""Measurements to contract events as JSON text, whole columns at a time."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from infra.feed.simulate.measurements import DISTRIBUTIONS
from infra.feed.simulate.population import Population
from infra.feed.simulate.reference import Integers

FEED = "simulator"
# The scale of the public data's phones: 0 to 31 on every radio technology.
SIGNAL_SCALE = "gsm"
_STATUS_TEXTS = ("STATE_IN_SERVICE", "STATE_OUT_OF_SERVICE", "STATE_EMERGENCY_ONLY", "STATE_POWER_OFF")
# How phones show lost service: a label in the network's place, the old network's name, no name; a label even in the
# operator's place, which leaves nobody to blame.
_LABEL, _NAME, _NOTHING, _LABEL_TWICE = range(4)
_FORMS = np.cumsum([0.50, 0.42, 0.04, 0.04])
_EMERGENCY_SHARE = 0.5
_ID_CHARACTERS = 32


class DeviceIds:
    """Each day's pseudonyms, the latest few days kept."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._by_day: dict[str, np.ndarray] = {}

    def at(self, phone: Integers, event_ms: Integers) -> pa.Array:
        days = event_ms.astype("datetime64[ms]").astype("datetime64[D]")
        ids = np.empty(len(phone), dtype=object)
        for day in np.unique(days):
            ids[days == day] = self._of(str(day))[phone[days == day]]
        return pa.array(ids, pa.string())

    def _of(self, day: str) -> np.ndarray:
        if day not in self._by_day:
            self._by_day = dict(list(self._by_day.items())[-1:])
            self._by_day[day] = np.array(self._population.device_ids(day), dtype=object)
        return self._by_day[day]


def show_service(random: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `status` and `form`, what stands in the network's place (-1: its name)."""
    count, is_lost = len(rows), rows["is_lost"].to_numpy()
    form = np.minimum(np.searchsorted(_FORMS, random.random(count), side="right"), len(_FORMS) - 1)
    is_emergency = (random.random(count) < _EMERGENCY_SHARE) & (form != _NOTHING)
    status = np.select([is_lost & is_emergency, is_lost, rows["is_off"].to_numpy()], [2, 1, 3], 0)
    return rows.assign(status=status, form=np.where(is_lost, form, -1))


class Encoder:
    def __init__(self, population: Population) -> None:
        self._population = population
        self._devices = DeviceIds(population)
        networks = [*(sim.network for sim in population.sims), *population.labels, None]
        operators = [*(sim.operator for sim in population.sims), *population.labels]
        self._pairs = {
            "network": _pairs("network", networks),
            "operator": _pairs("operator", operators),
            "net": _pairs("net", DISTRIBUTIONS.rat.values),
            "description": _pairs("description", _STATUS_TEXTS),
            "provider": _pairs("provider", DISTRIBUTIONS.provider.values),
            "activity": _pairs("activity", DISTRIBUTIONS.activity.values),
            "postal_code": _pairs("postal_code", [*population.areas.codes, None]),
        }

    def encode(self, random: np.random.Generator, rows: pd.DataFrame) -> pa.Array:
        """A JSON object per row, without `}` at its end. Rows of one `measurement` share their event_id.

        Columns: those of `measurements`, of `show_service` and of `arrival.arrive`.
        """
        phone, event_ms = rows["phone"].to_numpy(), rows["event_ms"].to_numpy()
        network, operator = self._names(rows)
        area = np.where(rows["has_area"], rows["area"], len(self._population.areas.codes))
        ids = _event_ids(random, int(rows["measurement"].max()) + 1 if len(rows) else 0)
        pieces = [
            '{"event_id":"',
            ids.take(pa.array(rows["measurement"].to_numpy())),
            '","event_ts":"',
            _iso(event_ms),
            f'","schema_version":1,"feed":"{FEED}","device_id":"',
            self._devices.at(phone, event_ms),
            '","lat":',
            _number(np.round(rows["lat"].to_numpy(), 5)),
            ',"long":',
            _number(np.round(rows["long"].to_numpy(), 5)),
            ',"signal":',
            _number(rows["asu"].to_numpy()),
            f',"signal_scale":"{SIGNAL_SCALE}"',
            self._text("network", network),
            self._text("operator", operator),
            self._text("net", rows["rat"].to_numpy()),
            ',"status":',
            _number(rows["status"].to_numpy()),
            self._text("description", rows["status"].to_numpy()),
            ',"speed":',
            _number(rows["speed"].to_numpy()),
            ',"satellites":',
            _number(rows["satellites"].to_numpy()),
            ',"precission":',
            _number(rows["precission"].to_numpy()),
            self._text("provider", rows["provider"].to_numpy()),
            self._text("activity", rows["activity"].to_numpy()),
            self._text("postal_code", area),
        ]
        return pc.binary_join_element_wise(*pieces, "")

    def _names(self, rows: pd.DataFrame) -> tuple[Integers, Integers]:
        """What stands as network and operator, as positions in their vocabularies."""
        phone, form = rows["phone"].to_numpy(), rows["form"].to_numpy()
        sim_count, label_count = len(self._population.sims), len(self._population.labels)
        sim, label = self._population.sim[phone], sim_count + self._population.label[phone]
        shows_label = np.isin(form, (_LABEL, _LABEL_TWICE))
        shows_nothing = (form == _NOTHING) | ((form < 0) & ~rows["has_network"].to_numpy())
        network = np.select([shows_label, shows_nothing], [label, sim_count + label_count], sim)
        return network, np.where(form == _LABEL_TWICE, label, sim)

    def _text(self, name: str, positions: Integers) -> pa.Array:
        return self._pairs[name].take(pa.array(positions))


def close(bodies: pa.Array, arrivals_ms: Integers | None) -> pa.Array:
    """Complete the objects; with arrivals, each carries its own as `simulated_arrival_ts`."""
    if arrivals_ms is None:
        return pc.binary_join_element_wise(bodies, "}", "").cast(pa.binary())
    return pc.binary_join_element_wise(bodies, ',"simulated_arrival_ts":"', _iso(arrivals_ms), '"}', "").cast(
        pa.binary()
    )


def _event_ids(random: np.random.Generator, count: int) -> pa.Array:
    text = random.bytes(count * _ID_CHARACTERS // 2).hex().encode()
    offsets = np.arange(0, len(text) + 1, _ID_CHARACTERS, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def _iso(instants_ms: Integers) -> pa.Array:
    text = pa.array(np.datetime_as_string(instants_ms.astype("datetime64[ms]")), pa.string())
    return pc.binary_join_element_wise(text, "Z", "")


def _number(values: np.ndarray) -> pa.Array:
    return pa.array(values).cast(pa.string())


def _pairs(name: str, vocabulary: Sequence[str | None]) -> pa.Array:
    """The whole name and value for each word, or nothing for an absent one."""
    pairs = ["" if text is None else f',"{name}":{json.dumps(text, ensure_ascii=False)}' for text in vocabulary]
    return pa.array(pairs, pa.string())
