"""Phones on a Kinesis stream, as they measure: every record is put when it arrives."""

import itertools
import json
import sys
import time
from typing import Any

from tqdm import tqdm

from infra.feed import replay
from infra.feed.simulate import outages
from infra.feed.simulate.outages import Mailbox
from infra.feed.simulate.simulator import Simulator

TICK_S = 1.0
_MAILBOX_S = 2.0


def send(kinesis: Any, stream: str, simulator: Simulator, box: Mailbox | None, seconds: float | None = None) -> int:
    """Send until interrupted, or for `seconds`; returns how many records were taken.

    Raises: NotTaken.
    """
    sent, next_look, started = 0, 0.0, time.monotonic()
    keys = itertools.count()
    with tqdm(desc=f"simulate to {stream}", unit=" records", file=sys.stderr, mininterval=1) as progress:
        while seconds is None or time.monotonic() < started + seconds:
            tick = time.monotonic()
            lines = simulator.step(max(_now_ms(), simulator.now_ms)).to_pylist()
            if box is not None and tick >= next_look:
                _take_outages(box, simulator)
                next_look = tick + _MAILBOX_S
            for first in range(0, len(lines), replay.MAX_PUT_RECORDS):
                batch = lines[first : first + replay.MAX_PUT_RECORDS]
                replay.put_records(kinesis, stream, [(line, str(next(keys))) for line in batch])
                sent += len(batch)
                progress.update(len(batch))
            time.sleep(max(0.0, tick + TICK_S - time.monotonic()))
    return sent


def _take_outages(box: Mailbox, simulator: Simulator) -> None:
    for scenario in outages.take(box, simulator.now_ms):
        simulator.scenarios.append(scenario)
        label = simulator.label(len(simulator.scenarios) - 1)
        outages.answer(box, scenario.scenario_id, label)
        tqdm.write(json.dumps({"outage": label}, ensure_ascii=False), file=sys.stderr)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
