"""The slice mapped onto the last 24 hours, as a CSV that the backfill loads."""

import csv
import io
from datetime import datetime
from pathlib import Path

import boto3

from infra.feed import slice as real_slice

_LOOP = 0


def to_csv(rows: list[dict[str, str]], now: datetime) -> str:
    """The public columns plus feed, event_id and event_ts: each row at the last occurrence of its time of day."""
    output = io.StringIO()
    writer = csv.DictWriter(output, ["feed", "event_id", "event_ts", *rows[0]], lineterminator="\n")
    writer.writeheader()
    for number, row in enumerate(rows, start=1):
        event_ts = real_slice.last_occurrence(row["hour"], now)
        given = {
            "feed": real_slice.FEED,
            "event_id": real_slice.event_id(number, _LOOP, event_ts.date()),
            "event_ts": event_ts.isoformat(timespec="milliseconds"),
        }
        writer.writerow(given | row)
    return output.getvalue()


def write(location: str, text: str) -> None:
    """Write to s3://bucket/key or to a path."""
    if location.startswith("s3://"):
        bucket, _, key = location.removeprefix("s3://").partition("/")
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
    else:
        Path(location).write_text(text, encoding="utf-8")
