"""The link table of a snapshot: which entries are further names of an earlier entry's file (docs/format.md, section 7).

Entries are known by their ordinals. The first name of a file in preorder is its *first*; the table has all others.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from yester.engine.blobs import BlobSource, Put
from yester.engine.ids import ListId
from yester.engine.trees.lists import ListReader, ListType, ListWriter, Record


def write_links(put: Put, page_key: bytes, pairs: Iterable[tuple[int, int]]) -> ListId:
    """Put the table of (member, first) pairs, which rise by member; ValueError when they do not."""
    writer = ListWriter(put, page_key, ListType.LINKS)
    previous = 0
    for member, first in pairs:
        if member <= previous or not 0 <= first < member:
            raise ValueError("links out of order")
        previous = member
        writer.add(Record((member, first), b""))
    return writer.finish()


class LinkTable:
    """A link table being read. Its methods may raise DamageError, and what the source raises."""

    __slots__ = ("_reader",)

    def __init__(self, source: BlobSource, id: ListId) -> None:
        self._reader = ListReader(source, id, ListType.LINKS)

    def first(self, ordinal: int) -> int:
        """Return the first name of the file that this entry is; itself, when it is one or has no other names."""
        node = self._reader.root
        while True:
            row = bisect_right(node.columns[0], ordinal) - 1
            if row < 0:
                return ordinal
            if not node.height:
                return node.columns[1][row] if node.columns[0][row] == ordinal else ordinal
            node = self._reader.child(node, row)

    def __len__(self) -> int:
        root = self._reader.root
        return root.columns[1][-1] if root.height else root.count

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield (member, first) pairs, rising by member."""
        for leaf in self._reader.leaves():
            yield from zip(*leaf.columns, strict=True)
