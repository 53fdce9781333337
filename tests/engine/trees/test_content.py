from dataclasses import replace
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.metadata import PAGE_KEY, MemoryBlobs, file_entry

from yester.engine.entries import Entry, Mark, Ref, Span
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind
from yester.engine.trees.content import Content, UnreadableError
from yester.engine.trees.lists import write_blob_list, write_extents
from yester.engine.trees.page_builder import PageBuilder
from yester.engine.trees.pages import Page

CUTS = st.lists(st.integers(1, 5), max_size=80)
SPANS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=80)


def bytes_of(count: int) -> bytes:
    """Bytes that differ from their neighbours, and none of them zero."""
    return bytes(place % 251 + 1 for place in range(count))


def store(blobs: MemoryBlobs, data: bytes, cuts: list[int], spans: list[Span] | None) -> Entry:
    """Keep the data stream as a file would be kept: in the entry while it is short, in list objects else."""
    ends = [0, *(end for end in accumulate(cuts) if end < len(data)), len(data)] if data else [0]
    pieces = [data[start:end] for start, end in pairwise(ends)]
    refs = tuple(Ref(blobs.put(BlobKind.DATA, piece), len(piece)) for piece in pieces)
    size = sum(span.hole + span.data for span in spans) if spans is not None else len(data)
    entry = file_entry(b"f", size, refs=refs)
    if len(refs) > 32:
        entry = replace(entry, refs=(Ref(write_blob_list(blobs.put, PAGE_KEY, refs), 0),), marks=Mark.LIST)
    if spans is None:
        return entry
    return replace(entry, extents=tuple(spans) if len(spans) <= 32 else write_extents(blobs.put, PAGE_KEY, spans))


def of_row(entry: Entry, blobs: MemoryBlobs) -> Content:
    builder = PageBuilder()
    builder.add(entry)
    return Content.of_row(Page(builder.encode()[0]), 0, blobs)


@given(st.integers(0, 200), CUTS, st.none() | SPANS, st.integers(0, 300), st.integers(0, 300))
def test_reading_agrees_with_a_plain_buffer(
    length: int, cuts: list[int], spans: list[tuple[int, int]] | None, offset: int, size: int
) -> None:
    found = [Span(hole, data) for hole, data in spans if hole or data] if spans is not None else None
    data = bytes_of(sum(span.data for span in found) if found is not None else length)
    plain, at = b"" if found is not None else data, 0
    for span in found or ():
        plain += bytes(span.hole) + data[at : at + span.data]
        at += span.data
    blobs = MemoryBlobs()
    entry = store(blobs, data, cuts, found)
    for content in (Content.of(entry, blobs), of_row(entry, blobs)):
        assert content.size == len(plain)
        assert bytes(content.read(0, len(plain) + 1)) == plain
        assert bytes(content.read(offset, size)) == plain[offset : offset + size]
        pieces = list(content.pieces(offset, size))
        assert all(piece[2] > 0 for piece in pieces)
        assert sum(piece[2] for piece in pieces) == len(plain[offset : offset + size])


def test_one_blob_is_read_without_a_copy() -> None:
    blobs = MemoryBlobs()
    content = Content.of(store(blobs, b"hello", [], None), blobs)
    part = content.read(1, 3)
    assert isinstance(part, memoryview)
    assert part.obj is next(iter(blobs.values()))
    assert bytes(part) == b"ell"


def test_a_wholly_sparse_file_needs_no_blob() -> None:
    content = Content.of(store(MemoryBlobs(), b"", [], [Span(2**50, 0)]), MemoryBlobs())
    assert list(content.pieces(2**49, 2**50)) == [(None, 0, 2**49)]
    assert content.read(5, 3) == bytes(3)


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 6},
        {"size": 4},
        {"refs": ()},
        {"extents": (Span(0, 5), Span(1, 0))},
        {"extents": (Span(1, 4),)},
        {"extents": ()},
        {"marks": Mark.LIST},
        {"refs": (), "marks": Mark.LIST},
    ],
)
def test_a_file_whose_parts_do_not_fit_is_damage(changed: dict[str, object]) -> None:
    blobs = MemoryBlobs()
    entry = replace(store(blobs, b"hello", [], None), **changed)  # type: ignore[arg-type]
    with pytest.raises(DamageError):
        Content.of(entry, blobs)


def test_a_list_of_another_length_is_damage() -> None:
    blobs = MemoryBlobs()
    entry = store(blobs, bytes_of(100), [1] * 100, None)
    assert entry.marks == Mark.LIST
    with pytest.raises(DamageError):
        Content.of(replace(entry, size=99), blobs)


def test_a_blob_that_is_too_short_is_damage_not_zeros() -> None:
    blobs = MemoryBlobs()
    entry = file_entry(b"f", 10, refs=(Ref(blobs.put(BlobKind.DATA, b"short"), 10),))
    content = Content.of(entry, blobs)
    with pytest.raises(DamageError):
        content.read(0, 10)
    with pytest.raises(DamageError):
        content.read(7, 2)


def test_a_missing_blob_is_damage() -> None:
    with pytest.raises(DamageError):
        Content.of(file_entry(b"f", 4), MemoryBlobs()).read(0, 4)


def test_a_file_that_could_not_be_read_says_so() -> None:
    with pytest.raises(UnreadableError):
        Content.of(file_entry(b"f", 4, marks=Mark.UNREADABLE, refs=()), MemoryBlobs())


def test_a_large_file_is_sought_through_few_nodes() -> None:
    blobs = MemoryBlobs()
    refs = [Ref(BlobId(place.to_bytes(32, "big")), 2**20) for place in range(50_000)]
    entry = file_entry(
        b"f", 50_000 * 2**20, refs=(Ref(write_blob_list(blobs.put, PAGE_KEY, refs), 0),), marks=Mark.LIST
    )
    content = Content.of(entry, blobs)
    assert list(content.pieces(40_000 * 2**20 + 7, 2**20)) == [
        (refs[40_000].blob, 7, 2**20 - 7),
        (refs[40_001].blob, 0, 7),
    ]
