"""A file to load: opened once, read as bytes in bounded memory, wherever it lies."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tqdm import tqdm

from glue_streaming.errors import UnreadableInput

# A Kinesis record has at most 10 MiB; what is longer is a file without line ends, or a quote that nobody closed.
MAX_ROW_BYTES = 16 * 2**20
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class InputFile:
    """`uri` becomes the `source` of its rows; `content` stands behind a byte-order mark."""

    uri: str
    content: IO[bytes]
    size: int


@contextmanager
def opened(location: str) -> Iterator[InputFile]:
    """Open a path, or a temporary copy of s3://bucket/key.

    Raises: UnreadableInput.
    """
    try:
        uri, content = _download(location) if location.startswith("s3://") else _open(location)
        size = content.seek(0, 2)
        content.seek(0)
        content.seek(len(_BOM) if content.read(len(_BOM)) == _BOM else 0)
    except (BotoCoreError, Boto3Error, ClientError, OSError) as error:
        raise UnreadableInput(location, str(error)) from error
    with content:
        yield InputFile(uri, content, size)


def lines(file: InputFile) -> Iterator[bytes]:
    """Its lines without their ends, LF or CRLF; an empty line is a line.

    Raises: UnreadableInput: a line is longer than MAX_ROW_BYTES.
    """
    number = 0
    while line := file.content.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(line) > MAX_ROW_BYTES:
            raise UnreadableInput(file.uri, f"line {number} is longer than {MAX_ROW_BYTES:,} bytes")
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def _open(location: str) -> tuple[str, IO[bytes]]:
    path = Path(location).resolve()
    return path.as_uri(), path.open("rb")


def _download(location: str) -> tuple[str, IO[bytes]]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    s3: Any = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 10}))
    size = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with tqdm(desc=f"download {location}", total=size, unit="B", unit_scale=True, file=sys.stderr) as progress:
        s3.download_fileobj(bucket, key, copy, Callback=progress.update)
    return location, copy
