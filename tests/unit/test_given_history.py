"""A history of another generator is read as the contract would read it."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from tests.bench import duckdb_models, simulated_history


def test_instants_are_utc_arrival_is_the_measurement_unless_said_and_ids_stay_apart(tmp_path: Path) -> None:
    events = [
        {"event_id": "measurement-000001", "event_ts": "2026-11-23T11:00:00+01:00"},
        {
            "event_id": "measurement-000002",
            "event_ts": "2026-11-23T10:00:00Z",
            "simulated_arrival_ts": "2026-11-23T10:07:00Z",
        },
    ]
    folder = tmp_path / "it's mine"
    folder.mkdir()
    (folder / "events-1.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    with duckdb_models.connect(tmp_path / "models.duckdb") as connection:
        simulated_history.load(connection, folder)
        found = connection.execute("select event_ts, arrival_ts, ingest_ts from network_events order by 2").fetchall()
        (ids,) = connection.execute("select count(distinct event_id) from network_events").fetchall()[0]
    ten, seven_past = datetime(2026, 11, 23, 10), datetime(2026, 11, 23, 10, 7)
    ingest = timedelta(seconds=simulated_history.INGEST_SECONDS)
    assert found == [(ten, ten, ten + ingest), (ten, seven_past, seven_past + ingest)]
    assert ids == 2
