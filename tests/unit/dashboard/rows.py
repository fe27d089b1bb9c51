"""Rows as Athena answers the dashboard's queries."""

from datetime import datetime
from typing import Any

from dashboard.client import Row


def incident(**changes: Any) -> Row:
    """An outage that is open since 25 November 2026, 18:35 UTC."""
    row = {
        "incident_id": "a1",
        "area_level": "municipality",
        "area_name": "Barcelona",
        "network_name": "Orange",
        "state": "CONFIRMED",
        "is_closed": False,
        "evidence": "explicit, late",
        "start_ts": datetime(2026, 11, 25, 18, 35),
        "end_ts": None,
        "duration_minutes": 25,
        "peak_bad_share": 0.62,
        "peak_bad_n": 31,
        "peak_vote_n": 50,
        "baseline_share": 0.012,
        "acknowledged_by": None,
    }
    return row | changes


def freshness(**changes: Any) -> Row:
    row = {
        "newest_event_ts": datetime(2026, 11, 25, 18, 59, 20),
        "refreshed_ts": datetime(2026, 11, 25, 18, 59, 30),
        "lag_arrival_p95_s": 31.0,
    }
    return row | changes
