"""Writes into the catalogue what one snapshot changed.

The walk goes down the snapshot's trees and compares each directory with what the catalogue says of it; where the tree
id is the same it goes no further. The trees of the snapshot before are not needed: it may have been forgotten and
pruned since.

Rows are written when no query is open, and all in the one transaction of the caller. At any time the walk holds the
rows of one leaf for each folder on the way down.

What cannot be read is left as it was and noted in `lost`; its folder, and those above it, are kept with no
content, so that the next snapshot looks again.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import NamedTuple

from yester.engine.blobs import BlobSource
from yester.engine.catalogue.names import ROOT, add_names, next_id
from yester.engine.catalogue.ranges import Leaf, Range, changed_ranges
from yester.engine.catalogue.schema import has_trigrams
from yester.engine.catalogue.states import ABSENT, GONE, Chunks, State, only_below, states
from yester.engine.entries import Owner
from yester.engine.errors import DamageError
from yester.engine.ids import SHORT_ID_SIZE, BlobKind
from yester.engine.trees.page_columns import malformed
from yester.engine.trees.pages import Page

FIRST = 1
"""The ordinal of a series' first snapshot."""
_BATCH = 20_000
"""Rows that are held before they are written."""
_AT_ONCE = 5_000
"""Names of a directory that are read at once."""
_SECOND_NS = 10**9

_KNOWN = (
    "SELECT p.id, p.name, s.mode, s.owner, s.size, s.mtime_ns, s.content, s.extra FROM path p LEFT JOIN state s"
    " ON s.path = p.id AND s.series = ?1 AND s.first = (SELECT max(first) FROM state WHERE path = p.id AND series = ?1)"
    " WHERE p.parent = ?2 AND p.name >= ?3"
)


class _Folder(NamedTuple):
    """A directory to be compared; `tree` is its full id, None when it is there no more."""

    path: int
    known: bool
    """Whether the catalogue may have names in it."""
    tree: bytes | None
    state: State


class SnapshotIntake:
    """Takes one snapshot of one series in."""

    def __init__(
        self, db: sqlite3.Connection, source: BlobSource, series: int, ordinal: int, tick: Callable[[int], None]
    ) -> None:
        """`tick` is told of every number of names that were compared, and may raise to stop."""
        self._db, self._source, self._series, self._ordinal, self._tick = db, source, series, ordinal, tick
        self._owners: dict[Owner, int] = {}
        self._next = next_id(db)
        self._has_trigrams = has_trigrams(db)
        self._paths: list[tuple[int, int, bytes, int]] = []
        self._states: list[tuple[object, ...]] = []
        self._newest: list[tuple[int, int]] = []
        self._chunks: list[Chunks] = []
        self._open: list[_Folder] = []
        self._doubted: set[int] = set()
        self.lost: list[tuple[BlobKind, bytes]] = []
        """The nodes of directories that could not be read."""

    def run(self, root: bytes) -> None:
        """Take everything in; `root` is the encoded entry of `/`. DamageError when that cannot be read."""
        page = Page(root, root=True)
        page.check()
        entry = states(page, self._owner, self._chunks.append)[0]
        if self._next == ROOT:
            self._new_path(0, b"", entry)
        before = self._last(ROOT)
        if before == entry:
            return
        self._put(ROOT, entry, before)
        tree = page.tree(0)
        if tree is not None and (before is None or before.content != entry.content):
            self._walk(_Folder(ROOT, True, tree, entry))
        self._flush()

    def _walk(self, top: _Folder) -> None:
        self._open.append(top)
        todo = [self._folder(top)]
        while todo:
            inner = next(todo[-1], None)
            if inner is None:
                todo.pop()
                self._open.pop()
            else:
                self._open.append(inner)
                todo.append(self._folder(inner))

    def _folder(self, folder: _Folder) -> Iterator[_Folder]:
        """Compare one directory; yield the ones in it that differ."""
        self._flush_when_full()
        if folder.tree is None:
            yield from self._gone(folder.path)
            return
        try:
            root = Page(self._source.blob(BlobKind.TREE, folder.tree), folder.tree)
            root.names()
            leaves = list(self._leaves(root)) if root.height else []
        except DamageError:
            self._unknown(BlobKind.TREE, folder.tree)
            return
        old = self._old_leaves(folder.path) if folder.known else []
        if leaves:
            yield from self._large(folder, old, leaves)
            return
        if old:
            self._forget_leaves(folder.path)
        try:
            found = self._compared(folder, root, Range(b"", None, 0))
        except DamageError:
            self._unknown(BlobKind.TREE, folder.tree)
            return
        yield from found

    def _large(self, folder: _Folder, old: list[Leaf], leaves: list[Leaf]) -> Iterator[_Folder]:
        """Compare a directory of several leaves: only names in leaves that it did not have before."""
        kept = [Leaf(leaf.first, leaf.node[:SHORT_ID_SIZE]) for leaf in leaves]
        lost: set[int] = set()
        for part in changed_ranges(old, kept):
            self._flush_when_full()
            try:
                yield from self._compared(folder, self._leaf(leaves, part), part)
            except DamageError:
                # Only a leaf is read here: a range without one cannot be damaged.
                assert part.leaf is not None
                self._unknown(BlobKind.PAGE, leaves[part.leaf].node)
                lost.add(part.leaf)
        self._flush()
        self._forget_leaves(folder.path)
        self._db.executemany(
            "INSERT INTO leaf VALUES (?, ?, ?, ?)",
            [
                (folder.path, self._series, leaf.first, b"" if number in lost else leaf.node)
                for number, leaf in enumerate(kept)
            ],
        )

    def _leaves(self, node: Page) -> Iterator[Leaf]:
        for row in range(node.count):
            if node.height == 1:
                yield Leaf(node.name(row), node.child(row))
                continue
            blob = node.child(row)
            child = Page(self._source.blob(BlobKind.PAGE, blob), blob)
            if child.height != node.height - 1:
                malformed("it is not what its parent says", blob)
            child.names()
            yield from self._leaves(child)

    def _leaf(self, leaves: list[Leaf], part: Range) -> Page | None:
        if part.leaf is None:
            return None
        leaf = leaves[part.leaf]
        page = Page(self._source.blob(BlobKind.PAGE, leaf.node), leaf.node)
        if page.height or not page.count or page.name(0) != leaf.first:
            malformed("it is not what its parent says", leaf.node)
        return page

    def _compared(self, folder: _Folder, page: Page | None, part: Range) -> list[_Folder]:
        """Compare the names of a range with the rows of a leaf; return the directories among them that differ."""
        new: dict[bytes, tuple[State, bytes | None]] = {}
        if page is not None:
            rows = states(page, self._owner, self._chunks.append)
            trees = {row: page.tree(row) for row in page.directory_rows.tolist()}
            new = {
                name: (state, trees.get(row)) for row, (name, state) in enumerate(zip(page.names(), rows, strict=True))
            }
        self._tick(len(new))
        differing: list[_Folder] = []
        if folder.known:
            self._meet_known(folder.path, part, new, differing)
        for name, (state, tree) in new.items():
            path = self._new_path(folder.path, name, state)
            self._put_row(path, state, differs=True)
            if tree is not None:
                differing.append(_Folder(path, False, tree, state))
        return differing

    def _meet_known(
        self, parent: int, part: Range, new: dict[bytes, tuple[State, bytes | None]], differing: list[_Folder]
    ) -> None:
        """Compare with what the catalogue has in the range; what is met is taken out of `new`."""
        for path, name, before in self._known_in(parent, part.low, part.high):
            state, tree = new.pop(name, (GONE, None))
            if before == state or (before is None and state is GONE):
                continue
            self._put(path, state, before)
            was = before is not None and before.is_directory
            if tree is not None and (before is None or not was or before.content != state.content):
                differing.append(_Folder(path, True, tree, state))
            elif was and not state.is_directory:
                differing.append(_Folder(path, True, None, state))

    def _gone(self, parent: int) -> Iterator[_Folder]:
        """Note that a directory's names are there no more."""
        self._forget_leaves(parent)
        for path, _, before in self._known_in(parent, b"", None):
            if before is not None and before.mode != ABSENT:
                self._put(path, GONE, before)
                if before.is_directory:
                    yield _Folder(path, True, None, GONE)

    def _known_in(self, parent: int, low: bytes, high: bytes | None) -> Iterator[tuple[int, bytes, State | None]]:
        """Yield id, name and newest state of what the catalogue has in a range of a directory's names.

        Some at a time, so that rows can be written between them.
        """
        words = f"{_KNOWN}{'' if high is None else ' AND p.name < ?5'} ORDER BY p.name LIMIT ?4"
        last, some = low, _AT_ONCE
        while some == _AT_ONCE:
            values = [self._series, parent, last, _AT_ONCE, *([] if high is None else [high])]
            rows = self._db.execute(words, values).fetchall()
            for path, name, *known in rows:
                yield path, name, State(*known) if known[0] is not None else None
            some, last = len(rows), rows[-1][1] + b"\0" if rows else b""
            self._flush_when_full()

    def _unknown(self, kind: BlobKind, node: bytes) -> None:
        """Leave what cannot be read as it was, and have the next snapshot come this way again."""
        self.lost.append((kind, node))
        for folder in self._open:
            if folder.path not in self._doubted:
                self._doubted.add(folder.path)
                self._put_row(folder.path, folder.state._replace(content=b""), differs=True)

    # Rows

    def _last(self, path: int) -> State | None:
        found = self._db.execute(
            "SELECT mode, owner, size, mtime_ns, content, extra FROM state WHERE path = ? AND series = ?"
            " ORDER BY first DESC LIMIT 1",
            (path, self._series),
        ).fetchone()
        return None if found is None else State(*found)

    def _put(self, path: int, state: State, before: State | None) -> None:
        self._put_row(path, state, differs=before is None or not only_below(before, state))
        if before is not None and state.mtime_ns > before.mtime_ns:
            self._newest.append((state.mtime_ns // _SECOND_NS, path))

    def _put_row(self, path: int, state: State, *, differs: bool) -> None:
        self._states.append((path, self._series, self._ordinal, *state, differs and self._ordinal > FIRST))

    def _new_path(self, parent: int, name: bytes, state: State) -> int:
        path, self._next = self._next, self._next + 1
        self._paths.append((path, parent, name, state.mtime_ns // _SECOND_NS))
        return path

    def _owner(self, owner: Owner) -> int:
        known = self._owners.get(owner)
        if known is None:
            values = (owner.uid, owner.gid, owner.user, owner.group)
            self._db.execute("INSERT OR IGNORE INTO owner(uid, gid, user, team) VALUES (?, ?, ?, ?)", values)
            query = "SELECT id FROM owner WHERE uid = ? AND gid = ? AND user = ? AND team = ?"
            known = self._owners[owner] = int(self._db.execute(query, values).fetchone()[0])
        return known

    def _old_leaves(self, path: int) -> list[Leaf]:
        query = "SELECT name, node FROM leaf WHERE path = ? AND series = ? ORDER BY name"
        return [Leaf(*row) for row in self._db.execute(query, (path, self._series))]

    def _forget_leaves(self, path: int) -> None:
        self._db.execute("DELETE FROM leaf WHERE path = ? AND series = ?", (path, self._series))

    def _flush_when_full(self) -> None:
        if len(self._states) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        db = self._db
        db.executemany("INSERT INTO path VALUES (?, ?, ?, ?)", self._paths)
        add_names(db, [name for _, _, name, _ in self._paths])
        if self._has_trigrams:
            db.executemany(
                "INSERT INTO trigram(rowid, name) VALUES (?, ?)",
                [(path, folded(name)) for path, _, name, _ in self._paths],
            )
        db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._states)
        db.executemany("UPDATE path SET newest = ?1 WHERE id = ?2 AND newest < ?1", self._newest)
        db.executemany("INSERT OR IGNORE INTO chunks VALUES (?, ?)", self._chunks)
        for rows in (self._paths, self._states, self._newest, self._chunks):
            rows.clear()


def folded(name: bytes) -> str:
    """Return a name as the trigrams have it: without case, and with a sign for each byte that is no UTF-8.

    Folding goes sign by sign, so what lies in a name lies in the folded name too.
    """
    return name.decode("utf-8", "replace").casefold()
