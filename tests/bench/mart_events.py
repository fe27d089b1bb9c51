"""Generated events of a steady network, as columns: the same volume every day, realistic areas, brands and lateness."""

import csv
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from infra.local.settings import REPO_ROOT
from tests.raw_writer import ARROW_SCHEMA

_SEEDS = REPO_ROOT / "dbt_project" / "seeds"
_NETWORKS = ("movistar", "Orange", "vodafone ES", "YOIGO", "Eroski Movil", "Sin servicio")
_NETWORK_SHARES = (0.36, 0.25, 0.22, 0.12, 0.03, 0.02)
_OPERATORS = ("Movistar", "Orange", "vodafone ES", "YOIGO", "Pepephone", "Lowi")
_DEVICES = 5_000
_MICRO = 1_000_000


class Events:
    """Draws from one seed; every call goes on behind the last."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        with (_SEEDS / "municipalities.csv").open() as file:
            codes = [row["area_code"] for row in csv.DictReader(file)]
        self._areas = np.array(codes)
        shares = 1 / np.arange(1, len(codes) + 1)
        self._area_shares = shares / shares.sum()
        self._count = 0

    def day(self, start: datetime, count: int, late_share: float = 0.02) -> pa.Table:
        """A day of the stream: ingested from `start` on, measured seconds before, a few up to six days before."""
        since_start = np.sort(self._rng.uniform(0, 86_400 * _MICRO, count)).astype("timedelta64[us]")
        ingest = np.datetime64(start, "us") + since_start
        age_s = self._rng.exponential(20, count)
        late = self._rng.random(count) < late_share
        return self._table(ingest, np.where(late, self._rng.uniform(7 * 3600, 6 * 86_400, count), age_s))

    def batch(self, now: datetime, count: int, late_count: int) -> pa.Table:
        """One micro-batch; the first `late_count` of it are hours to days late."""
        age_s = self._rng.uniform(0, 60, count)
        age_s[:late_count] = self._rng.uniform(7 * 3600, 6 * 86_400, late_count)
        return self._table(np.full(count, np.datetime64(now, "us")), age_s)

    def _table(self, ingest: np.ndarray, age_s: np.ndarray) -> pa.Table:
        rng, count = self._rng, len(ingest)
        ids = np.arange(self._count, self._count + count)
        self._count += count
        ingest = ingest.astype("datetime64[us]")
        columns = {
            "event_id": pa.array(np.char.add("e", ids.astype(str))),
            "event_ts": pa.array(ingest - (age_s * _MICRO).astype("timedelta64[us]")),
            "schema_version": pa.array(np.ones(count, np.int32)),
            "feed": self._chosen(("default",), None, count),
            "device_id": pa.array(np.char.add("d", rng.integers(0, _DEVICES, count).astype(str))),
            "lat": pa.array(rng.uniform(40.5, 42.8, count).round(4)),
            "long": pa.array(rng.uniform(0.2, 3.3, count).round(4)),
            "signal": pa.array(rng.binomial(31, 0.4, count).astype(np.int32)),
            "network": self._chosen(_NETWORKS, _NETWORK_SHARES, count),
            "operator": self._chosen(_OPERATORS, None, count),
            "net": self._chosen(("4G", "3G", "2G", "5G"), (0.6, 0.25, 0.05, 0.1), count),
            "status": pa.array(rng.choice(np.array([0, 1, 2, 3], np.int32), count, p=(0.93, 0.04, 0.02, 0.01))),
            "precission": pa.array(rng.lognormal(2.5, 1, count).round(1)),
            "satellites": pa.array(rng.integers(0, 15, count).astype(np.int32)),
            "provider": self._chosen(("gps", "fused", "network"), (0.6, 0.3, 0.1), count),
            "postal_code": pa.array(np.char.add(rng.choice(self._areas, count, p=self._area_shares), ".0")),
            "payload": pa.array([b"{}"] * count, pa.binary()),
            "source": pa.array(["stream"] * count),
            "shard_id": pa.array(["shardId-000000000000"] * count),
            "sequence_number": pa.array(np.char.zfill(ids.astype(str), 20)),
            "arrival_ts": pa.array(ingest - np.timedelta64(5, "s")),
            "ingest_ts": pa.array(ingest),
        }
        nothing = {field.name: pa.nulls(count, field.type) for field in ARROW_SCHEMA if field.name not in columns}
        return pa.table(columns | nothing).select(ARROW_SCHEMA.names).cast(ARROW_SCHEMA)

    def _chosen(self, values: tuple[str, ...], shares: tuple[float, ...] | None, count: int) -> pa.Array:
        return pa.array(self._rng.choice(np.array(values), count, p=shares))


def days_before(end: datetime, days: int) -> list[datetime]:
    return [end - timedelta(days=age) for age in range(days, 0, -1)]
