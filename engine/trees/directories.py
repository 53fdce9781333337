"""Directories as trees of nodes: written as a stream, read by name, by position and by ordinal.

A directory of up to 64 names is one node, and most are. A larger one is cut after names that a keyed hash picks, so
that where a node ends depends on the names near it and on nothing else: one more name in a directory of a million
changes one leaf and the inner nodes above it (docs/format.md, section 6).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator

from yester.engine.blobs import BlobSource, Put
from yester.engine.entries import Entry, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind, TreeId
from yester.engine.store import Buffer
from yester.engine.trees.page_builder import Child, Owners, PageBuilder, encode_inner
from yester.engine.trees.page_columns import MAX_ROWS, MIN_ROWS, ROOT_NAME, cuts, malformed
from yester.engine.trees.pages import Page

_KEPT_INNER_NODES = 64


class TreeWriter(PageBuilder):
    """One directory being written: rows in rising order of names, nodes put as soon as they are whole.

    Holds the open leaf and one open inner node a level, whatever the size of the directory.
    """

    __slots__ = ("_last", "_levels", "_page_key", "_put")

    def __init__(self, put: Put, page_key: bytes, owners: Owners | None = None) -> None:
        super().__init__(owners)
        self._put = put
        self._page_key = page_key
        self._levels: list[list[Child]] = []
        self._last = b""

    def _make_room(self) -> None:
        if self._ends(len(self._rows), self._rows[-1][0], 0):
            self._climb(1, self._leaf())
            self._clear()

    def _leaf(self) -> Child:
        data, summary = self.encode()
        first = self._rows[0][0]
        if first <= self._last:
            raise ValueError("names of a directory that are not sorted")
        self._last = self._rows[-1][0]
        return Child(first, BlobId(self._put(BlobKind.PAGE, data)), summary, len(self._rows))

    def _ends(self, rows: int, name: bytes, height: int) -> bool:
        return rows >= MIN_ROWS and (rows >= MAX_ROWS or cuts(name, self._page_key, height))

    def _climb(self, height: int, child: Child) -> None:
        """Add a child to the open inner node of this height, ending the node before if it is whole."""
        if height > len(self._levels):
            self._levels.append([])
        level = self._levels[height - 1]
        if level and self._ends(len(level), level[-1].first, height):
            self._climb(height + 1, self._inner(height, level))
            level.clear()
        level.append(child)

    def _inner(self, height: int, children: list[Child]) -> Child:
        data, summary = encode_inner(height, children)
        rows = sum([child.rows for child in children])
        return Child(children[0].first, self._put(BlobKind.PAGE, data), summary, rows)

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return len(self._rows) + sum([child.rows for level in self._levels for child in level])

    def so_far(self) -> "TreeWriter":
        """Return a writer of its own that has the same rows: finishing it gives a tree of what was added by now."""
        writer = TreeWriter(self._put, self._page_key, self.owners)
        self._copy_rows(writer)
        writer._levels = [[*level] for level in self._levels]
        writer._last = self._last
        return writer

    def finish(self) -> tuple[TreeId, Summary]:
        """Put what is open and return the directory's id and what is below it. The writer is not used afterwards."""
        if not self._levels:
            data, summary = self.encode()
        else:
            self._climb(1, self._leaf())
            height = 1
            while height < len(self._levels):
                self._climb(height + 1, self._inner(height, self._levels[height - 1]))
                height += 1
            data, summary = encode_inner(height, self._levels[-1])
        return TreeId(self._put(BlobKind.TREE, data)), summary


class Directory:
    """One directory being read. Keeps its root node, some inner nodes and the leaf that was read last.

    Positions count names from 0; ordinals count entries, names and all that is below them, from 0 for the first name.
    Every method may raise DamageError, and what the source raises.
    """

    __slots__ = ("_inner", "_last_leaf", "_source", "root")

    def __init__(self, source: BlobSource, tree: TreeId, entries: int | None = None) -> None:
        """Read the root node. `entries` is what the parent says: a directory that says otherwise is damaged."""
        self._source = source
        self._inner: dict[bytes, Page] = {}
        self._last_leaf: Page | None = None
        self.root = Page(source.blob(BlobKind.TREE, tree), tree)
        if entries is not None and entries != self.root.entries:
            malformed("it is not what its parent says", tree)

    def __len__(self) -> int:
        return self.root.rows

    @property
    def entries(self) -> int:
        """How many entries are in the directory and all below it."""
        return self.root.entries

    def _child(self, parent: Page, row: int) -> Page:
        """Return the child node, checked against what the parent says of it."""
        blob = parent.child(row)
        kept = self._last_leaf if parent.height == 1 else self._inner.get(blob)
        if kept is not None and kept.blob == blob:
            return kept
        page = Page(self._source.blob(BlobKind.PAGE, blob), blob)
        (rows, entries), (rows_end, entries_end) = parent.before(row), parent.before(row + 1)
        agrees = (
            page.height == parent.height - 1 and page.rows == rows_end - rows and page.entries == entries_end - entries
        )
        if not agrees or not page.count or page.name(0) != parent.name(row):
            malformed("it is not what its parent says", blob)
        self._keep(page)
        return page

    def _keep(self, page: Page) -> None:
        """A directory of a million names has about ten inner nodes, and parsing one costs more than all else."""
        if not page.height:
            self._last_leaf = page
            return
        if len(self._inner) >= _KEPT_INNER_NODES:
            self._inner.clear()
        self._inner[page.blob] = page

    def find(self, name: bytes) -> tuple[Page, int, int] | None:
        """Return the leaf and row of this name and its ordinal; None when there is none."""
        page, base = self.root, 0
        while page.height:
            child = page.after(name) - 1
            if child < 0:
                return None
            base += page.before(child)[1]
            page = self._child(page, child)
        row = page.find(name)
        return None if row < 0 else (page, row, base + page.ordinal(row))

    def at(self, index: int) -> tuple[Page, int, int]:
        """Return the leaf and row of the name at this position, and its ordinal; IndexError when there is none."""
        page, first, base = self._leaf(index)
        return page, index - first, base + page.ordinal(index - first)

    def _leaf(self, index: int) -> tuple[Page, int, int]:
        """Return the leaf with this position, the position of its first row and that row's ordinal."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        page, first, base = self.root, 0, 0
        while page.height:
            child = bisect_right(page.rows_below, index - first)
            rows, entries = page.before(child)
            first, base = first + rows, base + entries
            page = self._child(page, child)
        return page, first, base

    def leaves(self, start: int = 0) -> Iterator[tuple[Page, int, int]]:
        """Yield the leaf with the position `start` and all after it; of each, its first row's position and ordinal."""
        last = b""
        while start < len(self):
            page, first, base = self._leaf(start)
            if page.name(0) <= last:
                malformed("names of a directory out of order", page.blob)
            yield page, first, base
            last = page.name(page.count - 1)
            start = first + page.count

    def sound_leaves(self, damaged: Callable[[DamageError], None]) -> Iterator[tuple[Page, int, int]]:
        """Like `leaves`, but a node that cannot be read is told to `damaged` and passed over."""
        last = b""
        for page, first, base in self._sound_leaves(self.root, 0, 0, damaged):
            try:
                if page.count and page.name(0) <= last:
                    malformed("names of a directory out of order", page.blob)
                last = page.name(page.count - 1) if page.count else last
            except DamageError as error:
                damaged(error)
            else:
                yield page, first, base

    def _sound_leaves(
        self, page: Page, first: int, base: int, damaged: Callable[[DamageError], None]
    ) -> Iterator[tuple[Page, int, int]]:
        if not page.height:
            yield page, first, base
            return
        for row in range(page.count):
            rows, entries = page.before(row)
            try:
                child = self._child(page, row)
            except DamageError as error:
                damaged(error)
                continue
            yield from self._sound_leaves(child, first + rows, base + entries, damaged)

    def at_ordinal(self, ordinal: int) -> tuple[Page, int, int]:
        """Return leaf, row and 0 for the name with this ordinal; or the directory it is below, and its place from 1.

        IndexError when the directory has no such entry.
        """
        if not 0 <= ordinal < self.entries:
            raise IndexError(ordinal)
        page = self.root
        while page.height:
            child = bisect_right(page.entries_below, ordinal)
            ordinal -= page.before(child)[1]
            page = self._child(page, child)
        return page, *page.at_ordinal(ordinal)


def walk(source: BlobSource, root: Entry, path: bytes = b"/") -> Iterator[tuple[bytes, Entry, int]]:
    """Yield path, entry and ordinal of `root`, which is at `path` with ordinal 0, and of all below it in preorder."""
    yield path, root, 0
    open_rows = [_entries(source, root, path, 1)]
    while open_rows:
        found = next(open_rows[-1], None)
        if found is None:
            open_rows.pop()
            continue
        yield found
        if found[1].is_directory and found[1].refs:
            open_rows.append(_entries(source, found[1], found[0], found[2] + 1))


def _entries(source: BlobSource, parent: Entry, path: bytes, first: int) -> Iterator[tuple[bytes, Entry, int]]:
    """Yield path, entry and ordinal of all names in one directory; `first` is the ordinal of the first."""
    if not parent.refs:
        return
    prefix = path if path.endswith(b"/") else path + b"/"
    for page, _, base in open_directory(source, parent).leaves():
        rows = zip(page.names(), page.ordinals(), strict=True)
        for row, (name, ordinal) in enumerate(rows):
            yield prefix + name, page.entry(row), first + base + ordinal


def walk_directory(source: BlobSource, entry: Entry) -> Iterator[Entry]:
    """Yield what is directly in a directory that has been read (`refs` is not empty)."""
    for page, _, _ in open_directory(source, entry).leaves():
        for row in range(page.count):
            yield page.entry(row)


def open_directory(source: BlobSource, entry: Entry) -> Directory:
    """Return the directory of an entry that has been read (`refs` is not empty)."""
    return Directory(source, entry.tree, entry.summary.entries if entry.summary else None)


def resolve(source: BlobSource, root: Entry, path: bytes) -> Entry | None:
    """Return the entry at a path below `root`; None when there is none. `.` and `..` mean nothing here."""
    entry = root
    for name in filter(None, path.split(b"/")):
        if not entry.is_directory or not entry.refs:
            return None
        found = open_directory(source, entry).find(name)
        if found is None:
            return None
        entry = found[0].entry(found[1])
    return entry


def encode_root(entry: Entry) -> bytes:
    """Return the entry of a snapshot's "/" as a node of one row, the only one that may have this name."""
    builder = PageBuilder(root=True)
    builder.add(entry)
    return builder.encode()[0]


def decode_root(data: Buffer) -> Entry:
    """Return the entry of a snapshot's "/"; DamageError when the bytes are no such node."""
    page = Page(data, root=True)
    if page.height or page.count != 1 or page.names() != [ROOT_NAME]:
        malformed("it is not the root of a snapshot")
    page.check()
    return page.entry(0)
