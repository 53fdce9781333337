"""Which names of a large directory may differ, from the nodes that it had and those that it has."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Leaf(NamedTuple):
    """A leaf node: its first name and its id, or as much of the id as is kept."""

    first: bytes
    node: bytes


class Range(NamedTuple):
    """Names from `low` to before `high` (None: to the end), and the new leaf that has them; None: none is left."""

    low: bytes
    high: bytes | None
    leaf: int | None


def changed_ranges(old: Sequence[Leaf], new: Sequence[Leaf]) -> Iterator[Range]:
    """Yield, in order, the ranges of names outside the leaves that both have."""
    ends = {leaf.node: end for leaf, end in zip(old, _ends(old), strict=True)}
    if new and old and old[0].first < new[0].first and new[0].node in ends:
        yield Range(b"", new[0].first, None)
    for number, (leaf, end) in enumerate(zip(new, _ends(new), strict=True)):
        if leaf.node not in ends:
            yield Range(leaf.first if number else b"", end, number)
            continue
        before = ends[leaf.node]
        if before is not None and (end is None or before < end):
            yield Range(before, end, None)


def _ends(leaves: Sequence[Leaf]) -> list[bytes | None]:
    return [leaf.first for leaf in leaves[1:]] + [None] if leaves else []
