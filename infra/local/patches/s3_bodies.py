"""S3 object bodies as files that are opened only while they are read, so that memory doesn't grow with the data."""

import bisect
import contextlib
import itertools
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from moto.s3 import models, responses
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.utilities.utils import md5_hash

# A file costs a disk block and an inode: what is smaller than a block stays in memory, beside moto's own 5 kB a key.
INLINE_BYTES = 4096
_CHUNK_BYTES = 256 * 1024

_folder = Path()
_moto_get_key = responses.S3Response._get_key
_moto_copy_object = models.S3Backend.copy_object


class Segment:
    """Bytes that never change: in memory or in a file, which goes when nobody refers to it any more.

    A reader holds a reference, so an object that is overwritten or deleted meanwhile is still read whole.
    """

    __slots__ = ("_inline", "_path", "size")

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._inline: bytes | None = data if self.size <= INLINE_BYTES else None
        self._path: str | None = None
        if self._inline is None:
            self._path = str(_folder / uuid.uuid4().hex)
            Path(self._path).write_bytes(data)

    def chunks(self, begin: int, end: int) -> Iterator[bytes]:
        if self._inline is not None or self._path is None:
            yield (self._inline or b"")[begin:end]
            return
        with open(self._path, "rb", buffering=0) as file:
            file.seek(begin)
            while begin < end and (chunk := file.read(min(_CHUNK_BYTES, end - begin))):
                begin += len(chunk)
                yield chunk

    def __del__(self) -> None:
        if getattr(self, "_path", None):
            with contextlib.suppress(OSError):
                os.unlink(self._path or "")


class View:
    """A part of an object's bytes, read while it is iterated; slices as bytes do."""

    __slots__ = ("_begin", "_end", "_segments")

    def __init__(self, segments: list[Segment], begin: int, end: int) -> None:
        self._segments, self._begin, self._end = segments, begin, end

    def __len__(self) -> int:
        return self._end - self._begin

    def __getitem__(self, part: slice) -> "View":
        begin, end, _ = part.indices(len(self))
        return View(self._segments, self._begin + begin, self._begin + max(begin, end))

    def __iter__(self) -> Iterator[bytes]:
        ends = list(itertools.accumulate(segment.size for segment in self._segments))
        for position in range(bisect.bisect_right(ends, self._begin), len(ends)):
            segment = self._segments[position]
            start = ends[position] - segment.size
            if start >= self._end:
                return
            yield from segment.chunks(max(0, self._begin - start), min(segment.size, self._end - start))

    def __bytes__(self) -> bytes:
        return b"".join(self)

    def whole_segments(self) -> list[Segment]:
        """For a copy: the same segments, without reading them."""
        return (
            self._segments if len(self) == sum(segment.size for segment in self._segments) else [Segment(bytes(self))]
        )


class Body:
    """What moto takes for a key's SpooledTemporaryFile, which holds 16 MB in memory or a descriptor for good."""

    __slots__ = ("_position", "segments")

    def __init__(self, max_size: int = 0) -> None:
        self.segments: list[Segment] = []
        self._position = 0

    def view(self) -> View:
        return View(self.segments, 0, sum(segment.size for segment in self.segments))

    def write(self, data: bytes | View) -> None:
        self.segments = [*self.segments, *(data.whole_segments() if isinstance(data, View) else [Segment(data)])]

    def seek(self, position: int) -> None:
        self._position = position

    def truncate(self) -> None:
        self.segments = []

    def read(self, size: int | None = None) -> bytes:
        end = None if size is None else self._position + size
        data = bytes(self.view()[self._position : end])
        self._position += len(data)
        return data

    def close(self) -> None:
        """Nothing: readers may be at it; the files go with the last reference."""


class Streamed:
    """A key whose value is sent from disk; all else is the key's own."""

    def __init__(self, key: models.FakeKey) -> None:
        self._key = key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)

    @property
    def value(self) -> View:
        return view_of(self._key)


def view_of(key: models.FakeKey) -> View:
    body: Body = key._value_buffer
    return body.view()


def install(folder: Path) -> None:
    """Keep bodies in `folder`; empties it of an earlier account's."""
    global _folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _folder = folder
    models.tempfile = SimpleNamespace(SpooledTemporaryFile=Body)
    models.FakeKey.etag = property(_etag)
    models.FakeKey.dispose = _dispose
    models.FakeKey.__del__ = _nothing
    models.FakeMultipart.complete = _complete
    models.S3Backend.copy_object = _copy_object
    responses.S3Response._get_key = _get_key


def _dispose(self: models.FakeKey, garbage: bool = False) -> None:
    self.disposed = True


def _nothing(self: models.FakeKey) -> None:
    """Moto warns of keys that nobody disposed of; files go by themselves."""


def _etag(self: models.FakeKey) -> str:
    """The MD5 of the body; moto computes it by seeking in a buffer that other threads read."""
    if self._etag is None:
        digest = md5_hash()
        for chunk in view_of(self):
            digest.update(chunk)
        self._etag = digest.hexdigest()
    return f'"{self._etag}"'


def _get_key(self: responses.S3Response, validate_storage_class: bool = True) -> tuple[Any, bool]:
    """GetObject and its ranges read what they send; in-process mocks want the bytes."""
    key, not_modified = _moto_get_key(self, validate_storage_class)
    return (Streamed(key) if self.request.from_wsgi_server else key), not_modified


def _copy_object(self: models.S3Backend, src_key: models.FakeKey, *args: Any, **kwargs: Any) -> None:
    """CopyObject shares the source's files."""
    _moto_copy_object(self, Streamed(src_key), *args, **kwargs)


def _complete(self: models.FakeMultipart, body: Iterable[tuple[int, str]]) -> tuple[View, str, Any]:
    """CompleteMultipartUpload joins the parts' files without reading them, unless the upload asked for a checksum."""
    algorithm, kind = (self.metadata.get(f"x-amz-checksum-{name}") for name in ("algorithm", "type"))
    checksum = models.MultipartChecksumBuilder(algorithm, kind) if algorithm else None
    digests, segments, last = bytearray(), list[Segment](), None
    for number, etag in body:
        part = self.parts.get(number)
        if part is None or part.etag.strip('"') != etag.strip('"'):
            raise InvalidPart()
        if last is not None and last.contentsize < models.S3_UPLOAD_PART_MIN_SIZE:
            raise EntityTooSmall()
        if checksum:
            checksum.addPart(part.value)
        digests += bytes.fromhex(part.etag.strip('"'))
        segments += view_of(part).whole_segments()
        last = part
    if last is None:
        raise MalformedXML()
    whole = View(segments, 0, sum(segment.size for segment in segments))
    etag = f"{md5_hash(bytes(digests)).hexdigest()}-{len(digests) // 16}"
    return whole, etag, checksum.build() if checksum else None
