"""Load files into raw.network_events: CSV with the public data set's columns, or JSON lines of contract events.

    python -m glue_streaming.backfill --input s3://bucket/history.csv --table glue_catalog.raw.network_events \\
        --warehouse s3://bucket/

Restartable and idempotent: a row is known by (`source`, `source_row`), and rows that the table holds are left out.
"""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import boto3
from botocore.exceptions import ClientError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from tqdm import tqdm

from glue_streaming import csv_events, table
from glue_streaming.errors import InvalidArgument, StreamingError, UnreadableInput
from glue_streaming.parsing import parse
from glue_streaming.settings import add_table_arguments, require_table

CHUNK_ROWS = 50_000
_SCHEMA = (
    "payload binary, source string, source_row bigint, shard_id string, sequence_number string, arrival_ts timestamp"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m glue_streaming.backfill", description=__doc__.split("\n")[0])
    add_table_arguments(parser)
    parser.add_argument("--input", required=True, help="file to load: s3://bucket/key or a path; .csv, .jsonl or .json")
    parser.add_argument(
        "--timezone", default="Europe/Madrid", help="of the CSV's date and hour (default Europe/Madrid)"
    )
    arguments = parser.parse_args()
    try:
        require_table(arguments.table)
        zone = _zone(arguments.timezone)
        uri, text = read_input(arguments.input)
        payloads = to_payloads(uri, text, zone)
        spark = table.create_session(arguments.table, arguments.warehouse)
        table.create_if_absent(spark, arguments.table, arguments.warehouse)
        loaded, skipped = load(spark, arguments.table, uri, payloads)
    except StreamingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"source": uri, "rows_loaded": loaded, "rows_already_there": skipped}))
    return 0


def load(spark: SparkSession, name: str, uri: str, payloads: Iterable[bytes]) -> tuple[int, int]:
    """Append the payloads that the table does not hold yet, a chunk a commit; returns (loaded, already there)."""
    present = _rows_present(spark, name, uri)
    numbered = enumerate(payloads, start=1)
    loaded = skipped = 0
    with tqdm(desc=f"backfill {uri}", unit=" rows", file=sys.stderr, mininterval=1) as progress:
        while chunk := list(islice(numbered, CHUNK_ROWS)):
            missing = [(number, payload) for number, payload in chunk if number not in present]
            if missing:
                _to_frame(spark, uri, missing).transform(parse).writeTo(name).option("fanout-enabled", "true").append()
            loaded += len(missing)
            skipped += len(chunk) - len(missing)
            progress.update(len(chunk))
    return loaded, skipped


def read_input(location: str) -> tuple[str, str]:
    """The file's URI, which becomes its rows' `source`, and its text.

    Raises: UnreadableInput.
    """
    try:
        if location.startswith("s3://"):
            bucket, _, key = location.removeprefix("s3://").partition("/")
            body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
            return location, body.decode("utf-8-sig")
        path = Path(location).resolve()
        return path.as_uri(), path.read_text(encoding="utf-8-sig")
    except (ClientError, OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(location, str(error)) from error


def to_payloads(uri: str, text: str, zone: ZoneInfo) -> Iterator[bytes]:
    """One contract event as JSON bytes per data row, by the file name's ending.

    Raises: UnreadableInput.
    """
    if uri.endswith(".csv"):
        reader = csv.DictReader(io.StringIO(text))
        csv_events.require_columns(uri, reader.fieldnames or [])
        return (
            csv_events.to_event(row, uri=uri, number=number, zone=zone) for number, row in enumerate(reader, start=1)
        )
    if uri.endswith((".jsonl", ".json", ".ndjson")):
        # Not splitlines(): a JSON text may hold U+2028 and its like.
        return (line.encode() for line in text.removesuffix("\n").split("\n") if text)
    raise UnreadableInput(uri, "its name must end in .csv, .jsonl, .ndjson or .json (one event a line)")


def _rows_present(spark: SparkSession, name: str, uri: str) -> set[int]:
    rows = spark.table(name).where(F.col("source") == uri).select("source_row").collect()
    return {row.source_row for row in rows}


def _to_frame(spark: SparkSession, uri: str, rows: list[tuple[int, bytes]]) -> DataFrame:
    data: list[tuple[Any, ...]] = [(payload, uri, number, None, None, None) for number, payload in rows]
    return spark.createDataFrame(data, _SCHEMA).coalesce(1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidArgument("timezone", name, "a time zone such as Europe/Madrid") from error


if __name__ == "__main__":
    sys.exit(main())
