"""What can go wrong in the streaming side, each error with the facts and the way out."""


class StreamingError(Exception):
    """Base of the package's errors."""


class InvalidArgument(StreamingError):
    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"--{name} {value!r} is not {expected}")


_START_ANEW = (
    "start with a new checkpoint and a new ledger: each shard is then read from behind its last record in the table"
)


class ForeignLedger(StreamingError):
    def __init__(self, ledger: str, batch: int, checkpoint: str, known: int) -> None:
        super().__init__(
            f"the ledger {ledger} holds batches up to {batch} but the checkpoint {checkpoint} knows up to {known}: "
            f"they must be used together. Restore the checkpoint, or {_START_ANEW}"
        )


class LostLedger(StreamingError):
    def __init__(self, ledger: str, batch: int) -> None:
        super().__init__(
            f"the ledger {ledger} does not hold all of batch {batch}, which the checkpoint knows: it was lost or is "
            f"older. Restore the ledger, or {_START_ANEW}"
        )


class RecordsExpired(StreamingError):
    def __init__(self, stream: str, shard: str, after: str | None) -> None:
        where = "from its start" if after is None else f"behind {after}"
        super().__init__(
            f"{stream}/{shard}: records {where} outlived the stream's retention before they were read, so some may be "
            "lost. Start the job with --on-data-loss continue to go on with what is left; the gap is logged"
        )


class UnreadableInput(StreamingError):
    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"can't backfill {uri}: {reason}")


class ClockBehind(StreamingError):
    def __init__(self, newest: object, behind_s: float) -> None:
        super().__init__(
            f"this machine's clock is {behind_s:.0f} s behind {newest} (UTC), the newest ingest_ts in the table: "
            "within a source ingest_ts only increases. Set the clock right and run again"
        )


class TableBusy(StreamingError):
    def __init__(self, table: str, reason: str) -> None:
        super().__init__(
            f"another writer kept changing the same rows of {table}; nothing was lost, run this again once it is done: "
            f"{reason}"
        )


class UnexpectedTable(StreamingError):
    def __init__(self, table: str, found: str, expected: str) -> None:
        super().__init__(
            f"{table} is not the raw table of this release: {found}, expected {expected}. Name another table, or move "
            "its rows into a new one"
        )
