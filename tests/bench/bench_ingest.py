"""`make bench-ingest`: the job's own parse + append beside DuckDB on the same events; prints one JSON line last.

The job reads its records from Parquet files with the columns that the Kinesis source hands over (payload as bytes,
shard, sequence number, arrival), so the source itself is not measured, and appends to an Iceberg table made by the
job's own code in a catalog on disk, a commit a chunk. DuckDB reads the same events as JSON lines, parses them into the
same columns, keeps the payload and writes Parquet by the same zstd level, a file a chunk; it neither judges nor
partitions.

After a warm-up the two take turns; the figures are medians. Machines are noisy: compare the ratio, not the rates.
Then the job goes on alone over more events than it has memory for, and what its JVM holds is looked at on the way.
The source's own speed and a steady stream end to end are measured on a local AWS before (`stream.py`).
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from tqdm import tqdm

from glue_streaming import table
from glue_streaming.contract import AUDIT_FIELDS, EVENT_FIELDS
from glue_streaming.parsing import STREAM_SOURCE, parse
from infra.local.settings import JARS_DIR
from infra.local.spark_conf import JAVA_OPTIONS
from tests.bench import stream
from tests.own_stack import own_stack

THREADS = 2
# Four shards at the most that the source takes of one in a batch.
SHARDS = 4
SHARD_EVENTS = 100_000
MEMORY_STEPS = 5
CHUNK_EVENTS = SHARDS * SHARD_EVENTS
TABLE = "bench.raw.network_events"
_DUCKDB_TYPES = {"string": "VARCHAR", "int": "INTEGER", "double": "DOUBLE", "timestamp_ntz": "VARCHAR"}
# About the sizes and spreads of the public data; an event in fifty is up to three days late.
_EVENTS = """
    select i, to_json({
        event_id: uuid()::varchar,
        event_ts: strftime(
            timestamp '2026-11-24 00:00:00' + to_milliseconds((h % 3600000)::bigint)
                - to_hours(if(h % 50 = 0, (g % 72)::int, 0)),
            '%Y-%m-%dT%H:%M:%S.%g'
        ) || '+00:00',
        schema_version: 1, feed: 'generalitat-replay', device_id: substr(md5((h % 200000)::varchar), 1, 16),
        lat: round(40.5 + (h % 2300000) / 1e6, 6), long: round(0.2 + (g % 3100000) / 1e6, 6), signal: (g % 32)::int,
        network: ['Movistar', 'Orange', 'vodafone ES', 'YOIGO', 'Sólo llamadas de emergencia'][1 + (h % 5)::int],
        operator: ['Movistar', 'Orange', 'vodafone ES', 'YOIGO', 'PEPEPHONE'][1 + (g % 5)::int],
        net: ['2G', '3G', '4G', '5G'][1 + (h % 4)::int], status: (h % 3)::int,
        description: ['STATE_IN_SERVICE', 'STATE_OUT_OF_SERVICE', 'STATE_EMERGENCY_ONLY'][1 + (h % 3)::int],
        speed: round((g % 1200) / 10.0, 1), satellites: (h % 14)::int, precission: round((g % 5000) / 100.0, 2),
        provider: ['gps', 'fused', 'network'][1 + (g % 3)::int],
        activity: ['STILL', 'ON_FOOT', 'IN_VEHICLE', 'TILTING'][1 + (g % 4)::int],
        postal_code: ((80000 + h % 90000)::bigint)::varchar || '.0'
    })::varchar as line
    from (select i, hash(i) as h, hash(i + 7919) as g from range(?, ?) as numbers(i))
"""


@dataclass(frozen=True)
class Chunk:
    """The same events twice: as the source's rows and as JSON lines."""

    events: int
    records: Path
    lines: Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-ingest", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--events", type=int, default=2_000_000, help="events in all (default 2,000,000)")
    parser.add_argument("--passes", type=int, default=3, help="measured passes of each (default 3)")
    parser.add_argument(
        "--memory-events", type=int, default=10_000_000, help="events over which memory is watched (default 10,000,000)"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="telcopulse-bench-") as folder:
        root = Path(folder)
        figures = on_local_aws(root)
        engine = duckdb.connect()
        engine.execute(f"set threads = {THREADS}")
        chunks = generate(engine, root, arguments.events)
        spark = session(root)
        figures = {**measure(spark, engine, root, chunks, arguments.passes), **figures}
        figures |= watch_memory(spark, engine, root, arguments.memory_events)
        spark.stop()
    print(json.dumps({"events": arguments.events, **figures}), flush=True)
    return 0


def on_local_aws(root: Path) -> dict[str, Any]:
    with own_stack(root / "stack"):
        return {**stream.source_rate(), **stream.sustained(root)}


def measure(
    spark: SparkSession, engine: duckdb.DuckDBPyConnection, root: Path, chunks: list[Chunk], passes: int
) -> dict[str, Any]:
    runs: dict[str, Callable[[list[Chunk]], None]] = {
        "job": lambda some: append_all(spark, root, some),
        "duckdb": lambda some: convert_all(engine, root, some),
    }
    for run in runs.values():
        run(chunks[:1])
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in tqdm(range(passes), desc="passes", file=sys.stderr):
        for name, run in runs.items():
            started = time.monotonic()
            run(chunks)
            seconds[name].append(time.monotonic() - started)
            tqdm.write(f"{name}: {seconds[name][-1]:.1f} s", file=sys.stderr)
    events = sum(chunk.events for chunk in chunks)
    job, other = (events / statistics.median(seconds[name]) for name in runs)
    return {
        "job_events_per_s": round(job),
        "duckdb_events_per_s": round(other),
        "ratio": round(job / other, 3),
    }


def watch_memory(spark: SparkSession, engine: duckdb.DuckDBPyConnection, root: Path, events: int) -> dict[str, Any]:
    """What the job's JVM holds after each fifth of the events, and the most it ever held."""
    create_table(spark, root)
    folder = root / "memory"
    folder.mkdir()
    rss_mb: dict[str, int] = {}
    with tqdm(total=events, desc="memory", unit=" events", file=sys.stderr) as progress:
        for first in range(0, events, CHUNK_EVENTS):
            chunk = generate_chunk(engine, folder, first, min(first + CHUNK_EVENTS, events))
            append(spark, chunk)
            shutil.rmtree(chunk.records)
            chunk.lines.unlink()
            progress.update(chunk.events)
            if progress.n * MEMORY_STEPS // events > len(rss_mb):
                rss_mb[f"{progress.n:,}"] = memory_mb(spark, "VmRSS")
                tqdm.write(f"{progress.n:,} events: {memory_mb(spark, 'VmRSS')} MB", file=sys.stderr)
    assert_accepted(spark, events)
    return {"rss_mb_after_events": rss_mb, "peak_rss_mb": memory_mb(spark, "VmHWM")}


def generate(engine: duckdb.DuckDBPyConnection, root: Path, events: int) -> list[Chunk]:
    firsts = tqdm(range(0, events, CHUNK_EVENTS), desc="events", unit=" chunks", file=sys.stderr)
    return [generate_chunk(engine, root, first, min(first + CHUNK_EVENTS, events)) for first in firsts]


def generate_chunk(engine: duckdb.DuckDBPyConnection, root: Path, first: int, last: int) -> Chunk:
    chunk = Chunk(last - first, root / f"records-{first}-{last}", root / f"lines-{first}-{last}.jsonl")
    chunk.records.mkdir()
    for shard in range(first, last, SHARD_EVENTS):
        engine.execute(
            f"""copy (
                select encode(line) as payload, 'shardId-000000000001' as shard_id,
                    '4960000000000000000000000000000000000000' || lpad(i::varchar, 16, '0') as sequence_number,
                    timestamptz '2026-11-24 01:00:00+00' as arrival_ts
                from ({_EVENTS})
            ) to '{chunk.records / f"{shard}.parquet"}' (format parquet, compression snappy)""",
            [shard, min(shard + SHARD_EVENTS, last)],
        )
    engine.execute(
        f"copy (select decode(payload) from '{chunk.records}/*.parquet') to '{chunk.lines}' "
        "(format csv, header false, quote '', escape '', delimiter '\x01')"
    )
    return chunk


def session(root: Path) -> SparkSession:
    """The session of the job on the laptop, but for its catalog, which is a folder."""
    jars = ":".join(map(str, sorted(JARS_DIR.glob("iceberg-*.jar"))))
    spark = (
        SparkSession.builder.master(f"local[{THREADS}]")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", JAVA_OPTIONS)
        .config("spark.driver.extraClassPath", jars)
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.local.dir", str(root / "spill"))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config("spark.sql.catalog.bench", "org.apache.iceberg.spark.SparkCatalog")
        .config("spark.sql.catalog.bench.type", "hadoop")
        .config("spark.sql.catalog.bench.warehouse", warehouse(root))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        # A task a file, as a task reads a shard.
        .config("spark.sql.files.openCostInBytes", str(2**30))
        .config("spark.sql.files.maxPartitionBytes", str(2**30))
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def warehouse(root: Path) -> str:
    # As Spark spells it, for a catalog on disk takes no other location than its own.
    return f"file:{root}/warehouse"


def append_all(spark: SparkSession, root: Path, chunks: list[Chunk]) -> None:
    """What the job does with its batches, on a table of its own.

    Raises: AssertionError: a record was refused or lost.
    """
    create_table(spark, root)
    for chunk in chunks:
        append(spark, chunk)
    assert_accepted(spark, sum(chunk.events for chunk in chunks))


def create_table(spark: SparkSession, root: Path) -> None:
    spark.sql("create namespace if not exists bench.raw")
    table.ensure(spark, TABLE, f"{warehouse(root)}/raw")


def append(spark: SparkSession, chunk: Chunk) -> None:
    read(spark, chunk).transform(parse).writeTo(TABLE).options(**table.STREAM_OPTIONS).append()


def assert_accepted(spark: SparkSession, events: int) -> None:
    """Count the table and drop it."""
    accepted = spark.table(TABLE).where("reject_reason is null").count()
    assert accepted == events, f"{accepted} rows accepted"
    spark.sql(f"drop table {TABLE} purge")


def read(spark: SparkSession, chunk: Chunk) -> DataFrame:
    return (
        spark.read.parquet(str(chunk.records))
        .withColumn("source", F.lit(STREAM_SOURCE))
        .withColumn("source_row", F.lit(None).cast("bigint"))
    )


def convert_all(engine: duckdb.DuckDBPyConnection, root: Path, chunks: list[Chunk]) -> None:
    """The same with DuckDB."""
    target = root / "duckdb"
    target.mkdir()
    structure = json.dumps({field.name: _DUCKDB_TYPES[field.type] for field in EVENT_FIELDS})
    values = {field.name: f'event."{field.name}"' for field in EVENT_FIELDS}
    values |= {field.name: "null" for field in AUDIT_FIELDS}
    values |= {
        "event_ts": "event.event_ts::timestamp",
        "payload": "encode(json::varchar)",
        "source": f"'{STREAM_SOURCE}'",
        "ingest_ts": "current_localtimestamp()",
    }
    columns = ", ".join(f'{value} as "{name}"' for name, value in values.items())
    level = table.PROPERTIES["write.parquet.compression-level"]
    for chunk in chunks:
        engine.execute(
            f"""copy (
                select {columns}
                from (select json, from_json(json, '{structure}') as event from read_ndjson_objects('{chunk.lines}'))
            ) to '{target / chunk.lines.stem}.parquet' (format parquet, compression zstd, compression_level {level})"""
        )
    shutil.rmtree(target)


def memory_mb(spark: SparkSession, kind: str) -> int:
    """Memory of the job's JVM as Linux counts it: VmRSS holds now, VmHWM held at most."""
    jvm: Any = spark._jvm
    status = Path(f"/proc/{jvm.java.lang.ProcessHandle.current().pid()}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith(kind))
    return int(kilobytes) // 1024


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    sys.exit(main())
