"""What earlier runs of the series hold of one directory, taken name by name in order."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from yester.engine.blobs import BlobSource
from yester.engine.capture.listing import settled
from yester.engine.capture.statx import ALTERED_NS, Status
from yester.engine.entries import Entry, Mark
from yester.engine.ids import TreeId
from yester.engine.trees.copying import copy_row
from yester.engine.trees.directories import Directory
from yester.engine.trees.page_builder import PageBuilder
from yester.engine.trees.pages import Page

_RETAKE = int(Mark.CHANGED | Mark.UNREADABLE | Mark.EXCLUDED_MOUNT | Mark.ATTRIBUTES_UNREADABLE)


class Known(NamedTuple):
    """An earlier tree of a directory, and when the walk that took it began."""

    tree: TreeId
    taken_ns: int


class EarlierDirectory:
    """A cursor over one directory of an earlier snapshot; names must be asked for in rising order.

    `stamps`, 8 bytes an entry, are those of the file cache when it knows the directory; else entries
    are compared by type, size, mtime and ctime.
    """

    def __init__(
        self, source: BlobSource, tree: TreeId, stamps: memoryview | None = None, *, taken_ns: int = 0
    ) -> None:
        """`taken_ns` is when the walk that took it began: what changed after that is not trusted without stamps."""
        self._taken_ns = taken_ns
        self.is_recorded = stamps is not None
        """The file cache answers for the directory, and it gives no record of a tree that is not whole."""
        self._leaves = Directory(source, tree).leaves()
        self._stamps = stamps
        self._names: list[bytes] = []
        self._row = self._first = 0
        self._page: Page | None = None
        self._advance()

    def _advance(self) -> None:
        self._page, self._first, _ = next(self._leaves, (None, 0, 0))
        self._names = self._page.names() if self._page is not None else []
        self._row = 0

    def seek(self, name: bytes) -> bool:
        """Move to `name`; whether the earlier directory has it."""
        while self._page is not None:
            if self._names[-1] >= name:
                self._row = bisect_left(self._names, name, self._row)
                return self._names[self._row] == name
            self._advance()
        return False

    def entry(self) -> Entry:
        """Return the entry that `seek` found."""
        assert self._page is not None
        return self._page.entry(self._row)

    def copy_to(self, builder: PageBuilder) -> None:
        """Add the entry that `seek` found to a directory being written, as it is."""
        assert self._page is not None
        copy_row(builder, self._page, self._row)

    def tree(self) -> TreeId | None:
        """Return the tree id of the directory that `seek` found, None for anything else."""
        assert self._page is not None
        return self._page.tree(self._row)

    def trees(self) -> tuple[Known, ...]:
        """Return what is known of the directory that `seek` found; nothing for anything else."""
        tree = self.tree()
        return () if tree is None else (Known(tree, self._taken_ns),)

    def unchanged(self, status: Status, stamp: bytes) -> bool:
        """Whether the entry that `seek` found is still what `status` and `stamp` say, and was taken whole."""
        page, row = self._page, self._row
        assert page is not None
        if page.marks[row] & _RETAKE:
            return False
        if self._stamps is not None:
            at = 8 * (self._first + row)
            return stamp != bytes(8) and self._stamps[at : at + 8] == stamp
        if status.st_ctime_ns == ALTERED_NS or not settled(status.st_ctime_ns, self._taken_ns):
            return False
        entry = page.entry(row)
        seen = (entry.mode, entry.size, entry.mtime_ns, entry.ctime_ns)
        return seen == (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class EarlierDirectories:
    """The same directory as several runs saw it, the newest first: what any of them has need not be read again."""

    def __init__(self, each: Sequence[EarlierDirectory]) -> None:
        self._each = each
        self._there: list[EarlierDirectory] = []
        self._at = each[0]

    @property
    def is_recorded(self) -> bool:
        """The file cache answers for the entry that was found."""
        return self._at.is_recorded

    def seek(self, name: bytes) -> bool:
        """Move to `name`; whether any has it."""
        self._there = [each for each in self._each if each.seek(name)]
        if self._there:
            self._at = self._there[0]
        return bool(self._there)

    def entry(self) -> Entry:
        """Return the newest entry that `seek` found, or the one that `unchanged` agreed to."""
        return self._at.entry()

    def copy_to(self, builder: PageBuilder) -> None:
        """Add that entry to a directory being written, as it is."""
        self._at.copy_to(builder)

    def trees(self) -> tuple[Known, ...]:
        """Return what is known of the directory that `seek` found, each tree once."""
        found: dict[TreeId, Known] = {}
        for each in self._there:
            for known in each.trees():
                found.setdefault(known.tree, known)
        return tuple(found.values())

    def unchanged(self, status: Status, stamp: bytes) -> bool:
        """Whether one of them has the entry as it still is; `entry` is then that one's."""
        for each in self._there:
            if each.unchanged(status, stamp):
                self._at = each
                return True
        return False


Earlier = EarlierDirectory | EarlierDirectories


def entries_of(source: BlobSource, tree: TreeId) -> Iterator[Entry]:
    """Yield all entries of a directory in order."""
    for page, _, _ in Directory(source, tree).leaves():
        for row in range(page.count):
            yield page.entry(row)
