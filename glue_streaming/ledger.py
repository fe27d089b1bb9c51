"""The batch ledger: what each batch of the Kinesis source reads, decided once and kept under an S3 prefix.

    <prefix>/<batch>/_plan.json      shards of the batch and where each starts
    <prefix>/<batch>/<shard>.json    where the batch's reading of that shard ended

Each object is written once (`If-None-Match: *`); whoever comes second reads what the first decided.
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

KEPT_BATCHES = 100
_PLAN = "_plan"


@dataclass(frozen=True)
class Position:
    """Where a shard's reading stands: behind `after` (None: at its start); `closed`: nothing more will come."""

    after: str | None = None
    closed: bool = False


Plan = dict[str, Position]


class Ledger:
    """Reads and writes the ledger under `url` (s3://bucket/prefix). Make it where it is used: clients don't pickle."""

    def __init__(self, url: str) -> None:
        self._bucket, _, self._prefix = url.removeprefix("s3://").rstrip("/").partition("/")
        self._s3: Any = boto3.client("s3")

    def plan(self, batch: int) -> Plan | None:
        found = self._get(batch, _PLAN)
        return None if found is None else {shard: Position(**position) for shard, position in found.items()}

    def decide_plan(self, batch: int, plan: Plan) -> Plan:
        decided = self._put_once(batch, _PLAN, {shard: asdict(position) for shard, position in plan.items()})
        return {shard: Position(**position) for shard, position in decided.items()}

    def end(self, batch: int, shard: str) -> Position | None:
        found = self._get(batch, shard)
        return None if found is None else Position(**found)

    def decide_end(self, batch: int, shard: str, end: Position) -> Position:
        return Position(**self._put_once(batch, shard, asdict(end)))

    def positions_after(self, batch: int) -> dict[str, Position | None]:
        """Where batch `batch` leaves each shard; None for one that it has yet to read. {} before the first batch."""
        plan = self.plan(batch) if batch else None
        return {shard: start if start.closed else self.end(batch, shard) for shard, start in (plan or {}).items()}

    def last_batch(self) -> int:
        """The newest batch that has a plan; 0 when there is none."""
        return max(self._batches(), default=0)

    def forget_before(self, batch: int) -> None:
        """Delete the batches that no replay can ask for any more."""
        for old in [number for number in self._batches() if number < batch]:
            prefix = f"{self._prefix}/{old:09d}/"
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            keys = [{"Key": item["Key"]} for page in pages for item in page.get("Contents", [])]
            if keys:
                self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})

    def _batches(self) -> list[int]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}/", Delimiter="/"
        )
        folders = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", [])]
        return [int(match[1]) for folder in folders if (match := re.search(r"/(\d{9})/$", folder))]

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
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict", "412"):
                raise
            decided = self._get(batch, name)
            if decided is None:
                raise
            return decided
        return value
