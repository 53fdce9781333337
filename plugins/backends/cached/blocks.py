"""Blocks: the pieces in which parts of data packs are fetched and kept.

What is read of a pack is rounded to whole blocks. So whoever sees the requests learns less of what is read (chunk
lengths tell files apart), and neighbours come along.
"""

from collections.abc import Iterable, Iterator

BLOCK_SIZE = 256 << 10
"""About a frame before it is compressed: a small file costs one or two blocks."""


def blocks_of(offset: int, size: int) -> range:
    """Return the numbers of the blocks that a part of an object lies in."""
    return range(offset // BLOCK_SIZE, -(-(offset + size) // BLOCK_SIZE))


def first_byte(number: int) -> int:
    """Return where a block begins."""
    return number * BLOCK_SIZE


def size_of(number: int, whole_size: int) -> int:
    """Return how many bytes a block of an object has: the last one has what is left."""
    return min(BLOCK_SIZE, whole_size - number * BLOCK_SIZE)


def stretches(numbers: Iterable[int], most: int) -> Iterator[range]:
    """Group numbers, rising, into stretches without gaps, of at most so many each."""
    start = end = -1
    for number in numbers:
        if number == end and end - start < most:
            end += 1
            continue
        if start >= 0:
            yield range(start, end)
        start, end = number, number + 1
    if start >= 0:
        yield range(start, end)
