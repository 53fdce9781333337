import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.golden_nodes import BLOB_LIST
from tests.engine.metadata import PAGE_KEY, MemoryBlobs

from yester.engine.entries import Ref, Span
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind, ListId
from yester.engine.trees.lists import BlobList, ExtentList, ListNode, ListType, write_blob_list, write_extents
from yester.engine.trees.page_columns import pack

COUNTS = [0, 1, 33, 64, 65, 3000, 60_000]


def some_refs(count: int, seed: int = 1) -> list[Ref]:
    generator = random.Random(seed)
    return [Ref(BlobId(generator.randbytes(32)), generator.randrange(1, 2**20)) for _ in range(count)]


def some_spans(count: int) -> list[Span]:
    generator = random.Random(2)
    return [Span(generator.randrange(2**40), generator.randrange(1, 2**30)) for _ in range(count)]


@pytest.mark.parametrize("count", COUNTS)
def test_blobs_come_back_and_are_found_by_offset(count: int) -> None:
    blobs, refs = MemoryBlobs(), some_refs(count)
    found = BlobList(blobs, write_blob_list(blobs.put, PAGE_KEY, refs))
    assert list(found) == refs
    assert found.size == sum(ref.size for ref in refs)
    starts = [0]
    for ref in refs:
        starts.append(starts[-1] + ref.size)
    for place in sorted(random.Random(3).sample(range(count), min(count, 100))):
        for offset in (starts[place], starts[place + 1] - 1):
            assert found.span(offset) == (refs[place], starts[place])
            assert next(found.since(offset)) == (refs[place].blob, starts[place], starts[place + 1])
    with pytest.raises(IndexError):
        found.span(found.size)
    assert list(found.since(found.size)) == []


@pytest.mark.parametrize("count", COUNTS)
def test_extents_come_back_and_are_found_by_offset(count: int) -> None:
    blobs, spans = MemoryBlobs(), some_spans(count)
    found = ExtentList(blobs, write_extents(blobs.put, PAGE_KEY, spans))
    assert list(found) == spans
    assert found.size == sum(span.hole + span.data for span in spans)
    assert found.data_size == sum(span.data for span in spans)
    start = data = 0
    for span in spans[:100]:
        assert next(found.since(start)) == (span, start, data)
        assert next(found.since(start + span.hole + span.data - 1)) == (span, start, data)
        start, data = start + span.hole + span.data, data + span.data


@given(st.lists(st.builds(Ref, st.binary(min_size=32, max_size=32).map(BlobId), st.integers(1, 2**32)), max_size=70))
def test_any_blobs_come_back(refs: list[Ref]) -> None:
    blobs = MemoryBlobs()
    assert list(BlobList(blobs, write_blob_list(blobs.put, PAGE_KEY, refs))) == refs


def test_one_more_blob_in_the_middle_rewrites_a_few_nodes() -> None:
    blobs, refs = MemoryBlobs(), some_refs(100_000)
    write_blob_list(blobs.put, PAGE_KEY, refs)
    before = set(blobs)
    write_blob_list(blobs.put, PAGE_KEY, [*refs[:50_000], *some_refs(1, seed=9), *refs[50_000:]])
    assert len(set(blobs) - before) <= 5


def test_what_is_empty_is_not_written() -> None:
    blobs = MemoryBlobs()
    with pytest.raises(ValueError, match="empty"):
        write_blob_list(blobs.put, PAGE_KEY, [Ref(BlobId(bytes(32)), 0)])
    with pytest.raises(ValueError, match="empty"):
        write_extents(blobs.put, PAGE_KEY, [Span(0, 0)])


def node(height: int, type: int, *columns: bytes, count: int = 2, version: int = 1) -> bytes:
    return bytes([version, height, type, 0]) + pack("I", [count]) + b"".join(columns)


IDS = bytes(64)


@pytest.mark.parametrize(
    ("type", "data"),
    [
        (ListType.BLOBS, b""),
        (ListType.BLOBS, node(0, 0, pack("Q", [1, 2]), IDS, version=2)),
        (ListType.BLOBS, node(16, 0, pack("Q", [1, 2]), IDS)),
        (ListType.BLOBS, node(0, 1, pack("Q", [1, 2]), IDS)),
        (ListType.BLOBS, node(0, 0, pack("Q", [1, 2]), IDS[1:])),
        (ListType.BLOBS, node(0, 0, pack("Q", [1, 2]), IDS, count=2**32 - 1)),
        (ListType.BLOBS, node(0, 0, pack("Q", [2, 2]), IDS)),
        (ListType.BLOBS, node(0, 0, pack("Q", [0, 2]), IDS)),
        (ListType.BLOBS, node(1, 0, count=0)),
        (ListType.EXTENTS, node(0, 1, pack("Q", [5, 9]), pack("Q", [6, 7]))),
        (ListType.EXTENTS, node(0, 1, pack("Q", [5, 9]), pack("Q", [3, 2]))),
        (ListType.EXTENTS, node(0, 1, pack("Q", [5, 5]), pack("Q", [3, 3]))),
        (ListType.LINKS, node(0, 2, pack("Q", [5, 4]), pack("Q", [1, 1]))),
        (ListType.LINKS, node(0, 2, pack("Q", [5, 6]), pack("Q", [1, 6]))),
        (ListType.LINKS, node(1, 2, pack("Q", [5, 6]), pack("Q", [1, 2**63]), IDS)),
        (ListType.LINKS, node(1, 2, pack("Q", [5, 6]), pack("Q", [2, 1]), IDS)),
    ],
)
def test_hostile_nodes_are_damage(type: ListType, data: bytes) -> None:
    with pytest.raises(DamageError):
        ListNode(data, type)


def test_every_flipped_bit_and_every_cut_is_survived() -> None:
    blobs = MemoryBlobs()
    sound = blobs[BlobKind.LIST, write_extents(blobs.put, PAGE_KEY, some_spans(5))]
    for place in range(len(sound)):
        for data in (sound[:place], *(flipped(sound, place, bit) for bit in range(8))):
            blobs[BlobKind.LIST, bytes(32)] = data
            try:
                found = ExtentList(blobs, ListId(BlobId(bytes(32))))
                assert sum(span.hole + span.data for span in found) == found.size
            except DamageError:
                continue


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def test_a_child_that_is_not_what_its_parent_says_is_damage() -> None:
    blobs = MemoryBlobs()
    child = blobs.put(BlobKind.LIST, node(0, 0, pack("Q", [3, 7]), IDS))
    for height, size in ((1, 8), (2, 7), (1, 6)):
        root = ListId(blobs.put(BlobKind.LIST, node(height, 0, pack("Q", [size]), child, count=1)))
        with pytest.raises(DamageError):
            list(BlobList(blobs, root))


def test_golden_node() -> None:
    blobs = MemoryBlobs()
    refs = [Ref(BlobId(bytes([number]) * 32), 1000 * number) for number in (1, 2, 3)]
    assert blobs[BlobKind.LIST, write_blob_list(blobs.put, PAGE_KEY, refs)].hex() == BLOB_LIST
