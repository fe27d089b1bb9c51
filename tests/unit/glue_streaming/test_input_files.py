"""Files are read as bytes, line by line, whatever is in them."""

import io
from pathlib import Path

import pytest

from glue_streaming.errors import UnreadableInput
from glue_streaming.input_files import MAX_ROW_BYTES, InputFile, lines, opened


def lines_of(content: bytes) -> list[bytes]:
    return list(lines(InputFile("file:///a.jsonl", io.BytesIO(content), len(content))))


def test_lines_end_in_lf_or_crlf_and_nothing_else() -> None:
    assert lines_of(b"a\nb\r\n\n\xff\x85\xe2\x80\xa8\rc") == [b"a", b"b", b"", b"\xff\x85\xe2\x80\xa8\rc"]
    assert lines_of(b"") == []
    assert lines_of(b"a\n") == lines_of(b"a") == [b"a"]


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(UnreadableInput, match="line 2 is longer"):
        lines_of(b"a\n" + b"b" * (MAX_ROW_BYTES + 1))


@pytest.mark.parametrize(("content", "first"), [(b"\xef\xbb\xbfa", b"a"), (b"a", b"a"), (b"\xef\xbb", b"\xef\xbb")])
def test_a_byte_order_mark_is_left_out(tmp_path: Path, content: bytes, first: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with opened(str(path)) as file:
        assert (file.uri, file.size, list(lines(file))) == (path.as_uri(), len(content), [first])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"none\.csv.*No such file"), opened(str(tmp_path / "none.csv")):
        pass
