"""Kill the streaming job again and again while everything around it fails, then count every record of the stream."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from glue_streaming import shards
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings
from tests.chaos import clock, weather
from tests.chaos.clock import JobClock
from tests.chaos.phones import Phones
from tests.chaos.weather import Place
from tests.integration.catalog_clients import pyiceberg_catalog
from tests.integration.programs import kill, streaming

STORMS_AT_ONCE = 3
# More than the shards take in a second, so that PutRecords fails in part.
BURST_RECORDS = 3_000
LONGEST_LIFE_S = 25.0
TRAP_TIMEOUT_S = 180.0
CATCH_UP_TIMEOUT_S = 600.0
# What a killed job had under way takes effect up to this much later, when its successor is at work.
LATEST_LANDING_S = 40.0

Record = tuple[str, str]  # shard and sequence number


@dataclass
class Result:
    """What a run did and found. `rows` of the table; `lost`, `doubled`, `changed` (another payload), `out_of_order`
    (a lower ingest_ts than a record before it in its shard) count records of the stream."""

    kills: int = 0
    deaths: int = 0
    faults_by_kind: dict[str, int] = field(default_factory=dict)
    records_sent: int = 0
    rows: int = 0
    lost: int = 0
    duplicated: int = 0
    changed: int = 0
    out_of_order: int = 0


def run(settings: LocalSettings, folder: Path, *, kills: int, seed: int, rate: float, backlog: int) -> Result:
    """Needs a local AWS at the settings' endpoint, whose environment is this process's. In the end the job finds
    `backlog` records at once.

    Raises: NoFakeTime, NotCaughtUp.
    """
    name = uuid.uuid4().hex[:8]
    place = Place(stream=f"chaos-{name}", database=f"chaos_{name}", clock=JobClock(folder))
    boto3.client("kinesis").create_stream(StreamName=place.stream, ShardCount=2)
    result, draw, faults = Result(), random.Random(seed), FaultsClient(settings.endpoint_url)
    with Phones(place.stream, rate, seed) as phones:
        _first_commit(settings, place, folder)
        landings: list[threading.Timer] = []
        while result.kills < kills:
            if draw.random() < 0.2:
                phones.send_at_once(BURST_RECORDS)
            landings += _live_and_die(place, folder, faults, draw, result)
            _say(f"kill {result.kills} of {kills}, {phones.sent} records sent, faults {result.faults_by_kind}")
        phones.send_at_once(backlog)
    for landing in landings:
        landing.join()
    place.clock.set(0)
    sent = _stream_content(place.stream)
    _catch_up(settings, place, folder, len(sent))
    _count(settings, place, sent, result)
    return result


class NotCaughtUp(Exception):
    def __init__(self, rows: int, records: int, died: bool, log: Path) -> None:
        why = "the job died" if died else f"{CATCH_UP_TIMEOUT_S:g} s passed"
        end = log.read_text(encoding="utf-8", errors="replace")[-4000:]
        super().__init__(f"{rows} of {records} records when {why}; the end of its log:\n{end}")


def _live_and_die(
    place: Place, folder: Path, faults: FaultsClient, draw: random.Random, result: Result
) -> list[threading.Timer]:
    """One life of the job in bad weather, ended by SIGKILL at a random moment or within a call that is held up; returns
    what lets go of that call."""
    landings: list[threading.Timer] = []
    storms = weather.storms(place)
    kinds = draw.sample(sorted(storms), STORMS_AT_ONCE)
    chosen = {kind: {**storms[kind], "seed": draw.randrange(1_000_000)} for kind in kinds}
    trap = draw.choice([None, *sorted(weather.traps(place))])
    with _job(place, folder) as job, weather.blowing(faults, chosen, result.faults_by_kind):
        if draw.random() < 0.4:
            kind = draw.choice(sorted(weather.UPHEAVALS))
            weather.UPHEAVALS[kind](place, draw)
            result.faults_by_kind[kind] = result.faults_by_kind.get(kind, 0) + 1
        if trap is None:
            _sleep(job, draw.uniform(0.5, LONGEST_LIFE_S))
        else:
            trap_id = _wait_in(trap, place, faults, job, draw, result)
            landings.append(threading.Timer(draw.uniform(0.0, LATEST_LANDING_S), faults.clear, [trap_id]))
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
            result.kills += 1
        else:
            result.deaths += 1
        for landing in landings:
            landing.start()
    return landings


@contextmanager
def _job(place: Place, folder: Path) -> Iterator[subprocess.Popen[str]]:
    with streaming(place.database, folder, place.stream, env=place.clock.environment) as job:
        try:
            yield job
        finally:
            kill(job)
            clock.forget(job.pid)


def _wait_in(
    trap: str, place: Place, faults: FaultsClient, job: subprocess.Popen[str], draw: random.Random, result: Result
) -> int:
    """Wait until a call of the job is held up, or until none came; returns the fault's id."""
    # Some calls of the kind pass first, so that it isn't always the start of a batch.
    fault = {**weather.traps(place)[trap], "after": draw.randrange(3)}
    trap_id = faults.add(**fault)
    deadline = time.monotonic() + TRAP_TIMEOUT_S
    while job.poll() is None and faults.hits(trap_id) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    _sleep(job, draw.uniform(0.0, 3.0))
    kind = f"killed_{trap}"
    result.faults_by_kind[kind] = result.faults_by_kind.get(kind, 0) + faults.hits(trap_id)
    return trap_id


def _sleep(job: subprocess.Popen[str], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while job.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)


def _first_commit(settings: LocalSettings, place: Place, folder: Path) -> None:
    """Let the job make its table, which compaction and the count need."""
    with _job(place, folder) as job:
        _wait_for_rows(settings, place, folder, job, 1)
        os.killpg(job.pid, signal.SIGKILL)


def _catch_up(settings: LocalSettings, place: Place, folder: Path, expected: int) -> None:
    """In calm weather the job reads all that is left, and ends cleanly when asked to."""
    with _job(place, folder) as job:
        _wait_for_rows(settings, place, folder, job, expected)
        job.send_signal(signal.SIGTERM)
        job.wait(timeout=CATCH_UP_TIMEOUT_S)


def _wait_for_rows(
    settings: LocalSettings, place: Place, folder: Path, job: subprocess.Popen[str], expected: int
) -> None:
    """Raises: NotCaughtUp."""
    deadline = time.monotonic() + CATCH_UP_TIMEOUT_S
    while (rows := _rows(settings, place)) < expected:
        if job.poll() is not None or time.monotonic() > deadline:
            raise NotCaughtUp(rows, expected, job.poll() is not None, folder / "job.log")
        time.sleep(1)


def _count(settings: LocalSettings, place: Place, sent: dict[Record, bytes], result: Result) -> None:
    table = pyiceberg_catalog(settings.endpoint_url).load_table(place.table)
    columns = ("shard_id", "sequence_number", "payload", "ingest_ts")
    rows = table.scan(selected_fields=columns).to_arrow().to_pylist()
    found = Counter((row["shard_id"], row["sequence_number"]) for row in rows)
    result.records_sent, result.rows = len(sent), len(rows)
    result.lost = sum(1 for record in sent if record not in found)
    result.duplicated = sum(count - 1 for count in found.values())
    result.changed = sum(row["payload"] != sent.get((row["shard_id"], row["sequence_number"])) for row in rows)
    result.out_of_order = _out_of_order(rows)


def _out_of_order(rows: list[dict[str, Any]]) -> int:
    in_order = sorted(rows, key=lambda row: (row["shard_id"], int(row["sequence_number"])))
    pairs = itertools.pairwise(in_order)
    return sum(a["shard_id"] == b["shard_id"] and a["ingest_ts"] > b["ingest_ts"] for a, b in pairs)


def _rows(settings: LocalSettings, place: Place) -> int:
    catalog = pyiceberg_catalog(settings.endpoint_url)
    if not catalog.table_exists(place.table):
        return 0
    snapshot = catalog.load_table(place.table).current_snapshot()
    summary = snapshot.summary if snapshot is not None else None
    return int(summary["total-records"] or 0) if summary is not None else 0


def _stream_content(stream: str) -> dict[Record, bytes]:
    """Every record that Kinesis took, read from the start of each shard."""
    kinesis, content = shards.client(), dict[Record, bytes]()
    for shard in shards.list_shards(kinesis, stream):
        for page in shards.pages(kinesis, stream, shard, None):
            content |= {(shard, record["SequenceNumber"]): record["Data"] for record in page.records}
            if page.is_newest:
                break
    return content


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
