"""History to files: JSON lines by day of arrival, in the order of arrival, and the labels beside them."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from tqdm import tqdm

from infra.feed.simulate.calendar import HOUR_MS
from infra.feed.simulate.simulator import Simulator

LABELS = "labels.jsonl"


class NotEmpty(Exception):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds the files of another run: name a new folder, or empty it")


def write(folder: Path, simulator: Simulator, end_ms: int) -> int:
    """Write what has arrived by `end_ms`; returns the number of records. What would arrive later is in no file.

    Raises: NotEmpty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.glob("*.jsonl")):
        raise NotEmpty(folder)
    written, hours = 0, -(-(end_ms - simulator.now_ms) // HOUR_MS)
    with tqdm(total=hours, desc=f"simulate to {folder}", unit=" h", file=sys.stderr, mininterval=1) as progress:
        while simulator.now_ms < end_ms:
            start = simulator.now_ms
            lines = simulator.step(min(end_ms, (start // HOUR_MS + 1) * HOUR_MS))
            _append(folder / file_name(start), lines)
            written += len(lines)
            progress.set_postfix(records=written, refresh=False)
            progress.update()
    labels = [json.dumps(label, ensure_ascii=False) + "\n" for label in simulator.labels()]
    (folder / LABELS).write_text("".join(labels), encoding="utf-8")
    return written


def file_name(arrival_ms: int) -> str:
    return f"events-{datetime.fromtimestamp(arrival_ms / 1000, UTC).date()}.jsonl"


def _append(path: Path, lines: pa.Array) -> None:
    with path.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines.to_pylist()))
