"""Phones that send without pause: events, garbage, empty records, and any number at once."""

import json
import random
import threading
from datetime import UTC, datetime
from types import TracebackType

import boto3
from botocore.config import Config

from infra.feed.replay import put_records

RECORDS_PER_PUT = 50
RECORDS_AT_ONCE = 500
_KPL_MAGIC = bytes.fromhex("F3899AC2")


class Phones:
    """Send `rate` records a second from a thread of its own while the `with` lasts; more by `send_at_once`."""

    def __init__(self, stream: str, rate: float, seed: int) -> None:
        self.sent = 0
        self._stream, self._rate = stream, rate
        self._random = random.Random(seed)
        self._kinesis = boto3.client("kinesis", config=Config(retries={"mode": "standard", "max_attempts": 20}))
        self._sending = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="phones")
        self._error: BaseException | None = None

    def __enter__(self) -> "Phones":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def send_at_once(self, records: int) -> None:
        for start in range(0, records, RECORDS_AT_ONCE):
            self._send(min(RECORDS_AT_ONCE, records - start))

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._send(RECORDS_PER_PUT)
                self._stop.wait(RECORDS_PER_PUT / self._rate)
        except BaseException as error:
            self._error = error

    def _send(self, count: int) -> None:
        with self._sending:
            records = [(self._payload(self.sent + number), f"{self._random.random()}") for number in range(count)]
            put_records(self._kinesis, self._stream, records)
            self.sent += count

    def _payload(self, number: int) -> bytes:
        draw = self._random.random()
        if draw < 0.02:
            return b""
        if draw < 0.04:
            return _KPL_MAGIC + self._random.randbytes(40)
        if draw < 0.07:
            return self._random.randbytes(self._random.randrange(1, 200))
        event = {"event_id": f"e{number}", "event_ts": datetime.now(UTC).isoformat(), "signal": 17, "network": "A"}
        if draw < 0.09:
            event["signal"] = "seventeen"
        return json.dumps(event).encode()
