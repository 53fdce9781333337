"""How the bytes of a regular file map to blobs and holes.

A file's data is one stream, cut into blobs; extents, when it is sparse, say where in the file the stream's bytes go.
Both are in the entry, or in list objects when they are long. What they sum up to must be the file's size: a file that
would come out longer, shorter or with zeros that nobody wrote is refused as a whole.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Protocol

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry, Mark, Ref, Span
from yester.engine.errors import DamageError, YesterError
from yester.engine.ids import BlobId, BlobKind, ListId
from yester.engine.store import Buffer
from yester.engine.trees.lists import BlobList, ExtentList
from yester.engine.trees.pages import Page

Piece = tuple[BlobId | None, int, int]
"""A stretch of a file: blob (None: a hole), start in the blob, length."""


# Arithmetic of flags costs a microsecond each, and the mount does it at each opening of a file.
_UNREADABLE, _LIST = Mark.UNREADABLE.value, Mark.LIST.value


class UnreadableError(YesterError):
    """The file could not be read when the snapshot was taken, so the snapshot has no content of it."""


class _Blobs(Protocol):
    size: int

    def since(self, offset: int) -> Iterator[tuple[BlobId, int, int]]: ...


class _Extents(Protocol):
    size: int
    data_size: int

    def since(self, offset: int) -> Iterator[tuple[Span, int, int]]: ...


class _InlineBlobs:
    """The blobs of a file that has at most 32, with the interface of a BlobList."""

    __slots__ = ("_ends", "_refs", "size")

    def __init__(self, refs: Sequence[Ref]) -> None:
        self._refs = refs
        self._ends = list(accumulate(ref.size for ref in refs))
        self.size = self._ends[-1] if refs else 0

    def since(self, offset: int) -> Iterator[tuple[BlobId, int, int]]:
        for row in range(bisect_right(self._ends, offset), len(self._refs)):
            ref, end = self._refs[row], self._ends[row]
            yield ref.blob, end - ref.size, end


class _InlineExtents:
    """The extents of a file that has at most 32, with the interface of an ExtentList."""

    __slots__ = ("_data_ends", "_ends", "_spans", "data_size", "size")

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._ends = list(accumulate(span.hole + span.data for span in spans))
        self._data_ends = list(accumulate(span.data for span in spans))
        self.size = self._ends[-1] if spans else 0
        self.data_size = self._data_ends[-1] if spans else 0

    def since(self, offset: int) -> Iterator[tuple[Span, int, int]]:
        for row in range(bisect_right(self._ends, offset), len(self._spans)):
            span = self._spans[row]
            yield span, self._ends[row] - span.hole - span.data, self._data_ends[row] - span.data


class Content:
    """A regular file's content. Immutable; making one reads at most the root nodes of two list objects."""

    __slots__ = ("_blobs", "_extents", "_only", "_source", "size")

    def __init__(
        self,
        source: BlobSource,
        size: int,
        marks: int,
        refs: Sequence[Ref],
        extents: tuple[Span, ...] | ListId | None,
    ) -> None:
        """Raise UnreadableError when there is no content, DamageError when its parts are not as long as the file."""
        if marks & _UNREADABLE:
            raise UnreadableError("the file could not be read when the snapshot was taken")
        self._source = source
        self.size = size
        is_list = marks & _LIST
        self._only = refs[0].blob if len(refs) == 1 and extents is None and not is_list else None
        if self._only is not None:
            _check(size == refs[0].size)
            return
        _check(len(refs) == 1 or not is_list)
        self._blobs: _Blobs = BlobList(source, ListId(refs[0].blob)) if is_list else _InlineBlobs(refs)
        self._extents = _extents(source, extents)
        if self._extents is None:
            _check(size == self._blobs.size)
        else:
            _check(size == self._extents.size and self._blobs.size == self._extents.data_size)

    @classmethod
    def of(cls, entry: Entry, source: BlobSource) -> "Content":
        """Return the content of a regular file's entry."""
        return cls(source, entry.size, entry.marks.value, entry.refs, entry.extents)

    @classmethod
    def of_row(cls, page: Page, row: int, source: BlobSource) -> "Content":
        """Return the content of a regular file's row in a leaf, without an Entry."""
        return cls(source, page.sizes[row], page.marks[row], page.refs(row), page.extents(row))

    def pieces(self, offset: int, size: int) -> Iterator[Piece]:
        """Yield the pieces of `size` bytes from `offset`, less where the file ends before."""
        end = min(offset + size, self.size)
        if offset >= end:
            return iter(())
        if self._only is not None:
            return iter(((self._only, offset, end - offset),))
        if self._extents is None:
            return _data(self._blobs, offset, end)
        return _sparse(self._blobs, self._extents, offset, end)

    def read(self, offset: int, size: int) -> Buffer:
        """Return `size` bytes from `offset`, less where the file ends before; DamageError when a blob is too short.

        Bytes of one blob are a view of it, not a copy.
        """
        parts = [self._piece(*piece) for piece in self.pieces(offset, size)]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _piece(self, blob: BlobId | None, start: int, length: int) -> Buffer:
        if blob is None:
            return bytes(length)
        part = memoryview(self._source.blob(BlobKind.DATA, blob))[start : start + length]
        _check(len(part) == length)
        return part


def _check(fits: bool) -> None:
    if not fits:
        raise DamageError("the stored parts of a file are not as long as the file")


def _extents(source: BlobSource, extents: tuple[Span, ...] | ListId | None) -> _Extents | None:
    if extents is None:
        return None
    return ExtentList(source, extents) if isinstance(extents, bytes) else _InlineExtents(extents)


def _data(blobs: _Blobs, offset: int, end: int) -> Iterator[Piece]:
    for blob, start, stop in blobs.since(offset):
        length = min(stop, end) - offset
        yield blob, offset - start, length
        offset += length
        if offset == end:
            return


def _sparse(blobs: _Blobs, extents: _Extents, offset: int, end: int) -> Iterator[Piece]:
    for span, start, data_start in extents.since(offset):
        data = start + span.hole
        if offset < data:
            length = min(data, end) - offset
            yield None, 0, length
            offset += length
        length = min(data + span.data, end) - offset
        if length > 0:
            first = data_start + offset - data
            yield from _data(blobs, first, first + length)
            offset += length
        if offset == end:
            return
