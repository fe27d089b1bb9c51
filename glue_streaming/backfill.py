"""Load files into raw.network_events: CSV with the public data set's columns, or JSON lines of contract events.

    python -m glue_streaming.backfill --input s3://bucket/history.csv [more files] \\
        --table glue_catalog.raw.network_events --warehouse s3://bucket/

Restartable and idempotent: a row is known by (`source`, `source_row`), and rows that the table holds are left out,
also those that another run of the same file commits meanwhile.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from tqdm import tqdm

from glue_streaming import input_files, source_rows, table
from glue_streaming.contract import RAW_FIELDS
from glue_streaming.csv_events import CsvEvents
from glue_streaming.errors import InvalidArgument, StreamingError, UnreadableInput
from glue_streaming.input_files import InputFile
from glue_streaming.parsing import parse
from glue_streaming.settings import add_table_arguments, require_table

# One commit; Spark sends a chunk to its executors in messages of at most 128 MiB.
CHUNK_ROWS = 100_000
CHUNK_BYTES = 64 * 2**20
_RECORDS = pa.schema(
    [
        ("payload", pa.binary()),
        ("source", pa.string()),
        ("source_row", pa.int64()),
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("arrival_ts", pa.timestamp("us", tz="UTC")),
    ]
)

Chunk = list[tuple[int, bytes]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m glue_streaming.backfill", description=__doc__.split("\n")[0])
    add_table_arguments(parser)
    parser.add_argument(
        "--input",
        required=True,
        nargs="+",
        help="files to load, one after another: s3://bucket/key or a path; .csv, .jsonl or .json",
    )
    parser.add_argument(
        "--timezone", default="Europe/Madrid", help="of the CSV's date and hour (default Europe/Madrid)"
    )
    parser.add_argument(
        "--chunk-rows", type=int, default=CHUNK_ROWS, help=f"rows a commit, at most (default {CHUNK_ROWS:,})"
    )
    arguments = parser.parse_args()
    try:
        require_table(arguments.table)
        if arguments.chunk_rows < 1:
            raise InvalidArgument("chunk-rows", arguments.chunk_rows, "a number of rows from 1")
        zone = _zone(arguments.timezone)
        for location in arguments.input:
            with input_files.opened(location) as file:
                records, to_payload = read_records(file, zone)
                spark = table.create_session(arguments.table, arguments.warehouse)
                table.ensure(spark, arguments.table, arguments.warehouse)
                loaded, skipped = load(spark, arguments.table, file, records, to_payload, arguments.chunk_rows)
            line = {"source": file.uri, "rows_loaded": loaded, "rows_already_there": skipped}
            print(json.dumps(line), flush=True)
    except StreamingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def read_records(file: InputFile, zone: ZoneInfo) -> tuple[Iterator[Any], Callable[[int, Any], bytes]]:
    """The file's data rows, by its name's ending, and what makes a row's payload of its number and itself.

    Raises: UnreadableInput.
    """
    if file.uri.endswith(".csv"):
        events = CsvEvents(file, zone)
        return events.rows(), events.to_payload
    if file.uri.endswith((".jsonl", ".json", ".ndjson")):
        return input_files.lines(file), lambda number, line: line
    raise UnreadableInput(file.uri, "its name must end in .csv, .jsonl, .ndjson or .json (one event a line)")


def load(
    spark: SparkSession,
    name: str,
    file: InputFile,
    records: Iterable[Any],
    to_payload: Callable[[int, Any], bytes],
    chunk_rows: int = CHUNK_ROWS,
) -> tuple[int, int]:
    """Add the rows that the table does not hold yet, a chunk a commit; returns (loaded, already there).

    Raises: UnreadableInput, ClockBehind, TableBusy.
    """
    # A chunk's few files are found by its literal range; looking for them by a join would parse the chunk twice.
    spark.conf.set("spark.sql.optimizer.runtime.rowLevelOperationGroupFilter.enabled", "false")
    held = source_rows.read(spark, name, file.uri)
    missing = held.select_missing(enumerate(records, start=1))
    payloads = ((number, to_payload(number, record)) for number, record in missing)
    newest, loaded = held.newest_ingest_ts, 0
    label = f"backfill {file.uri}"
    with tqdm(desc=label, total=file.size, unit="B", unit_scale=True, file=sys.stderr, mininterval=1) as progress:
        for chunk in to_chunks(payloads, chunk_rows):
            source_rows.wait_for_clock(newest)
            add(spark, name, file.uri, chunk)
            newest = source_rows.utc_now()
            loaded += len(chunk)
            progress.set_postfix(rows=held.skipped + loaded)
            progress.update(file.content.tell() - progress.n)
        progress.update(file.size - progress.n)
    return loaded, held.skipped


def to_chunks(payloads: Iterable[tuple[int, bytes]], rows: int) -> Iterator[Chunk]:
    """Cut by rows and by bytes. What was read before the file proves unreadable still comes.

    Raises: UnreadableInput.
    """
    chunk: Chunk = []
    size = 0
    try:
        for number, payload in payloads:
            chunk.append((number, payload))
            size += len(payload)
            if len(chunk) == rows or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    except UnreadableInput:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def add(spark: SparkSession, name: str, uri: str, chunk: Chunk) -> None:
    """Insert the chunk, but for rows that the table has come to hold, in one commit.

    A plain append would be repeated blindly after a conflict, for instance with the last commit of a run that was
    killed and that lands after this one looked. A merge is refused when rows of its own range came in between; the
    `delete` matches nothing and keeps Spark from turning the merge into an append.
    Raises: TableBusy.
    """
    first, last = chunk[0][0], chunk[-1][0]
    held = F.col(f"{name}.source_row")
    is_held = (F.col(f"{name}.source") == uri) & held.between(first, last) & (held == F.col("row.source_row"))
    values = {field.name: F.col(f"row.{field.name}") for field in RAW_FIELDS}

    def merge() -> None:
        rows = to_frame(spark, uri, chunk).transform(parse).alias("row")
        rows.mergeInto(name, is_held).whenMatched(held.isNull()).delete().whenNotMatched().insert(values).merge()

    table.retry_on_conflict(spark, name, merge)


def to_frame(spark: SparkSession, uri: str, chunk: Chunk) -> DataFrame:
    numbers, payloads = zip(*chunk, strict=True)
    count = len(chunk)
    columns = [payloads, [uri] * count, numbers, *[[None] * count] * 3]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _RECORDS, strict=True)]
    return spark.createDataFrame(pa.Table.from_arrays(arrays, schema=_RECORDS))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidArgument("timezone", name, "a time zone such as Europe/Madrid") from error


if __name__ == "__main__":
    sys.exit(main())
