"""Bodies of S3 objects are files that come and go with their objects."""

import gc
from pathlib import Path

import pytest

from infra.local.patches import s3_bodies
from infra.local.patches.s3_bodies import Body, Segment, View

LARGE = bytes(range(256)) * 4096


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(s3_bodies, "_folder", tmp_path)
    return tmp_path


def body_of(*parts: bytes) -> Body:
    body = Body()
    for part in parts:
        body.write(part)
    return body


def test_a_small_body_needs_no_file_and_a_large_one_is_a_file(folder: Path) -> None:
    small, large = body_of(b"x" * s3_bodies.INLINE_BYTES), body_of(LARGE)
    assert [path.stat().st_size for path in folder.iterdir()] == [len(LARGE)]
    assert (small.read(), large.read()) == (b"x" * s3_bodies.INLINE_BYTES, LARGE)


def test_the_file_goes_with_the_last_reference(folder: Path) -> None:
    body = body_of(LARGE)
    view = body.view()
    del body
    assert bytes(view) == LARGE, "a reader reads on when the object is gone"
    del view
    gc.collect()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("part", [slice(0, 10), slice(10, 3000), slice(2990, 5020), slice(-7, None), slice(0, 0)])
def test_a_slice_across_parts_is_that_of_the_bytes(folder: Path, part: slice) -> None:
    whole = b"a" * 3000 + b"b" * 10 + LARGE[:5000]
    view = View([Segment(b"a" * 3000), Segment(b""), Segment(b"b" * 10), Segment(LARGE[:5000])], 0, len(whole))
    assert bytes(view[part]) == whole[part]
    assert bytes(view[2:][part]) == whole[2:][part]
    assert len(view[part]) == len(whole[part])


def test_reading_in_steps_reads_all(folder: Path) -> None:
    body, read = body_of(LARGE, b"end"), b""
    body.seek(0)
    while chunk := body.read(100_000):
        read += chunk
    assert read == LARGE + b"end"


def test_a_copy_shares_the_file(folder: Path) -> None:
    original = body_of(LARGE)
    copy = Body()
    copy.write(original.view())
    assert len(list(folder.iterdir())) == 1
    del original
    assert copy.read() == LARGE
