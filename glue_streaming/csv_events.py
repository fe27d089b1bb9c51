"""Rows of the public mobile-coverage CSV as contract events.

Odd cases, decided:
- A row is known by its number among the data rows; an empty line is none. A quoted field may hold line ends.
- Numbers are text in a CSV, integers often as "4.0"; they become numbers where the contract has numbers, and stay text
  when they are none, so that the parser rejects them.
- A row with bytes that are not UTF-8, or with more or fewer columns than the header, is kept as it stands in the file
  and therefore rejected: `not_utf8`, or `not_json`.
- A file that ends inside a quoted field was cut off: the rows before are loaded, then it is refused.
"""

import csv
import io
import json
import math
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from glue_streaming.contract import EVENT_FIELDS
from glue_streaming.errors import UnreadableInput
from glue_streaming.input_files import MAX_ROW_BYTES, InputFile

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "telcopulse/backfill")
_ABSENT = ("", "nan", "null")
_RAW_BYTES = "surrogateescape"


@dataclass(frozen=True)
class CsvRow:
    """The row's fields, and its text as it stands in the file."""

    fields: Sequence[str]
    text: str


class CsvEvents:
    """The data rows of a CSV, and each as the JSON of a contract event.

    Raises: UnreadableInput: it does not say when, or names a column twice.
    """

    def __init__(self, file: InputFile, zone: ZoneInfo) -> None:
        csv.field_size_limit(MAX_ROW_BYTES)
        self._uri = file.uri
        self._zone = zone
        self._lines = _Lines(file)
        self._reader = csv.reader(self._lines)
        header = self._next_row()
        columns = [] if header is None else [name.strip() for name in header.fields]
        require_columns(file.uri, columns)
        self._width = len(columns)
        self._when = [(columns.index(name) if name in columns else None) for name in ("date", "hour")]
        self._fields = [(columns.index(field.name), field) for field in EVENT_FIELDS if field.name in columns]

    def rows(self) -> Iterator[CsvRow]:
        """Raises: UnreadableInput: the file is cut off, or a row is longer than MAX_ROW_BYTES."""
        while row := self._next_row():
            yield row

    def to_payload(self, number: int, row: CsvRow) -> bytes:
        """The event as JSON; without `event_id` the id is made from file and row."""
        if len(row.fields) != self._width or not _is_utf8(row.text):
            return row.text.encode("utf-8", _RAW_BYTES)
        event: dict[str, Any] = {}
        for position, field in self._fields:
            text = row.fields[position].strip()
            if text.lower() not in _ABSENT:
                event[field.name] = _number(text, field.type) if field.type in ("int", "double") else text
        if "event_id" not in event:
            event["event_id"] = str(uuid.uuid5(_NAMESPACE, f"{self._uri}#{number}"))
        if "event_ts" not in event:
            date, hour = ("" if position is None else row.fields[position] for position in self._when)
            event["event_ts"] = _local_time(date, hour, self._zone)
        return json.dumps(event, ensure_ascii=False).encode()

    def _next_row(self) -> CsvRow | None:
        """The next row that is not an empty line; None at the end."""
        try:
            for fields in self._reader:
                text = self._lines.take()
                if self._lines.is_at_end:
                    raise UnreadableInput(self._uri, f"it ends inside a quoted field; the row's start: {text[:80]!r}")
                if fields:
                    return CsvRow(fields, text)
        except csv.Error as error:
            raise UnreadableInput(self._uri, f"line {self._lines.count}: {error}") from error
        return None


class _Lines:
    """The file's lines as text, which remember those of the row that is being read.

    Bytes that are not UTF-8 pass through the text unharmed, as lone surrogates.
    """

    def __init__(self, file: InputFile) -> None:
        self._uri = file.uri
        # Any line end, kept: a quoted field may hold them.
        self._content = io.TextIOWrapper(file.content, encoding="utf-8", errors=_RAW_BYTES, newline="")
        self._row: list[str] = []
        self._length = 0
        self.count = 0
        self.is_at_end = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._content.readline(MAX_ROW_BYTES)
        if not line:
            self.is_at_end = True
            raise StopIteration
        self.count += 1
        self._row.append(line)
        self._length += len(line)
        if self._length >= MAX_ROW_BYTES:
            first = self.count - len(self._row) + 1
            raise UnreadableInput(
                self._uri,
                f"the row at line {first} is longer than {MAX_ROW_BYTES:,} characters: is a quote not closed?",
            )
        return line

    def take(self) -> str:
        """The text of the row that has been read, without its line end."""
        text = "".join(self._row).rstrip("\r\n")
        self._row.clear()
        self._length = 0
        return text


def require_columns(uri: str, columns: Sequence[str]) -> None:
    """A CSV must say when: `event_ts`, or `date` and `hour` as the public data set has them.

    Raises: UnreadableInput.
    """
    if "event_ts" not in columns and not {"date", "hour"} <= set(columns):
        raise UnreadableInput(
            uri, f"it has neither a column event_ts nor date and hour; its columns: {sorted(columns)}"
        )
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise UnreadableInput(uri, f"it has more than one column of the name {', '.join(twice)}")


def _is_utf8(text: str) -> bool:
    # The bytes that could not be read are lone surrogates, which UTF-8 can't express.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(text: str, kind: str) -> float | int | str:
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    return int(value) if kind == "int" and value.is_integer() else value


def _local_time(date: str, hour: str, zone: ZoneInfo) -> str:
    try:
        return datetime.fromisoformat(f"{date.strip()}T{hour.strip()}").replace(tzinfo=zone).isoformat()
    except ValueError:
        return f"{date} {hour}"
