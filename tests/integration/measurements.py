"""Measurements for tests of the marts: a day of four provinces, enough of each network to publish its figures."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

AREAS = {"080193": 400, "170792": 150, "251207": 150, "431482": 100}
REFUSED = (
    b'{"event_id": "r1", "event_ts": "2026-13-45T00:00:00Z", "device_id": "phone-77", "lat": 41.3874, "long": 2.1686}',
    b'{"event_id": "r2", "event_ts": "soon", "feed": "simulator", "lat": 41.3874}',
    b"lat 41.3874 of phone-77",
    b'[{"device_id": "phone-77"}]',
)


def lines(seed: int) -> list[bytes]:
    """JSON lines: measurements of the last 30 hours, 20 of them twice, an id with two times, and refused records."""
    rng, now = random.Random(seed), datetime.now(UTC)
    events = [_event(rng, f"e{area}-{i}", now, area) for area, count in AREAS.items() for i in range(count)]
    moved = events[0] | {"event_ts": (now - timedelta(minutes=7)).isoformat()}
    sent = [json.dumps(event).encode() for event in [*events, *rng.sample(events, 20), moved]]
    return [*sent, *REFUSED]


def _event(rng: random.Random, event_id: str, now: datetime, area: str) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "event_ts": (now - timedelta(hours=rng.uniform(0.2, 30))).isoformat(),
        "feed": "simulator",
        "device_id": f"d{rng.randrange(40)}",
        "network": rng.choice(["Orange", "movistar", "Pepephone", "Sin servicio"]),
        "operator": rng.choice(["Orange", "movistar"]),
        "net": "4G",
        "signal": rng.randrange(5, 60),
        "signal_scale": "lte",
        "status": rng.choice([0, 0, 0, 1]),
        "precission": rng.choice([4.5, 12.0, 48.0, 300.0]),
        "provider": "gps",
        "satellites": rng.randrange(9),
        "postal_code": area,
    }
