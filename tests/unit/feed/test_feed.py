"""The replay sends the real slice: values untouched, times and ids given, nothing lost to partial failures."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.feed import history, replay
from infra.feed import slice as real_slice

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
ROWS = real_slice.read()


def test_the_slice_is_the_real_one() -> None:
    assert len(ROWS) == 1000
    assert sum(row["network"] == "movistar" for row in ROWS) > 200


def test_values_are_untouched_and_absent_ones_left_out() -> None:
    for row, event in zip(ROWS, replay.events(ROWS, 1, lambda: NOW), strict=True):
        for name in ("network", "operator", "postal_code", "description"):
            assert event.get(name, "") == row[name]
        assert float(event.get("precission", "nan")) == pytest.approx(float(row["precission"] or "nan"), nan_ok=True)
        assert event.get("signal") == (int(float(row["signal"])) if row["signal"] else None)


def test_a_rerun_of_a_days_replay_repeats_its_ids_and_loops_differ() -> None:
    first = [event["event_id"] for event in replay.events(ROWS, 2, lambda: NOW)]
    again = [event["event_id"] for event in replay.events(ROWS, 2, lambda: NOW.replace(hour=9))]
    assert first == again
    assert len(set(first)) == 2000


def test_history_lies_in_the_last_24_hours_at_each_rows_local_time_of_day() -> None:
    rows = list(csv.DictReader(io.StringIO(history.to_csv(ROWS, NOW))))
    assert [row["hour"] for row in rows] == [row["hour"] for row in ROWS]
    for row in rows:
        event_ts = datetime.fromisoformat(row["event_ts"])
        assert 0 <= (NOW - event_ts).total_seconds() < 86_400
        assert event_ts.astimezone(real_slice.LOCAL_ZONE).strftime("%H:%M:%S") == row["hour"].split(".")[0]


class ThrottlingKinesis:
    """Refuses every third record once; a stand-in for partial failures that can be counted."""

    def __init__(self, *, for_ever: bool = False) -> None:
        self.taken: list[bytes] = []
        self._refused: set[bytes] = set()
        self._for_ever = for_ever

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        answers: list[dict[str, str]] = []
        for number, record in enumerate(Records):
            data = record["Data"]
            if self._for_ever or (number % 3 == 0 and data not in self._refused):
                self._refused.add(data)
                answers.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.taken.append(data)
                answers.append({"SequenceNumber": "1"})
        return {"Records": answers}


def test_only_refused_records_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay.time, "sleep", lambda seconds: None)
    kinesis = ThrottlingKinesis()
    events = list(replay.events(ROWS, 1, lambda: NOW))[:100]
    replay.put(kinesis, "stream", events)
    assert len(kinesis.taken) == len(set(kinesis.taken)) == 100


def test_a_stream_that_keeps_refusing_is_an_error_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay.time, "sleep", lambda seconds: None)
    with pytest.raises(replay.NotTaken, match=r"stream refused 5 records.*ProvisionedThroughput.*--rate"):
        replay.put(ThrottlingKinesis(for_ever=True), "stream", list(replay.events(ROWS, 1, lambda: NOW))[:5])
