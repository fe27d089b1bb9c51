"""A row of the public CSV becomes the event that its phone measured."""

import json
from zoneinfo import ZoneInfo

import pytest

from glue_streaming.csv_events import require_columns, to_event
from glue_streaming.errors import UnreadableInput

MADRID = ZoneInfo("Europe/Madrid")


def made(row: dict[str, str], number: int = 1, uri: str = "file:///a.csv") -> dict:
    return json.loads(to_event(row, uri=uri, number=number, zone=MADRID))


def test_numbers_become_numbers_and_texts_stay_texts() -> None:
    row = {"event_ts": "2026-01-01T00:00:00Z", "signal": "4.0", "lat": "41.5", "postal_code": "80333.0", "speed": "7"}
    event = made(row)
    assert (event["signal"], event["lat"], event["speed"]) == (4, 41.5, 7.0)
    assert isinstance(event["signal"], int)
    assert event["postal_code"] == "80333.0"


def test_absent_values_are_left_out() -> None:
    event = made({"event_ts": "2026-01-01T00:00:00Z", "signal": "", "network": "null", "operator": "NaN", "net": " "})
    assert set(event) == {"event_id", "event_ts"}


def test_what_is_no_number_stays_text_for_the_parser_to_reject() -> None:
    event = made({"event_ts": "2026-01-01T00:00:00Z", "signal": "strong", "satellites": "3.5", "lat": "inf"})
    assert (event["signal"], event["satellites"], event["lat"]) == ("strong", 3.5, "inf")


@pytest.mark.parametrize(
    ("date", "expected"), [("2017-01-15", "2017-01-15T08:30:00+01:00"), ("2017-07-15", "2017-07-15T08:30:00+02:00")]
)
def test_date_and_hour_are_local_time(date: str, expected: str) -> None:
    assert made({"date": date, "hour": "08:30:00"})["event_ts"] == expected


def test_an_impossible_date_is_kept_for_the_parser_to_reject() -> None:
    assert made({"date": "2017-02-30", "hour": "08:30:00"})["event_ts"] == "2017-02-30 08:30:00"


def test_ids_are_stable_by_file_and_row() -> None:
    row = {"event_ts": "2026-01-01T00:00:00Z"}
    assert made(row, 1) == made(row, 1)
    assert len({made(row, number, uri)["event_id"] for number in (1, 2) for uri in ("file:///a.csv", "s3://b/c")}) == 4


def test_a_csv_that_does_not_say_when_is_refused_with_its_columns() -> None:
    require_columns("a.csv", ["event_ts"])
    require_columns("a.csv", ["date", "hour"])
    with pytest.raises(UnreadableInput, match=r"a\.csv.*\['hour', 'signal'\]"):
        require_columns("a.csv", ["signal", "hour"])
