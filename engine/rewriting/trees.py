"""A tree written anew where it changes; everything else keeps its ids and is neither read nor written.

Only directories on the way to an edit are opened. Rows that stay are copied from node to node; a node that cannot be
read is left out, and what was in it is counted from what its parent says, so that the ordinals of all others are known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from yester.engine.blobs import BlobSource, Put
from yester.engine.entries import Entry, Mark, Ref, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId
from yester.engine.rewriting.edits import Edits
from yester.engine.rewriting.ordinals import Removals
from yester.engine.trees.copying import copy_row
from yester.engine.trees.directories import Directory, TreeWriter
from yester.engine.trees.page_builder import Owners
from yester.engine.trees.pages import Page

_NOTHING = Edits()

Mend = Callable[[Entry], Entry]
"""Returns an entry without what cannot be read of it; a directory keeps its ref."""


class Rewritten(NamedTuple):
    """A tree after its edits."""

    root: Entry
    removals: Removals
    """Which entries went, by their ordinals before."""


@dataclass(slots=True)
class _Open:
    """A directory that is being written anew."""

    entry: Entry
    ordinal: int
    edits: Edits
    writer: TreeWriter
    rows: Iterator[tuple[Page, int, int]]
    """Node, row and ordinal of each name that can be read."""


class TreeRewriter:
    """Writes trees anew. `mend` is called for names that edits name, and for directories below which names are lost."""

    def __init__(
        self, source: BlobSource, put: Put, page_key: bytes, mend: Mend, damaged: Callable[[DamageError], None]
    ) -> None:
        """`damaged` is told of each node that cannot be read, and may raise; else what is in it is left out."""
        self._source = source
        self._damaged = damaged
        self._put = put
        self._page_key = page_key
        self._mend = mend
        self._owners = Owners()

    def rewrite(self, root: Entry, edits: Edits) -> Rewritten:
        """Return the tree of a snapshot after its edits; its root is mended in any case.

        Where names are lost in a directory that `edits` leads to, the rest of it is kept; where all are lost, it is
        marked unreadable.
        """
        removals = Removals()
        done = self._directory(self._mend(root), 0, edits, removals)
        if isinstance(done, Entry):
            return Rewritten(done, removals)
        stack = [done]
        while True:
            here = stack[-1]
            opened = self._copy(here, removals)
            if opened is not None:
                stack.append(opened)
                continue
            stack.pop()
            entry = _with_tree(here)
            if not stack:
                return Rewritten(entry, removals)
            stack[-1].writer.add(entry)

    def _copy(self, here: _Open, removals: Removals) -> _Open | None:
        """Copy rows until one is a directory to be written anew, which is returned; None at the end."""
        edits = here.edits
        touched = edits.drop | edits.mend | edits.below.keys()
        for page, row, ordinal in here.rows:
            name = page.name(row)
            if name not in touched:
                copy_row(here.writer, page, row)
                continue
            entry = page.entry(row)
            if name in edits.drop:
                removals.add(ordinal, 1 + _below(entry))
                continue
            if name in edits.mend:
                entry = self._mend(entry)
            done = self._directory(entry, ordinal, edits.below.get(name, _NOTHING), removals)
            if not isinstance(done, Entry):
                return done
            here.writer.add(done)
        return None

    def _directory(self, entry: Entry, ordinal: int, edits: Edits, removals: Removals) -> _Open | Entry:
        """Open a directory to write it anew; return the entry that stands for it when there is nothing to write."""
        if not entry.is_directory or not entry.refs or edits is _NOTHING:
            return entry
        try:
            directory = Directory(self._source, entry.tree, entry.summary.entries if entry.summary else None)
        except DamageError as error:
            self._damaged(error)
            removals.add(ordinal + 1, _below(entry))
            return replace(entry, refs=(), summary=None, marks=entry.marks | Mark.UNREADABLE)
        writer = TreeWriter(self._put, self._page_key, self._owners)
        return _Open(entry, ordinal, edits, writer, _readable(directory, ordinal + 1, removals, self._damaged))


def _readable(
    directory: Directory, first: int, removals: Removals, damaged: Callable[[DamageError], None]
) -> Iterator[tuple[Page, int, int]]:
    """Yield what can be read of a directory; the ordinals of what cannot go."""
    expected = 0
    for page, _, base in directory.sound_leaves(damaged):
        removals.add(first + expected, base - expected)
        for row, ordinal in enumerate(page.ordinals()):
            yield page, row, first + base + ordinal
        expected = base + page.entries
    removals.add(first + expected, directory.entries - expected)


def _with_tree(done: _Open) -> Entry:
    tree, below = done.writer.finish()
    return replace(done.entry, refs=(Ref(BlobId(tree), 0),), summary=below)


def _below(entry: Entry) -> int:
    return (entry.summary or Summary()).entries
