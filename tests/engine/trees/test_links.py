import random

import pytest
from tests.engine.metadata import PAGE_KEY, MemoryBlobs

from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind, ListId
from yester.engine.trees.links import LinkTable, write_links
from yester.engine.trees.page_columns import pack


def some_pairs(count: int) -> list[tuple[int, int]]:
    generator = random.Random(1)
    return [(3 * place + 2, generator.randrange(1, 3 * place + 2)) for place in range(count)]


@pytest.mark.parametrize("count", [0, 1, 64, 65, 5000, 60_000])
def test_members_lead_to_their_first(count: int) -> None:
    blobs, pairs = MemoryBlobs(), some_pairs(count)
    table = LinkTable(blobs, write_links(blobs.put, PAGE_KEY, pairs))
    assert list(table) == pairs
    assert len(table) == count
    for member, first in random.Random(2).sample(pairs, min(count, 300)):
        assert table.first(member) == first
        assert table.first(member + 1) == member + 1
    assert table.first(0) == 0
    assert table.first(10**12) == 10**12


@pytest.mark.parametrize("pairs", [[(1, 1)], [(2, 3)], [(3, 1), (2, 1)], [(2, 1), (2, 1)], [(2, -1)]])
def test_impossible_links_are_not_written(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="out of order"):
        write_links(MemoryBlobs().put, PAGE_KEY, pairs)


def test_a_child_that_is_not_what_its_parent_says_is_damage() -> None:
    blobs = MemoryBlobs()
    child = blobs[BlobKind.LIST, write_links(blobs.put, PAGE_KEY, [(5, 1), (6, 1)])]
    for member, count in ((4, 2), (5, 3)):
        head = b"\1\1\2\0" + pack("I", [1]) + pack("Q", [member]) + pack("Q", [count])
        root = ListId(blobs.put(BlobKind.LIST, head + blobs.put(BlobKind.LIST, child)))
        with pytest.raises(DamageError):
            LinkTable(blobs, root).first(6)


def test_a_missing_table_is_damage() -> None:
    with pytest.raises(DamageError):
        LinkTable(MemoryBlobs(), ListId(BlobId(bytes(32))))
