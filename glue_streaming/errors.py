"""What can go wrong in the streaming side, each error with the facts and the way out."""


class StreamingError(Exception):
    """Base of the package's errors."""


class InvalidArgument(StreamingError):
    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"--{name} {value!r} is not {expected}")


class ForeignLedger(StreamingError):
    def __init__(self, ledger: str, checkpoint: str) -> None:
        super().__init__(
            f"the ledger {ledger} holds batches but the checkpoint {checkpoint} is new: they must be used together. "
            "Restore the checkpoint, or, to start anew, move the ledger away (then the stream is read from its start)"
        )


class LostLedger(StreamingError):
    def __init__(self, ledger: str, checkpoint: str) -> None:
        super().__init__(
            f"the checkpoint {checkpoint} has committed batches but the ledger {ledger} is empty: they must be used "
            "together. Restore the ledger, or start with a new checkpoint (then the stream is read from its start)"
        )


class IncompleteLedger(StreamingError):
    def __init__(self, ledger: str, batch: int) -> None:
        super().__init__(
            f"the checkpoint has committed batch {batch} but the ledger {ledger} does not hold all of it: it was "
            "lost or is older than the checkpoint. Restore the ledger, or start with a new checkpoint and a new ledger "
            "(then the stream is read from its start)"
        )


class RecordsExpired(StreamingError):
    def __init__(self, stream: str, shard: str, expected: str) -> None:
        super().__init__(
            f"{stream}/{shard}: records up to {expected} were planned for this batch but can't be read any more; "
            "they outlived the stream's retention before they were stored"
        )


class AttemptSuperseded(StreamingError):
    def __init__(self, batch: int, shard: str) -> None:
        super().__init__(f"batch {batch} of {shard}: another attempt decided its end first; the retry reads that range")


class UnreadableInput(StreamingError):
    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"can't backfill {uri}: {reason}")
