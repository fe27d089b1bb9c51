"""Generated histories of raw: what arrives, late, twice, out of order, rejected, and from several writers.

Everything follows from the seed. Times are of the end of March 2026, when the clocks in Madrid go forward.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from tests.raw_writer import ARROW_SCHEMA

START = datetime(2026, 3, 28, 20)
Row = dict[str, Any]


@dataclass
class History:
    seed: int
    now: datetime = START
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._numbered = 0

    def pass_time(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def batch(self, count: int, *, source: str = "stream", behind_minutes: float = 0) -> pa.Table:
        """What a writer commits now with an ingest_ts `behind_minutes` ago; a fifth of it was sent before."""
        ingest_ts = self.now - timedelta(minutes=behind_minutes)
        rows = [self._row(ingest_ts, source) for _ in range(count)]
        self.rows += rows
        return pa.Table.from_pylist(rows, schema=ARROW_SCHEMA)

    def spread(self, days: int, *, source: str) -> pa.Table:
        """A backfill of one event a day."""
        rows = [self._event(self.now) | self._written(self.now, source) for _ in range(days)]
        for age, row in enumerate(rows):
            row["event_ts"] = self.now - timedelta(days=age, minutes=self._rng.randrange(1440))
        self.rows += rows
        return pa.Table.from_pylist(rows, schema=ARROW_SCHEMA)

    def outage(self, *, source: str = "stream") -> pa.Table:
        """What phones of one network in one area report of the last 40 minutes, most of them without service."""
        begin, rows = self.now - timedelta(minutes=40), []
        for number in range(60):
            event = self._event(self.now) | self._written(self.now, source)
            place = {"postal_code": "80333.0", "network": "Orange", "device_id": f"d{number % 20}", "feed": "nobody"}
            event |= place | {"status": self._rng.choice([1, 1, 1, 0])}
            rows.append(event | {"event_ts": begin + timedelta(seconds=self._rng.uniform(0, 2400))})
        self.rows += rows
        return pa.Table.from_pylist(rows, schema=ARROW_SCHEMA)

    def accepted(self) -> list[Row]:
        soonest = timedelta(hours=1)
        return [row for row in self.rows if not row["reject_reason"] and row["event_ts"] <= row["ingest_ts"] + soonest]

    def buckets(self) -> dict[datetime, tuple[int, int]]:
        """(distinct events, further copies) by 5-minute bucket, counted without any SQL."""
        copies = Counter((row["event_id"], row["event_ts"]) for row in self.accepted())
        found: dict[datetime, tuple[int, int]] = {}
        for (_, event_ts), count in copies.items():
            bucket = event_ts.replace(minute=event_ts.minute // 5 * 5, second=0, microsecond=0)
            n, duplicates = found.get(bucket, (0, 0))
            found[bucket] = (n + 1, duplicates + count - 1)
        return found

    def _row(self, ingest_ts: datetime, source: str) -> Row:
        written = self._written(ingest_ts, source)
        if self._rng.random() < 0.05:
            return written | {"reject_reason": "not_json"}
        earlier = [row for row in self.rows[-200:] if not row["reject_reason"]]
        if earlier and self._rng.random() < 0.2:
            return self._again(self._rng.choice(earlier)) | written
        return self._event(ingest_ts) | written

    def _written(self, ingest_ts: datetime, source: str) -> Row:
        self._numbered += 1
        is_stream = source == "stream"
        return {
            "source": source,
            "source_row": None if is_stream else self._numbered,
            "shard_id": "s0" if is_stream else None,
            "sequence_number": f"{self._numbered:012d}" if is_stream else None,
            "arrival_ts": ingest_ts - timedelta(seconds=self._rng.uniform(0, 9)) if is_stream else None,
            "ingest_ts": ingest_ts,
            "payload": b"{}",
            "reject_reason": None,
        }

    def _again(self, row: Row) -> Row:
        """A re-send: the same measurement, sometimes with another network or area, so that it matters which wins."""
        return row | (self._measured() if self._rng.random() < 0.5 else {})

    def _event(self, ingest_ts: datetime) -> Row:
        rng = self._rng
        age = rng.choices([rng.uniform(0, 10), rng.uniform(10, 600), rng.uniform(600, 6 * 1440), -180], [80, 12, 7, 1])[
            0
        ]
        return {
            "event_id": f"e{rng.randrange(10**12)}",
            "event_ts": (ingest_ts - timedelta(minutes=age)).replace(microsecond=rng.randrange(10**6)),
            "feed": rng.choice(["default", "nobody", None]),
            **self._measured(),
        }

    def _measured(self) -> Row:
        rng = self._rng
        return {
            "device_id": rng.choice([f"d{rng.randrange(12)}", None]),
            "lat": rng.choice([41.38, 41.39]),
            "long": 2.17,
            "network": rng.choice(["Orange", "movistar", "MOVISTAR ES", "Eroski Movil", "Sin servicio"]),
            "operator": rng.choice(["Orange", "Yoigo", "orange es"]),
            "net": rng.choice(["3G", "4G"]),
            "signal": rng.randrange(33),
            "signal_scale": rng.choice(["lte", None]),
            "status": rng.choice([0, 0, 0, 1, 2, 3]),
            "precission": rng.choice([0.0, 4.5, 12.0, 48.0, 3000.0]),
            "provider": rng.choice(["gps", "fused"]),
            "satellites": rng.randrange(9),
            "postal_code": rng.choice(["80333.0", "251207", ""]),
        }
