"""Kinesis resharding: children start empty, closed parents keep their records until those expire."""

from moto.kinesis import models
from moto.kinesis.exceptions import InvalidArgumentError

from infra.local.patches import kinesis_shards as shards
from infra.local.patches.kinesis_shards import LogShard


def install() -> None:
    models.Stream.split_shard = shards.under_lock(_split_shard)
    models.Stream.merge_shards = shards.under_lock(_merge_shards)


def _next_shard_number(stream: models.Stream) -> int:
    return max(shard._shard_id for shard in stream.shards.values()) + 1


def _require_open(stream: models.Stream, *parents: LogShard) -> None:
    for shard in parents:
        if not shard.is_open:
            raise InvalidArgumentError(
                message=f"Shard {shard.shard_id} in stream {stream.stream_name} under account {stream.account_id} "
                "has already been merged or split, and thus is not eligible for merging or splitting."
            )


def _split_shard(self: models.Stream, shard_to_split: str, new_starting_hash_key: str) -> None:
    """SplitShard: two empty children; the closed parent keeps its records (moto moves them)."""
    parent, middle = self.shards[shard_to_split], int(new_starting_hash_key)
    if not parent.starting_hash < middle < parent.ending_hash:
        raise InvalidArgumentError(
            message=f"NewStartingHashKey {middle} used in SplitShard() on shard {shard_to_split} in stream "
            f"{self.stream_name} under account {self.account_id} is not both greater than one plus the shard's "
            f"StartingHashKey {parent.starting_hash} and less than the shard's EndingHashKey {parent.ending_hash - 1}."
        )
    _require_open(self, parent)
    parent.close()
    number = _next_shard_number(self)
    for offset, (low, high) in enumerate(((parent.starting_hash, middle - 1), (middle, parent.ending_hash))):
        child = LogShard(number + offset, starting_hash=low, ending_hash=high, parent=parent.shard_id)
        self.shards[child.shard_id] = child
    _count_open(self)


def _merge_shards(self: models.Stream, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
    """MergeShards: one empty child over both ranges; the closed parents keep their records (moto moves them)."""
    first, second = self.shards[shard_to_merge], self.shards[adjacent_shard_to_merge]
    low, high = sorted((first, second), key=lambda shard: shard.starting_hash)
    if low.ending_hash != high.starting_hash - 1:
        raise InvalidArgumentError(adjacent_shard_to_merge)
    _require_open(self, first, second)
    first.close()
    second.close()
    child = LogShard(
        _next_shard_number(self),
        starting_hash=low.starting_hash,
        ending_hash=high.ending_hash,
        parent=first.shard_id,
        adjacent_parent=second.shard_id,
    )
    self.shards[child.shard_id] = child
    _count_open(self)


def _count_open(stream: models.Stream) -> None:
    """DescribeStreamSummary's OpenShardCount, which moto leaves as it was."""
    stream.shard_count = sum(shard.is_open for shard in stream.shards.values())
