"""`make bench-local`: how fast the local AWS is and what memory it takes, on a fresh stack; one JSON line at the end.

Machines differ and are noisy, so a query's time also stands as a ratio to the same statement sent straight to the
engine in the same run.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from tqdm import tqdm

from infra.local import athena_client, processes
from infra.local.athena.trino_client import TrinoClient
from infra.local.settings import LocalSettings
from tests.own_stack import own_stack

TRIVIAL = "select 1"
RECORDS_PER_PUT = 500
READ_LIMIT = 10_000
# About what an event of the real slice takes.
PAYLOAD = b"x" * 420


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-local", description=__doc__.split("\n")[0])
    parser.add_argument("--queries", type=int, default=60, help="repetitions of each statement (default 60)")
    parser.add_argument("--records", type=int, default=100_000, help="Kinesis records in all (default 100,000)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="telcopulse-bench-") as folder:
        started = time.monotonic()
        with own_stack(Path(folder)) as running:
            start_s = time.monotonic() - started
            figures = {"start_s": round(start_s, 1), **measure(running.settings, running.pid, arguments)}
    print(json.dumps(figures), flush=True)
    return 0


def measure(settings: LocalSettings, pid: int, arguments: argparse.Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {"memory_after_start_mb": round(processes.tree_memory_mb(pid))}
    figures |= statements(settings, arguments.queries)
    figures["memory_after_queries_mb"] = round(processes.tree_memory_mb(pid))
    for clients in (1, 4):
        stream = f"bench-{clients}"
        boto3.client("kinesis").create_stream(StreamName=stream, ShardCount=4)
        count = arguments.records // 2 // clients
        figures[f"kinesis_put_records_per_s_{clients}"] = rate(put, stream, clients, count)
        figures[f"kinesis_read_records_per_s_{clients}"] = rate(read, stream, clients, count)
    figures["memory_after_records_mb"] = round(processes.tree_memory_mb(pid))
    figures["records"] = arguments.records
    return figures


def statements(settings: LocalSettings, count: int) -> dict[str, float]:
    """p50 and p95 in seconds of a trivial query (on the engine alone, too), an Iceberg CTAS and a merge."""
    engine = TrinoClient(settings.trino_url)
    timed: dict[str, list[float]] = {"engine_query": [], "query": [], "ctas": [], "merge": []}
    athena_client.query(_ctas("warm"))
    for number in tqdm(range(count), desc="statements", file=sys.stderr):
        timed["engine_query"].append(seconds(lambda: engine.run(TRIVIAL, catalog="awsdatacatalog", schema="marts")))
        timed["query"].append(seconds(lambda: athena_client.query(TRIVIAL)))
        timed["ctas"].append(seconds(lambda number=number: athena_client.query(_ctas(f"t{number}"))))
        timed["merge"].append(seconds(lambda: athena_client.query(_MERGE)))
    figures = {}
    for name, values in timed.items():
        figures[f"{name}_p50_s"] = round(statistics.median(values), 3)
        figures[f"{name}_p95_s"] = round(statistics.quantiles(values, n=20)[-1], 3)
    figures["query_to_engine_ratio"] = round(figures["query_p50_s"] / figures["engine_query_p50_s"], 2)
    return figures


def seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def rate(work: Callable[[str, int, int, int], int], stream: str, clients: int, count: int) -> int:
    """Records per second of `clients` processes together."""
    with ProcessPoolExecutor(clients) as pool:
        started = time.perf_counter()
        tasks = [pool.submit(work, stream, client, clients, count) for client in range(clients)]
        done = sum(task.result() for task in tasks)
        return round(done / (time.perf_counter() - started))


def put(stream: str, client: int, clients: int, count: int) -> int:
    kinesis = boto3.client("kinesis")
    for start in range(0, count, RECORDS_PER_PUT):
        records = [
            {"Data": PAYLOAD, "PartitionKey": f"{client}/{number}"}
            for number in range(start, min(start + RECORDS_PER_PUT, count))
        ]
        answer = kinesis.put_records(StreamName=stream, Records=records)
        assert answer["FailedRecordCount"] == 0
    return count


def read(stream: str, client: int, clients: int, count: int) -> int:
    """Read this client's shards to their ends."""
    kinesis, seen = boto3.client("kinesis"), 0
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    for shard in shards[client::clients]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            page = kinesis.get_records(ShardIterator=iterator, Limit=READ_LIMIT)
            seen += len(page["Records"])
            iterator = page["NextShardIterator"]
            if page["MillisBehindLatest"] == 0:
                break
    return seen


def _ctas(name: str) -> str:
    return f"""
        create table {name} with (
            table_type = 'iceberg', is_external = false, location = 's3://telcopulse-marts/bench/{name}/'
        )
        as select id, id * 2 as doubled from unnest(sequence(1, 1000)) as s (id)
    """


_MERGE = """
    merge into warm as t using (select id, id * 3 as doubled from unnest(sequence(900, 1099)) as s (id)) as s
    on t.id = s.id
    when matched then update set doubled = s.doubled
    when not matched then insert (id, doubled) values (s.id, s.doubled)
"""

if __name__ == "__main__":
    sys.exit(main())
