"""Reading the content and attributes of one entry of the source.

Only data extents are read (SEEK_DATA); chunking starts anew at each. What is read is bounded by the size that stat
gave: a file that grows without end ends there. Whoever calls compares stat before and after.
"""

import errno
import os
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from yester.engine.blobs import Put
from yester.engine.capture.chunking import Chunker
from yester.engine.entries import Ref, Span
from yester.engine.ids import BlobId, BlobKind, ListId
from yester.engine.trees.lists import write_blob_list, write_extents
from yester.engine.trees.xattrs import encode_set

INLINE_REFS = 32
"""More blobs, or more extents, than this make a list object (docs/format.md, section 7)."""

_WINDOW_SIZE = 8 << 20
_NO_ATTRIBUTES = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_FS_ENCODING = ("utf-8", "surrogateescape")


class Content(NamedTuple):
    """A file's bytes as blobs. `size` is how many bytes, holes included, could really be read."""

    refs: tuple[BlobId, ...]
    ref_sizes: tuple[int, ...]
    listed: bool
    extents: tuple[Span, ...] | ListId | None
    size: int


class ContentReader:
    """Turns open files into blobs, through one reused window. Not for two threads at once."""

    def __init__(self, put: Put, chunker: Chunker, page_key: bytes, tick: Callable[[int], None]) -> None:
        """`tick` is told of every piece read, in bytes; it may raise to stop the run."""
        self._put = put
        self._chunker = chunker
        self._page_key = page_key
        self._tick = tick
        self._window = bytearray(_WINDOW_SIZE)

    def read(self, fd: int, size: int, blocks: int, begin: Callable[[int], None] = lambda data_size: None) -> Content:
        """Store the content of an open regular file of `size` bytes; OSError when it cannot be read.

        `begin` is told first how many of them are data.
        """
        sparse = blocks * 512 < size
        spans = data_spans(fd, size) if sparse else [Span(0, size)]
        begin(sum(span.data for span in spans))
        content = self._stored(self._refs_of(fd, spans))
        spans = _as_read(spans, content.size)
        whole = sum(span.hole + span.data for span in spans)
        return content._replace(extents=self._extents(spans), size=whole)

    def pour(self, read: Callable[[memoryview], int]) -> Content:
        """Store what `read` fills the window with, a part at a time, until it gives nothing more."""
        return self._stored(self._poured(read))

    def _stored(self, refs: Iterator[Ref]) -> Content:
        """Name the blobs, in a list when they are many; `size` is how many bytes they have."""
        stream = _Stream(refs)
        first = tuple(islice(stream, INLINE_REFS + 1))
        listed = len(first) > INLINE_REFS
        if listed:
            first = (Ref(write_blob_list(self._put, self._page_key, chain(first, stream)), 0),)
        return Content(tuple(ref.blob for ref in first), tuple(ref.size for ref in first), listed, None, stream.size)

    def _extents(self, spans: list[Span]) -> tuple[Span, ...] | ListId | None:
        if not any(span.hole for span in spans):
            return None
        if len(spans) <= INLINE_REFS:
            return tuple(spans)
        return write_extents(self._put, self._page_key, spans)

    def _refs_of(self, fd: int, spans: list[Span]) -> Iterator[Ref]:
        offset = 0
        for span in spans:
            offset += span.hole
            yield from self._chunks(fd, offset, span.data)
            offset += span.data

    def _poured(self, read: Callable[[memoryview], int]) -> Iterator[Ref]:
        """Cut a stream as a file of the same content is cut."""
        window, kept, ended = memoryview(self._window), 0, False
        while not ended:
            while kept < len(window) and not ended:
                got = read(window[kept:])
                self._tick(got)
                ended, kept = not got, kept + got
            filled, done = window[:kept], 0
            for start, length in self._chunker.cut(filled, final=ended) if kept else ():
                yield Ref(self._put(BlobKind.DATA, bytes(filled[start : start + length])), length)
                done = start + length
            kept -= done
            self._window[:kept] = filled[done:].tobytes() if kept else b""

    def _chunks(self, fd: int, offset: int, size: int) -> Iterator[Ref]:
        """Cut one extent; a file that became shorter ends it early."""
        window, kept = memoryview(self._window), 0
        while size or kept:
            wanted = min(size, len(window) - kept)
            got = os.preadv(fd, [window[kept : kept + wanted]], offset) if wanted else 0
            offset, size = offset + got, size - got
            if got < wanted and got == 0:
                size = 0
            self._tick(got)
            filled = window[: kept + got]
            if got < wanted and size:
                kept += got
                continue
            done = 0
            for start, length in self._chunker.cut(filled, final=not size):
                yield Ref(self._put(BlobKind.DATA, bytes(filled[start : start + length])), length)
                done = start + length
            kept = len(filled) - done
            self._window[:kept] = filled[done:].tobytes() if kept else b""


class _Stream:
    """Counts the bytes of the refs that pass."""

    def __init__(self, refs: Iterator[Ref]) -> None:
        self._refs = refs
        self.size = 0

    def __iter__(self) -> Iterator[Ref]:
        return self

    def __next__(self) -> Ref:
        ref = next(self._refs)
        self.size += ref.size
        return ref


def _as_read(spans: list[Span], size: int) -> list[Span]:
    """Cut `spans` to the `size` bytes of data that were really there."""
    kept: list[Span] = []
    for span in spans:
        if span.data > size:
            return [*kept, Span(span.hole, size)]
        size -= span.data
        kept.append(span)
    return kept


def data_spans(fd: int, size: int) -> list[Span]:
    """Return the holes and data of the first `size` bytes of a file; one span of data where the system cannot tell."""
    spans: list[Span] = []
    position = 0
    while position < size:
        try:
            start = min(os.lseek(fd, position, os.SEEK_DATA), size)
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size) if start < size else size
        except OSError as error:
            if error.errno != errno.ENXIO:
                return [Span(0, size)]
            # No data from here on, or the file was cut off between the two calls: whoever reads it looks again.
            start = end = size
        spans.append(Span(start - position, end - start))
        position = end
    return spans


def attribute_set(place: int | bytes) -> bytes:
    """Return the encoded extended attributes of an open file, or of a path without following it.

    OSError when they cannot be read; empty where the file system has none. An attribute that vanishes meanwhile is
    left out.
    """
    try:
        names = os.listxattr(place) if type(place) is int else os.listxattr(place, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES:
            return b""
        raise
    if not names:
        return b""
    attributes: dict[bytes, bytes] = {}
    for name in names:
        encoded = name.encode(*_FS_ENCODING)
        try:
            attributes[encoded] = os.getxattr(place, encoded, follow_symlinks=isinstance(place, int))
        except OSError as error:
            if error.errno != errno.ENODATA:
                raise
    try:
        return encode_set(attributes)
    except ValueError:
        raise OSError(errno.E2BIG, "too many of them to keep") from None
