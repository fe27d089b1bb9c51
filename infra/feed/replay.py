"""Put the slice on the stream, loop after loop, as if the phones measured now."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

from tqdm import tqdm

from infra.feed import slice as real_slice

MAX_PUT_RECORDS = 500
MAX_ATTEMPTS = 10
_FIRST_BACKOFF_S = 0.1
_PUTS_PER_SECOND = 4

Event = dict[str, Any]


class NotTaken(Exception):
    """Kinesis kept refusing records."""

    def __init__(self, stream: str, count: int, code: str) -> None:
        super().__init__(
            f"{stream} refused {count} records {MAX_ATTEMPTS} times, last with {code}: lower --rate or add shards"
        )


def events(rows: list[dict[str, str]], loops: int, now: Callable[[], datetime]) -> Iterator[Event]:
    """The slice `loops` times (0: for ever) with event_ts = now. Ids repeat when a day's replay is run again."""
    for loop in itertools.count(1) if loops == 0 else range(1, loops + 1):
        for number, row in enumerate(rows, start=1):
            event_ts = now()
            event_id = real_slice.event_id(number, loop, event_ts.date())
            yield real_slice.to_event(row, event_id=event_id, event_ts=event_ts)


def replay(kinesis: Any, stream: str, *, loops: int, rate: float, put_log: TextIO | None = None) -> int:
    """Send at `rate` events per second, a few PutRecords calls a second; returns how many were sent.

    `put_log` gets a JSON line per call: `n`, all events sent so far, and `put_ts`, epoch seconds.
    Raises: NotTaken.
    """
    rows = real_slice.read()
    size = max(1, min(MAX_PUT_RECORDS, round(rate / _PUTS_PER_SECOND)))
    pending = events(rows, loops, lambda: datetime.now(UTC))
    sent, started = 0, time.monotonic()
    total = len(rows) * loops or None
    with tqdm(total=total, desc=f"replay to {stream}", unit=" events", mininterval=1) as progress:
        while batch := list(itertools.islice(pending, size)):
            put(kinesis, stream, batch)
            sent += len(batch)
            progress.update(len(batch))
            if put_log is not None:
                print(json.dumps({"n": sent, "put_ts": time.time()}), file=put_log, flush=True)
            time.sleep(max(0.0, started + sent / rate - time.monotonic()))
    return sent


def put(kinesis: Any, stream: str, batch: list[Event]) -> None:
    """Send events, each by its `event_id`.

    Raises: NotTaken.
    """
    records = [(json.dumps(event, ensure_ascii=False).encode(), event["event_id"]) for event in batch]
    put_records(kinesis, stream, records)


def put_records(kinesis: Any, stream: str, payloads: list[tuple[bytes, str]]) -> None:
    """PutRecords of payloads and partition keys until all are taken: only the refused ones are sent again, with growing
    pauses.

    Raises: NotTaken.
    """
    records = [{"Data": payload, "PartitionKey": key} for payload, key in payloads]
    code = ""
    for attempt in range(MAX_ATTEMPTS):
        if attempt:
            time.sleep(_FIRST_BACKOFF_S * 2**attempt)
        answers = kinesis.put_records(StreamName=stream, Records=records)["Records"]
        refused = [(record, answer) for record, answer in zip(records, answers, strict=True) if "ErrorCode" in answer]
        if not refused:
            return
        records, code = [record for record, _ in refused], refused[-1][1]["ErrorCode"]
    raise NotTaken(stream, len(records), code)
