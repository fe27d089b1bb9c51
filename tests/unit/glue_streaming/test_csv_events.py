"""A row of the public CSV becomes the event that its phone measured."""

import csv
import io
import json
from zoneinfo import ZoneInfo

import pytest

from glue_streaming.csv_events import CsvEvents, require_columns
from glue_streaming.errors import UnreadableInput
from glue_streaming.input_files import MAX_ROW_BYTES, InputFile

MADRID = ZoneInfo("Europe/Madrid")
HEADER = b"event_ts,network,signal\n"
GOOD = b"2026-01-01T00:00:00Z,voda,4\n"


def made(row: dict[str, str], number: int = 1, uri: str = "file:///a.csv") -> dict:
    text = io.StringIO()
    writer = csv.DictWriter(text, row, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    events = csv_events(text.getvalue().encode(), uri)
    return json.loads(events.to_payload(number, next(events.rows())))


def csv_events(content: bytes, uri: str = "file:///a.csv") -> CsvEvents:
    return CsvEvents(InputFile(uri, io.BytesIO(content), len(content)), MADRID)


def payloads(content: bytes) -> list[bytes]:
    events = csv_events(content)
    return [events.to_payload(number, row) for number, row in enumerate(events.rows(), start=1)]


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


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"2026-01-01T00:00:00Z,voda", "too few columns"),
        (b"2026-01-01T00:00:00Z,voda,4,5", "too many columns"),
        (b'2026-01-01T00:00:00Z,"vo\xffda",4', "not UTF-8"),
        (b"2026-01-01T00:00:00Z,\xed\xa0\x80,4", "a surrogate, which UTF-8 has not"),
    ],
)
def test_a_row_that_can_not_be_read_stands_as_it_is_between_its_neighbours(row: bytes, why: str) -> None:
    first, middle, last = payloads(HEADER + GOOD + row + b"\r\n" + GOOD)
    assert middle == row, why
    assert json.loads(first)["network"] == json.loads(last)["network"] == "voda"


def test_quoted_fields_hold_commas_quotes_and_line_ends() -> None:
    (payload,) = payloads(HEADER + b'2026-01-01T00:00:00Z,"vo,d""a\r\n\n2",4\n')
    assert json.loads(payload)["network"] == 'vo,d"a\r\n\n2'


def test_line_ends_and_empty_lines_make_no_difference() -> None:
    plain = payloads(HEADER + GOOD + GOOD)
    assert payloads((HEADER + GOOD + GOOD).replace(b"\n", b"\r\n")) == plain
    assert payloads(HEADER + b"\n" + GOOD + b"\r\n\n" + GOOD.rstrip()) == plain


def test_characters_beyond_ascii_stay() -> None:
    (payload,) = payloads(HEADER + "2026-01-01T00:00:00Z,Girona\u2028ñ\x85a,4\n".encode())
    assert json.loads(payload)["network"] == "Girona\u2028ñ\x85a"


def test_a_file_cut_off_inside_a_quote_is_named_behind_its_whole_rows() -> None:
    rows = csv_events(HEADER + GOOD + b'2026-01-01T00:00:00Z,"voda').rows()
    assert next(rows).text == GOOD.decode().rstrip()
    with pytest.raises(UnreadableInput, match="ends inside a quoted field"):
        next(rows)


def test_a_quote_that_nobody_closes_is_named_with_its_line_in_bounded_memory() -> None:
    rows = csv_events(
        HEADER + GOOD + b'2026-01-01T00:00:00Z,"voda,4\n' + GOOD * (MAX_ROW_BYTES // len(GOOD) + 1)
    ).rows()
    next(rows)
    with pytest.raises(UnreadableInput, match="the row at line 3 is longer"):
        next(rows)


def test_columns_of_the_same_name_are_refused() -> None:
    with pytest.raises(UnreadableInput, match="more than one column of the name signal"):
        require_columns("a.csv", ["event_ts", "signal", "signal"])
