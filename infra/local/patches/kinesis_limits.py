"""Kinesis's throughput limits of a shard, as token buckets on a clock that tests can set; and how refusals read."""

from collections.abc import Callable

from moto.core.exceptions import JsonRESTError

Clock = Callable[[], float]

MIB = 1024 * 1024
WRITE_BYTES_PER_S, WRITE_RECORDS_PER_S = 1 * MIB, 1000
READ_BYTES_PER_S, READ_CALLS_PER_S = 2 * MIB, 5


class ProvisionedThroughputExceeded(JsonRESTError):
    code = 400

    def __init__(self, shard: str, stream: str, account: str) -> None:
        super().__init__(
            "ProvisionedThroughputExceededException",
            f"Rate exceeded for shard {shard} in stream {stream} under account {account}.",
        )


class OutOfBounds(JsonRESTError):
    code = 400

    def __init__(self, member: str, constraint: str) -> None:
        super().__init__(
            "ValidationException",
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have "
            f"{constraint}",
        )


class TokenBucket:
    """Holds at most one second's worth; an amount beyond that needs a full bucket and is paid for in full."""

    __slots__ = ("_clock", "_filled_at", "_rate", "_tokens")

    def __init__(self, rate_per_s: float, clock: Clock) -> None:
        self._rate, self._tokens = rate_per_s, rate_per_s
        self._clock, self._filled_at = clock, clock()

    def holds(self, amount: float) -> bool:
        now = self._clock()
        self._tokens = min(self._rate, self._tokens + self._rate * max(0.0, now - self._filled_at))
        self._filled_at = now
        # Refills are sums of floats: a millionth of a token must not refuse what AWS admits.
        return self._tokens >= min(amount, self._rate) - 1e-6

    def take(self, amount: float) -> None:
        self._tokens = self._tokens - amount if amount <= self._rate else -amount


class ShardLimits:
    """What one shard admits.

    Source: Kinesis developer guide, "Quotas and limits": 1 MB and 1,000 records written a second, 2 MB and 5 GetRecords
    calls read a second; GetRecords API reference: after a call that returns 10 MB, calls of the next 5 s are refused.
    """

    __slots__ = ("_read_bytes", "_read_calls", "_write_bytes", "_write_records")

    def __init__(self, clock: Clock) -> None:
        self._write_bytes = TokenBucket(WRITE_BYTES_PER_S, clock)
        self._write_records = TokenBucket(WRITE_RECORDS_PER_S, clock)
        self._read_bytes = TokenBucket(READ_BYTES_PER_S, clock)
        self._read_calls = TokenBucket(READ_CALLS_PER_S, clock)

    def admit_write(self, size: int) -> bool:
        """Whether a record of `size` bytes, key included, may be written; takes its share if so."""
        if not (self._write_records.holds(1) and self._write_bytes.holds(size)):
            return False
        self._write_records.take(1)
        self._write_bytes.take(size)
        return True

    def admit_read(self) -> bool:
        """Whether a GetRecords call may be made; its bytes are charged when they are known."""
        if not (self._read_calls.holds(1) and self._read_bytes.holds(1)):
            return False
        self._read_calls.take(1)
        return True

    def charge_read(self, size: int) -> None:
        self._read_bytes.take(size)
