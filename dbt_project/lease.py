"""A lease on the marts, an object in S3, so that never two refresh loops run at once.

The holder writes the object anew every few seconds; whoever finds it older than `ttl_s` may take it. Each write names
the version that it replaces (If-Match, If-None-Match), so of two takers one wins. Ages are told by S3's clock alone.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

TTL_S = 30.0
_REFUSED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "412"}

log = logging.getLogger("telcopulse.lease")


class Lease:
    """A lease in the object `key` of `bucket`, which nobody holds yet."""

    def __init__(self, bucket: str, key: str, ttl_s: float = TTL_S) -> None:
        # A renewal that hangs would outlive the lease: try shortly, often.
        config = Config(connect_timeout=ttl_s / 6, read_timeout=ttl_s / 6, retries={"total_max_attempts": 1})
        self._s3: Any = boto3.client("s3", config=config)
        self._object = {"Bucket": bucket, "Key": key}
        self._ttl_s = ttl_s
        self._etag: str | None = None
        self.owner = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4()}"
        self.is_lost = False

    def acquire(self, stopping: threading.Event, waiting: Callable[[str], None]) -> bool:
        """Wait until the lease is ours; False when `stopping` was set before. `waiting` is told once who holds it.

        Raises: ClientError, BotoCoreError: S3 refuses, or can't be reached.
        """
        told = False
        while not stopping.is_set():
            holder = self._take()
            if holder is None:
                return True
            if not told:
                waiting(holder)
                told = True
            stopping.wait(self._ttl_s / 6)
        return False

    @contextmanager
    def kept(self, on_loss: Callable[[], None]) -> Iterator[None]:
        """Renew the lease for as long, and give it back. `on_loss` is called once if it can't be kept."""
        done = threading.Event()
        renewing = threading.Thread(target=self._renew_until, args=(done, on_loss), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            done.set()
            renewing.join()
            self._give_back()

    def _take(self) -> str | None:
        """None: it is ours now; else who holds it."""
        try:
            found = self._s3.get_object(**self._object)
        except self._s3.exceptions.NoSuchKey:
            return None if self._write(IfNoneMatch="*") else "another loop, since this moment"
        holder = str(json.loads(found["Body"].read())["owner"])
        now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        if (now - found["LastModified"]).total_seconds() <= self._ttl_s:
            return holder
        return None if self._write(IfMatch=found["ETag"]) else holder

    def _write(self, **condition: str) -> bool:
        """False: somebody else wrote since."""
        # Every write has another ETag, also of the same owner.
        body = json.dumps({"owner": self.owner, "write": str(uuid.uuid4())})
        try:
            written = self._s3.put_object(**self._object, Body=body, ContentType="application/json", **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSED:
                return False
            raise
        self._etag = str(written["ETag"])
        return True

    def _renew_until(self, done: threading.Event, on_loss: Callable[[], None]) -> None:
        renewed_at = time.monotonic()
        while not done.wait(self._ttl_s / 6):
            started = time.monotonic()
            try:
                # A write that S3 made and whose answer was lost looks like somebody else's: the owner tells.
                kept = self._write(IfMatch=str(self._etag)) or self._is_ours()
                renewed_at = started if kept else renewed_at
            except (BotoCoreError, ClientError) as error:
                log.warning("event=lease_not_renewed error=%s", error)
                kept = time.monotonic() - renewed_at < self._ttl_s * 2 / 3
            if not kept:
                self.is_lost = True
                on_loss()
                return

    def _is_ours(self) -> bool:
        try:
            found = self._s3.get_object(**self._object)
        except self._s3.exceptions.NoSuchKey:
            return False
        if json.loads(found["Body"].read())["owner"] != self.owner:
            return False
        self._etag = found["ETag"]
        return True

    def _give_back(self) -> None:
        if self.is_lost:
            return
        try:
            if self._is_ours():
                self._s3.delete_object(**self._object)
        except (BotoCoreError, ClientError) as error:
            log.warning("event=lease_not_given_back until_s=%s error=%s", self._ttl_s, error)
