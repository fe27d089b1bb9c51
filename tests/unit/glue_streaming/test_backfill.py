"""What a backfill leaves out, how it cuts commits, and that it never writes an ingest_ts behind the last."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import SparkSession

from glue_streaming import backfill, source_rows
from glue_streaming.errors import ClockBehind, UnreadableInput

URI = "file:///a.jsonl"


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([], [(1, None)]),
        ([1, 2, 3], [(4, None)]),
        ([1, 2, 5, 7], [(3, 4), (6, 6), (8, None)]),
        ([4], [(1, 3), (5, None)]),
    ],
)
def test_missing_rows_are_the_gaps_and_what_follows(
    spark: SparkSession, held: list[int], expected: list[tuple[int, int | None]]
) -> None:
    rows = [(URI, number, now()) for number in held] + [("stream", None, now()), ("file:///b", 9, now())]
    table = spark.createDataFrame(rows, "source string, source_row bigint, ingest_ts timestamp_ntz")
    table.createOrReplaceTempView("raw_rows")
    found = source_rows.read(spark, "raw_rows", URI)
    assert [(first, None if last > 10**9 else last) for first, last in found.missing] == expected
    left = list(found.select_missing((number, "x") for number in range(1, 11)))
    assert [number for number, _ in left] == [number for number in range(1, 11) if number not in held]
    assert found.skipped == len(held)


def test_a_clock_behind_waits_and_one_far_behind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    source_rows.wait_for_clock(None)
    source_rows.wait_for_clock(now() - timedelta(days=1))
    assert time.monotonic() - started < 1
    newest = now() + timedelta(seconds=1.5)
    source_rows.wait_for_clock(newest)
    assert now() > newest
    assert "the clock is behind" in capsys.readouterr().err
    with pytest.raises(ClockBehind, match="Set the clock right"):
        source_rows.wait_for_clock(now() + timedelta(seconds=source_rows.MAX_CLOCK_WAIT_S + 60))


def test_chunks_are_cut_by_rows_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "CHUNK_BYTES", 10)
    chunks = backfill.to_chunks(enumerate([b"1", b"2", b"3", b"4", b"x" * 20, b"6"], start=1), 3)
    assert [[number for number, _ in chunk] for chunk in chunks] == [[1, 2, 3], [4, 5], [6]]


def test_rows_before_an_unreadable_one_still_come() -> None:
    def payloads() -> Iterator[tuple[int, bytes]]:
        yield 1, b"a"
        raise UnreadableInput(URI, "cut off")

    chunks = backfill.to_chunks(payloads(), 10)
    assert next(chunks) == [(1, b"a")]
    with pytest.raises(UnreadableInput):
        next(chunks)
