"""Break a network in a running simulation: requests that a live simulator takes, and its answers.

A place both can reach: s3://bucket/prefix or a folder. `requested/<id>.json` asks; the simulator removes it and writes
`taken/<id>.json`, the label of what it broke.
"""

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.exceptions import ClientError

from infra.feed.simulate.calendar import MINUTE_MS
from infra.feed.simulate.scenarios import KINDS, Scenario

TAKEN_TIMEOUT_S = 30
_POLL_S = 0.5
_SCENARIO = "one_network"


class NobodyThere(Exception):
    def __init__(self, location: str) -> None:
        super().__init__(
            f"no simulator took the outage within {TAKEN_TIMEOUT_S} s: is one running "
            f"(`python -m infra.feed simulate live`) with --outages {location}?"
        )


class Mailbox(Protocol):
    def put(self, name: str, text: str) -> None: ...

    def get(self, name: str) -> str | None: ...

    def names(self, folder: str) -> list[str]: ...

    def delete(self, name: str) -> None: ...


class S3Mailbox:
    def __init__(self, location: str) -> None:
        self._bucket, _, prefix = location.removeprefix("s3://").partition("/")
        self._prefix = prefix.rstrip("/")
        self._s3: Any = boto3.client("s3")

    def put(self, name: str, text: str) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=self._key(name), Body=text.encode())

    def get(self, name: str) -> str | None:
        try:
            return str(self._s3.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read().decode())
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def names(self, folder: str) -> list[str]:
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._key(f"{folder}/")).get("Contents", [])
        return [f"{folder}/{found['Key'].rpartition('/')[2]}" for found in listed]

    def delete(self, name: str) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}".lstrip("/")


class FolderMailbox:
    def __init__(self, location: str) -> None:
        self._folder = Path(location)

    def put(self, name: str, text: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: the other side may look at any time.
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)

    def get(self, name: str) -> str | None:
        path = self._folder / name
        return path.read_text(encoding="utf-8") if path.exists() else None

    def names(self, folder: str) -> list[str]:
        return sorted(f"{folder}/{path.name}" for path in (self._folder / folder).glob("*.json"))

    def delete(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)


def mailbox(location: str) -> Mailbox:
    return S3Mailbox(location) if location.startswith("s3://") else FolderMailbox(location)


def request(location: str, area_code: str, host_network: str, minutes: float) -> dict[str, Any]:
    """Ask for an outage and wait until a simulator has taken it; returns its label.

    Raises: NobodyThere.
    """
    box = mailbox(location)
    wanted = {"area_code": area_code, "host_network": host_network, "minutes": minutes}
    with _posted(box, f"{uuid.uuid4().hex}.json", wanted) as answer:
        deadline = time.monotonic() + TAKEN_TIMEOUT_S
        while time.monotonic() < deadline:
            label = box.get(answer)
            if label is not None:
                return dict(json.loads(label))
            time.sleep(_POLL_S)
    raise NobodyThere(location)


def take(box: Mailbox, now_ms: int) -> list[Scenario]:
    """The outages asked for since the last call, from now on; `answer` tells who asked."""
    taken = []
    for name in box.names("requested"):
        text = box.get(name)
        if text is None:
            continue
        wanted = json.loads(text)
        taken.append(
            Scenario(
                scenario_id=Path(name).stem,
                scenario=_SCENARIO,
                area_codes=(wanted["area_code"],),
                host_network=wanted["host_network"],
                start_ms=now_ms,
                end_ms=now_ms + round(wanted["minutes"] * MINUTE_MS),
                bad_share=KINDS[_SCENARIO].bad_share[1],
                seed=int(Path(name).stem[:8], 16),
                # Of a few hundred phones hardly one would happen to measure while somebody watches.
                is_noticed=True,
            )
        )
    return taken


def answer(box: Mailbox, scenario_id: str, label: dict[str, Any]) -> None:
    box.put(f"taken/{scenario_id}.json", json.dumps(label, ensure_ascii=False))
    box.delete(f"requested/{scenario_id}.json")


@contextmanager
def _posted(box: Mailbox, name: str, wanted: dict[str, Any]) -> Iterator[str]:
    """A request that is gone afterwards, taken or not."""
    box.put(f"requested/{name}", json.dumps(wanted))
    try:
        yield f"taken/{name}"
    finally:
        box.delete(f"requested/{name}")
