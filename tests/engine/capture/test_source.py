import errno
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.engine.metadata import MemoryBlobs

from yester.engine.capture import source
from yester.engine.capture.chunking import Chunker
from yester.engine.capture.source import ContentReader, attribute_set, data_spans
from yester.engine.entries import Span
from yester.engine.ids import BlobKind
from yester.engine.trees.xattrs import decode_set

PAGE_KEY = b"k" * 32


@contextmanager
def opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def reader(blobs: MemoryBlobs) -> ContentReader:
    return ContentReader(blobs.put, Chunker(7), PAGE_KEY, lambda size: None)


@pytest.mark.parametrize("size", [1, 65_536, 65_537, 1 << 20, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 19 << 20])
def test_content_is_all_there_whatever_the_size(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    path = tmp_path / "file"
    path.write_bytes(data)
    blobs = MemoryBlobs()
    with opened(path) as fd:
        content = reader(blobs).read(fd, size, path.stat().st_blocks)
    assert content.size == size
    if not content.listed:
        stored = [blobs.blob(BlobKind.DATA, ref) for ref in content.refs]
        assert b"".join(stored) == data
        assert [len(blob) for blob in stored] == list(content.ref_sizes)


def test_short_reads_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = random.Random(5).randbytes(3 << 20)
    path = tmp_path / "file"
    path.write_bytes(data)
    honest = os.preadv

    def short(fd: int, buffers: list[memoryview], offset: int) -> int:
        return honest(fd, [buffers[0][:70_001]], offset)

    monkeypatch.setattr(os, "preadv", short)
    blobs, whole = MemoryBlobs(), MemoryBlobs()
    with opened(path) as fd:
        content = reader(blobs).read(fd, len(data), path.stat().st_blocks)
        monkeypatch.undo()
        assert content == reader(whole).read(fd, len(data), path.stat().st_blocks)


def test_spans_of_a_file_with_holes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(10 << 20)
        file.seek(1 << 20)
        file.write(b"x" * 4096)
    with opened(path) as fd:
        assert data_spans(fd, 10 << 20) == [Span(1 << 20, 4096), Span((9 << 20) - 4096, 0)]
        assert data_spans(fd, 2000) == [Span(2000, 0)]


def test_spans_where_the_system_cannot_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")

    def unsupported(fd: int, position: int, how: int) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "lseek", unsupported)
    with opened(path) as fd:
        assert data_spans(fd, 7) == [Span(0, 7)]


def test_attributes_with_odd_names_and_values(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    attributes = {b"user.plain": b"", b"user.new\nline": b"\0\xff", b"user.caf\xe9": b"value"}
    for name, value in attributes.items():
        os.setxattr(path, name, value)
    with opened(path) as fd:
        assert decode_set(attribute_set(fd)) == attributes
    assert decode_set(attribute_set(os.fsencode(path))) == attributes


def test_an_attribute_that_vanishes_between_two_calls_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.touch()
    monkeypatch.setattr(os, "listxattr", lambda place: ["user.gone"])
    with opened(path) as fd:
        assert attribute_set(fd) == b""


@pytest.mark.parametrize(("number", "raises"), [(errno.ENOTSUP, False), (errno.EIO, True)])
def test_attributes_that_cannot_be_listed(monkeypatch: pytest.MonkeyPatch, number: int, raises: bool) -> None:
    def refusing(place: object) -> list[str]:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "listxattr", refusing)
    if raises:
        with pytest.raises(OSError, match="Input/output"):
            attribute_set(0)
    else:
        assert attribute_set(0) == b""


def test_more_attributes_than_an_entry_may_have_are_an_error_of_that_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listxattr", lambda place: [f"user.{row}" for row in range(100)])
    monkeypatch.setattr(os, "getxattr", lambda place, name, follow_symlinks: b"x" * 65_000)
    with pytest.raises(OSError, match="too many"):
        attribute_set(0)
    assert source.INLINE_REFS == 32
