"""When measurements arrive, and what else arrives with them: re-sends and records that can't be read."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from glue_streaming.contract import REJECT_REASONS
from infra.feed.simulate.calendar import DAY_MS, HOUR_MS, MINUTE_MS
from infra.feed.simulate.reference import Integers
from infra.feed.simulate.scenarios import to_iso

# Seconds over a good connection: a log-normal around its median. The buffered wait for one, minutes.
_PROMPT_MEDIAN_MS, _PROMPT_SIGMA = 2_500, 0.9
_BUFFERED_SHARE, _BUFFERED_MEAN_MS = 0.06, 3 * MINUTE_MS
_BURST_SPREAD_MS = MINUTE_MS
_RESEND_SOON_SHARE, _RESEND_SOON_MS, _RESEND_LATER_MS = 0.9, MINUTE_MS, 3 * HOUR_MS
# Both are judged against the arrival, which a backfilled file doesn't have.
STREAM_ONLY_REASONS = ("event_in_future", "event_too_old")
_KPL_MAGIC = bytes.fromhex("F3899AC2")


@dataclass(frozen=True)
class Disorder:
    """Shares of measurements: uploaded long after, sent again, sent beside a record that can't be read."""

    late_share: float = 0.02
    duplicate_share: float = 0.01
    malformed_share: float = 0.002


def arrive(random: np.random.Generator, rows: pd.DataFrame, duplicate_share: float) -> pd.DataFrame:
    """The rows with `arrival_ms` and, behind them, the re-sent ones; `measurement` is the position of the original."""
    count = len(rows)
    prompt = random.lognormal(np.log(_PROMPT_MEDIAN_MS), _PROMPT_SIGMA, count)
    waits = np.where(random.random(count) < _BUFFERED_SHARE, random.exponential(_BUFFERED_MEAN_MS, count), 0)
    upload = rows["upload_ms"].to_numpy()
    ready = np.where(upload > 0, upload + random.random(count) * _BURST_SPREAD_MS, rows["event_ms"].to_numpy() + waits)
    first = rows.assign(arrival_ms=(ready + prompt).astype(np.int64), measurement=np.arange(count))
    again = first[random.random(count) < duplicate_share]
    is_soon = random.random(len(again)) < _RESEND_SOON_SHARE
    delay = random.exponential(np.where(is_soon, _RESEND_SOON_MS, _RESEND_LATER_MS))
    again = again.assign(arrival_ms=again["arrival_ms"] + delay.astype(np.int64) + 1)
    return pd.concat([first, again], ignore_index=True)


def malform(
    random: np.random.Generator, lines: list[bytes], arrivals_ms: Integers, *, for_stream: bool
) -> list[tuple[int, bytes]]:
    """A record that can't be read for each of the given ones, at its arrival; each reason equally often."""
    reasons = [reason for reason in REJECT_REASONS if for_stream or reason not in STREAM_ONLY_REASONS]
    drawn = random.integers(0, len(reasons), len(lines)).tolist()
    return [
        (arrival_ms, broken(random, reasons[reason], line, arrival_ms))
        for line, arrival_ms, reason in zip(lines, arrivals_ms.tolist(), drawn, strict=True)
    ]


def broken(random: np.random.Generator, reason: str, line: bytes, arrival_ms: int) -> bytes:
    """The record made unreadable so that it is refused for `reason`; it stays one line."""
    return _BREAK[reason](random, line, arrival_ms)


def _changed(line: bytes, **changes: object) -> bytes:
    """With an id of its own: it is no re-send."""
    event = json.loads(line)
    event["event_id"] = f"{event['event_id']}-x"
    return json.dumps({**event, **changes}, ensure_ascii=False, separators=(",", ":")).encode()


def _garbage(random: np.random.Generator) -> bytes:
    return random.bytes(48).replace(b"\n", b"\0").replace(b"\r", b"\0")


def _cut(random: np.random.Generator, line: bytes, arrival_ms: int) -> bytes:
    """Broken off anywhere, also at its very start."""
    return line[: random.integers(0, len(line))].decode(errors="ignore").encode()


_BREAK: dict[str, Callable[[np.random.Generator, bytes, int], bytes]] = {
    "kpl_aggregated": lambda random, line, arrival_ms: _KPL_MAGIC + _garbage(random),
    "not_utf8": lambda random, line, arrival_ms: line[:-1] + b',"operator":"m\xf3vil"}',
    "not_json": _cut,
    "not_object": lambda random, line, arrival_ms: b"[" + line + b"]",
    "wrong_type": lambda random, line, arrival_ms: _changed(line, signal="good"),
    "unknown_schema_version": lambda random, line, arrival_ms: _changed(line, schema_version=99),
    "missing_event_id": lambda random, line, arrival_ms: _changed(line, event_id=""),
    "missing_event_ts": lambda random, line, arrival_ms: _changed(line, event_ts=None),
    "bad_event_ts": lambda random, line, arrival_ms: _changed(line, event_ts="24/11/2026 10:00"),
    "event_in_future": lambda random, line, arrival_ms: _changed(
        line, event_ts=to_iso(arrival_ms + HOUR_MS + int(random.integers(DAY_MS)))
    ),
    "event_too_old": lambda random, line, arrival_ms: _changed(
        line, event_ts=to_iso(arrival_ms - 8 * DAY_MS - int(random.integers(30 * DAY_MS)))
    ),
}
