"""The batch ledger: what each batch of the Kinesis source reads, decided once and kept under an S3 prefix.

    <prefix>/<batch>/_plan.json         when the batch was planned, its shards and where each starts
    <prefix>/<batch>/<shard>.json       where the batch's reading of that shard ended
    <prefix>/<batch>/<shard>.gap.json   that records of the shard had expired before the batch could read them

Each object is written once (`If-None-Match: *`); whoever comes second reads what the first decided. Batch 0 reads
nothing: its plan is what the table held when the ledger began.
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

KEPT_BATCHES = 100
FIRST_BATCH = 0
_PLAN = "_plan"
_GAP = ".gap"
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412")


@dataclass(frozen=True)
class Position:
    """Where a shard's reading stands: behind `after` (None: at its start); `closed`: nothing more will come.

    Units: `read_ts` epoch seconds of the last read, None if there was none; `behind_ms` how much newer the shard's
    newest record was then.
    """

    after: str | None = None
    closed: bool = False
    read_ts: float | None = None
    behind_ms: int = 0

    @property
    def unread_since(self) -> float | None:
        """No record behind this position arrived before (epoch seconds); None if nobody knows."""
        return None if self.read_ts is None else self.read_ts - self.behind_ms / 1000


@dataclass(frozen=True)
class Plan:
    """`planned_ts`: epoch seconds, before Spark stamps the batch; `starts`: where each shard's reading begins."""

    planned_ts: float
    starts: dict[str, Position]


class Ledger:
    """Reads and writes the ledger under `url` (s3://bucket/prefix). Make it where it is used: clients don't pickle."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._bucket, _, self._prefix = url.removeprefix("s3://").rstrip("/").partition("/")
        self._s3: Any = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 10}))

    def plan(self, batch: int) -> Plan | None:
        found = self._get(batch, _PLAN)
        return None if found is None else _to_plan(found)

    def decide_plan(self, batch: int, plan: Plan) -> Plan:
        return _to_plan(self._put_once(batch, _PLAN, asdict(plan)))

    def end(self, batch: int, shard: str) -> Position | None:
        found = self._get(batch, shard)
        return None if found is None else Position(**found)

    def decide_end(self, batch: int, shard: str, end: Position) -> Position:
        return Position(**self._put_once(batch, shard, asdict(end)))

    def note_gap(self, batch: int, shard: str, after: str | None) -> None:
        """Records behind `after` expired unread."""
        self._put_once(batch, f"{shard}{_GAP}", {"after": after})

    def gaps(self, batch: int) -> dict[str, str | None]:
        """Shards of which this batch could not read everything, and behind which record the gap begins."""
        names = [name.removesuffix(_GAP) for name in self._names(batch) if name.endswith(_GAP)]
        return {shard: self._get(batch, f"{shard}{_GAP}")["after"] for shard in names}

    def positions_after(self, batch: int, plan: Plan) -> dict[str, Position | None]:
        """Where batch `batch`, whose plan is given, leaves each shard; None for one that it has yet to read."""
        if batch == FIRST_BATCH:
            return dict(plan.starts)
        return {shard: start if start.closed else self.end(batch, shard) for shard, start in plan.starts.items()}

    def last_batch(self) -> int | None:
        """The newest batch that has a plan; None when there is none."""
        return max(self._batches(), default=None)

    def forget_before(self, batch: int) -> None:
        """Delete the batches that no replay can ask for any more."""
        for old in [number for number in self._batches() if number < batch]:
            keys = [{"Key": self._key(old, name)} for name in self._names(old)]
            for start in range(0, len(keys), 1000):
                self._s3.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": keys[start : start + 1000], "Quiet": True}
                )

    def _batches(self) -> list[int]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}/", Delimiter="/"
        )
        folders = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", [])]
        return [int(match[1]) for folder in folders if (match := re.search(r"/(\d{9})/$", folder))]

    def _names(self, batch: int) -> list[str]:
        prefix = f"{self._prefix}/{batch:09d}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return [key.removeprefix(prefix).removesuffix(".json") for key in keys]

    def _key(self, batch: int, name: str) -> str:
        return f"{self._prefix}/{batch:09d}/{name}.json"

    def _get(self, batch: int, name: str) -> Any:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=self._key(batch, name))
        except self._s3.exceptions.NoSuchKey:
            return None
        return json.loads(found["Body"].read())

    def _put_once(self, batch: int, name: str, value: Any) -> Any:
        key, body = self._key(batch, name), json.dumps(value).encode()
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TAKEN:
                raise
            # Also the answer to our own put, when the first one's was lost.
            decided = self._get(batch, name)
            if decided is None:
                raise
            return decided
        return value


def _to_plan(found: dict[str, Any]) -> Plan:
    return Plan(found["planned_ts"], {shard: Position(**start) for shard, start in found["starts"].items()})
