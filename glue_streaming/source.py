"""A Kinesis source for Spark Structured Streaming whose batches repeat exactly and survive resharding.

The offset is a batch number. What batch n reads is recorded write-once in a `Ledger`: first its plan (the shards and
where each starts), then each shard's end, decided by whichever task attempt gets there first. A replay honours both.

Options: streamName, ledger (s3://…), onDataLoss (fail, continue), maxRecordsPerShard, maxBytesPerShard,
maxSecondsPerShard (per batch).
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition

from glue_streaming import shards
from glue_streaming.errors import LostLedger, RecordsExpired
from glue_streaming.ledger import FIRST_BATCH, KEPT_BATCHES, Ledger, Plan, Position

NAME = "kinesis"
SCHEMA = "payload binary, shard_id string, sequence_number string, arrival_ts timestamp"
FAIL, CONTINUE = "fail", "continue"
# A batch that is read long after it was planned keeps its timestamp, so what arrived since is left to the next one.
_PLANNED_AHEAD_S = 30
_WORTH_A_WORD_S = 1


class KinesisSource(DataSource):
    @classmethod
    def name(cls) -> str:
        return NAME

    def schema(self) -> str:
        return SCHEMA

    def streamReader(self, schema: Any) -> "KinesisStreamReader":  # noqa: N802 - the name is Spark's
        return KinesisStreamReader(
            stream=self.options["streamName"],
            ledger_url=self.options["ledger"],
            on_data_loss=self.options.get("onDataLoss", FAIL),
            bounds=Bounds(
                records=int(self.options.get("maxRecordsPerShard", 100_000)),
                payload_bytes=int(self.options.get("maxBytesPerShard", 64 * 2**20)),
                seconds=float(self.options.get("maxSecondsPerShard", 20)),
            ),
        )


@dataclass(frozen=True)
class Bounds:
    """When a batch stops reading a shard that still has more."""

    records: int
    payload_bytes: int
    seconds: float


@dataclass
class ShardSlice(InputPartition):
    """What one task reads: shard `shard` from behind `after` to the end that the ledger holds or the task decides."""

    batch: int
    shard: str
    after: str | None
    planned_ts: float

    def is_ripe(self, record: dict[str, Any]) -> bool:
        return shards.arrival_s(record) <= self.planned_ts + _PLANNED_AHEAD_S


class KinesisStreamReader(DataSourceStreamReader):
    """Spark pickles it to its workers, so clients are made inside the methods."""

    def __init__(self, *, stream: str, ledger_url: str, bounds: Bounds, on_data_loss: str = FAIL) -> None:
        self.stream = stream
        self.ledger_url = ledger_url
        self.bounds = bounds
        self.on_data_loss = on_data_loss
        self._seen_empty: dict[str, float] = {}

    def initialOffset(self) -> dict[str, int]:  # noqa: N802 - the name is Spark's
        return {"batch": FIRST_BATCH}

    def latestOffset(self) -> dict[str, int]:  # noqa: N802 - the name is Spark's
        """The next batch's number, and its plan in the ledger, when a shard has something new; else the last one's.

        Waits with the next batch while the clock is behind the last one's, for batch timestamps must increase.
        Raises: LostLedger: it is gone; RecordsExpired.
        """
        ledger, kinesis, now = Ledger(self.ledger_url), shards.client(), time.time()
        last = ledger.last_batch()
        plan = None if last is None else ledger.plan(last)
        if last is None or plan is None:
            raise LostLedger(self.ledger_url, FIRST_BATCH)
        positions = ledger.positions_after(last, plan)
        known = {shard: position for shard, position in positions.items() if position is not None}
        if len(known) < len(positions) or _is_clock_behind(plan, known, now):
            return {"batch": last}
        starts = self._starts(kinesis, ledger, last + 1, plan, known)
        if not self._is_any_behind(kinesis, starts, now):
            return {"batch": last}
        self._report_expired(kinesis, ledger, last + 1, starts, now)
        ledger.decide_plan(last + 1, Plan(now, starts))
        return {"batch": last + 1}

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> list[ShardSlice]:
        """Raises: LostLedger: it lacks the batch that Spark is to run."""
        # After a restart Spark tells the last seen offset as (last, last).
        if start == end:
            return []
        batch = end["batch"]
        plan = Ledger(self.ledger_url).plan(batch)
        if plan is None:
            raise LostLedger(self.ledger_url, batch)
        return [
            ShardSlice(batch, shard, position.after, plan.planned_ts)
            for shard, position in plan.starts.items()
            if not position.closed
        ]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, ShardSlice)
        ledger = Ledger(self.ledger_url)
        end = ledger.end(partition.batch, partition.shard)
        if end is None:
            mine, found = self._read_to_bounds(partition)
            end = ledger.decide_end(partition.batch, partition.shard, mine)
            if end.after == mine.after:
                yield from found
                return
        if end.after != partition.after:
            yield from self._read_again(ledger, partition, end)

    def commit(self, end: dict[str, int]) -> None:
        # Closed shards are carried from plan to plan, so a batch needs only the one before it.
        if end["batch"] % KEPT_BATCHES == 0:
            Ledger(self.ledger_url).forget_before(end["batch"] - KEPT_BATCHES)

    def _starts(
        self, kinesis: Any, ledger: Ledger, batch: int, plan: Plan, known: dict[str, Position]
    ) -> dict[str, Position]:
        """The known shards and, at their start, those that appeared since the last plan.

        Raises: RecordsExpired: a shard that was not read to its end is gone, unless the stream may go on.
        """
        listed = shards.list_shards(kinesis, self.stream)
        starts = {shard: Position(read_ts=plan.planned_ts or None) for shard in listed} | known
        for shard in [shard for shard in known if shard not in listed and not known[shard].closed]:
            self._lost(ledger, batch, shard, known[shard].after)
            starts[shard] = replace(known[shard], closed=True)
        return starts

    def _is_any_behind(self, kinesis: Any, positions: dict[str, Position], now: float) -> bool:
        for shard, position in positions.items():
            if position.closed:
                continue
            if shards.has_more(kinesis, self.stream, shard, position.after):
                return True
            self._seen_empty[shard] = now
        return False

    def _report_expired(
        self, kinesis: Any, ledger: Ledger, batch: int, starts: dict[str, Position], now: float
    ) -> None:
        """Tell of shards whose next records may have expired: nobody looked at them for longer than records are kept,
        and the last one read is gone.

        Raises: RecordsExpired: unless the stream may go on.
        """
        ages = {
            shard: now - max(position.unread_since, self._seen_empty.get(shard, 0))
            for shard, position in starts.items()
            if not position.closed and position.unread_since is not None
        }
        if max(ages.values(), default=0) < shards.SHORTEST_RETENTION_S:
            return
        retention_s = shards.retention_s(kinesis, self.stream)
        for shard in [shard for shard, age in ages.items() if age > retention_s]:
            after = starts[shard].after
            if after is None or not shards.holds(kinesis, self.stream, shard, after):
                self._lost(ledger, batch, shard, after)

    def _lost(self, ledger: Ledger, batch: int, shard: str, after: str | None) -> None:
        if self.on_data_loss == FAIL:
            raise RecordsExpired(self.stream, shard, after)
        ledger.note_gap(batch, shard, after)

    def _read_to_bounds(self, partition: ShardSlice) -> tuple[Position, list[pa.RecordBatch]]:
        """Read up to the bounds, the newest record, or what arrived after the batch was planned.

        Nothing is handed on before its end is decided: of two attempts at once each can still follow the other.
        """
        kinesis, found = shards.client(), list[pa.RecordBatch]()
        position, count, size = Position(partition.after), 0, 0
        deadline = time.monotonic() + self.bounds.seconds
        limit = min(shards.PAGE_RECORDS, self.bounds.records)
        for page in shards.pages(kinesis, self.stream, partition.shard, partition.after, limit):
            ripe = list(takewhile(partition.is_ripe, page.records))
            position = _behind(position, page, ripe)
            if ripe:
                found.append(shards.to_arrow(partition.shard, ripe))
                count, size = count + len(ripe), size + sum(len(record["Data"]) for record in ripe)
            is_full = count >= self.bounds.records or size >= self.bounds.payload_bytes
            # A stretch without records may be long: a batch that ended within it would begin at its start again.
            is_late = time.monotonic() > deadline and count > 0
            if is_full or is_late or page.is_newest or len(ripe) < len(page.records):
                break
        return position, found

    def _read_again(self, ledger: Ledger, partition: ShardSlice, end: Position) -> Iterator[pa.RecordBatch]:
        """Read exactly what another attempt read.

        Raises: RecordsExpired: unless the stream may go on.
        """
        assert end.after is not None
        last, newest = int(end.after), None
        for page in shards.pages(shards.client(), self.stream, partition.shard, partition.after):
            wanted = [record for record in page.records if int(record["SequenceNumber"]) <= last]
            if wanted:
                newest = int(wanted[-1]["SequenceNumber"])
                yield shards.to_arrow(partition.shard, wanted)
            if page.is_newest or len(wanted) < len(page.records) or newest == last:
                break
        if newest != last:
            self._lost(ledger, partition.batch, partition.shard, partition.after)


def _is_clock_behind(plan: Plan, ends: dict[str, Position], now: float) -> bool:
    """Whether a batch stamped now could be older than the one that was planned and read last."""
    newest = max([plan.planned_ts, *(end.read_ts or 0.0 for end in ends.values())])
    if now < newest - _WORTH_A_WORD_S:
        line = {"event": "clock_behind", "seconds": round(newest - now, 1), "waiting": True}
        print(json.dumps(line), file=sys.stderr, flush=True)
    return now <= newest


def _behind(position: Position, page: shards.Page, taken: list[dict[str, Any]]) -> Position:
    """Where the reading stands behind a page of which `taken` is the beginning."""
    now, left = time.time(), page.records[len(taken) :]
    behind_ms = max([page.behind_ms, *(int((now - shards.arrival_s(record)) * 1000) for record in left[:1])])
    after = taken[-1]["SequenceNumber"] if taken else position.after
    return Position(after, closed=page.is_last and not left, read_ts=now, behind_ms=behind_ms)
