"""What goes wrong around the job: faults of the services, shards that split and merge, maintenance, other writers."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from infra.local.athena_client import AthenaQueryFailed, query
from infra.local.faults_client import FaultsClient
from tests.chaos.clock import JobClock

# More than a batch may be read after it was planned.
MAX_CLOCK_OFFSET_S = 45

Fault = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where and when a run takes place: the names that keep its faults from everybody else's calls, the job's clock."""

    stream: str
    database: str
    clock: JobClock

    @property
    def table(self) -> str:
        return f"{self.database}.network_events"


def storms(place: Place) -> dict[str, Fault]:
    """Faults that a job must get over by itself, by kind; `resource` keeps them to its own calls."""
    data, ledger = f"telcopulse-raw/{place.database}/", f"telcopulse-checkpoints/{place.database}/"
    glue: Fault = {"service": "glue", "operation": "UpdateTable", "resource": place.table}
    kinesis: Fault = {"service": "kinesis", "resource": place.stream}
    return {
        "commit_conflict": {**glue, "code": "ConcurrentModificationException", "times": 2},
        "catalog_500": {**glue, "code": "InternalServiceException", "status": 500, "times": 2},
        "s3_500": {"service": "s3", "resource": data, "code": "InternalError", "probability": 0.3, "times": 10},
        "s3_503": {"service": "s3", "resource": data, "action": "throttle", "probability": 0.3, "times": 10},
        "s3_reset": {"service": "s3", "resource": data, "action": "reset", "probability": 0.2, "times": 5},
        "ledger_500": {"service": "s3", "resource": ledger, "code": "InternalError", "probability": 0.2, "times": 6},
        "ledger_answer_lost": {
            "service": "s3",
            "operation": "PutObject",
            "resource": ledger,
            "action": "reset",
            "when": "after",
            "times": 2,
        },
        "get_throttled": {**kinesis, "operation": "GetRecords", "action": "throttle", "probability": 0.5, "times": 8},
        "put_throttled": {**kinesis, "operation": "PutRecords", "action": "throttle", "times": 3},
        "iterator_expired": {**kinesis, "operation": "GetRecords", "code": "ExpiredIteratorException", "times": 2},
        "slow": {"service": "s3", "resource": place.database, "action": "stall", "seconds": 0.5, "probability": 0.2},
    }


def traps(place: Place) -> dict[str, Fault]:
    """Calls that are held up until the fault is removed."""
    held: Fault = {"action": "stall", "seconds": 600, "times": 1}
    commit = {"service": "glue", "operation": "UpdateTable", "resource": place.table, **held}
    put = {"service": "s3", "operation": "PutObject", **held}
    return {
        "before_commit": {**commit, "when": "before"},
        "after_commit": {**commit, "when": "after"},
        "in_plan_or_end": {**put, "resource": f"telcopulse-checkpoints/{place.database}/"},
        "in_data_file": {**put, "resource": f"telcopulse-raw/{place.database}/network_events/data/"},
        "in_read": {"service": "kinesis", "operation": "GetRecords", "resource": place.stream, **held},
    }


@contextmanager
def blowing(faults: FaultsClient, chosen: dict[str, Fault], hits: dict[str, int]) -> Iterator[None]:
    """Faults for the length of a `with`; adds to `hits` how often each kind struck."""
    with ExitStack() as stack:
        ids = {kind: stack.enter_context(faults.active(**fault)) for kind, fault in chosen.items()}
        try:
            yield
        finally:
            for kind, fault_id in ids.items():
                hits[kind] = hits.get(kind, 0) + faults.hits(fault_id)


def split_a_shard(place: Place, draw: random.Random) -> None:
    kinesis = boto3.client("kinesis")
    shard = draw.choice(_open_shards(kinesis, place.stream))
    low, high = int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"])
    kinesis.split_shard(
        StreamName=place.stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=str((low + high) // 2)
    )


def merge_shards(place: Place, draw: random.Random) -> None:
    kinesis = boto3.client("kinesis")
    shards = sorted(
        _open_shards(kinesis, place.stream), key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"])
    )
    first = draw.randrange(len(shards) - 1)
    kinesis.merge_shards(
        StreamName=place.stream,
        ShardToMerge=shards[first]["ShardId"],
        AdjacentShardToMerge=shards[first + 1]["ShardId"],
    )


def reshard(place: Place, draw: random.Random) -> None:
    """Split while there are few shards, merge while there are many."""
    count = len(_open_shards(boto3.client("kinesis"), place.stream))
    (split_a_shard if count < 3 else merge_shards)(place, draw)


def compact(place: Place, draw: random.Random) -> None:
    """What the nightly maintenance does; a conflict with the job's commit is Athena's to report, and is tried again."""
    for statement in (f"optimize {place.table} rewrite data using bin_pack", f"vacuum {place.table}"):
        try:
            query(statement, database=place.database)
        except AthenaQueryFailed as failure:
            if "ICEBERG_COMMIT_ERROR" not in str(failure):
                raise


def jump(place: Place, draw: random.Random) -> None:
    """Set the job's clock while it runs, ahead or back."""
    place.clock.set(draw.randint(-MAX_CLOCK_OFFSET_S, MAX_CLOCK_OFFSET_S))


UPHEAVALS: dict[str, Callable[[Place, random.Random], None]] = {
    "resharded": reshard,
    "compacted": compact,
    "clock_jumped": jump,
}


def _open_shards(kinesis: Any, stream: str) -> list[dict[str, Any]]:
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    return [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
