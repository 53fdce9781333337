"""Directories that are being walked, as far as they have been: from `/` down to where the walk is.

A run that takes long keeps what it has at intervals. The directories on the way are then closed as they are into trees
of their own, from the innermost out, and the walk goes on with its writers as if nothing had been.

A half directory holds what comes before the walk's place in preorder, so that ordinals, and the link table made of
them, are those of a finished walk. What an earlier snapshot has of the rest is not put in: it was not looked at yet,
and the next run must not take it for something that this one saw.
"""

from collections.abc import Callable
from dataclasses import replace

from yester.engine.blobs import BlobSource
from yester.engine.capture.attributes import Attributes
from yester.engine.capture.filecache import FileCacheWriter
from yester.engine.capture.intake import Intake
from yester.engine.entries import Entry, Mark, Ref, Summary
from yester.engine.ids import TreeId
from yester.engine.trees.copying import copy_row
from yester.engine.trees.directories import Directory, TreeWriter

Below = tuple[TreeId, Summary]
"""A directory's tree and what is in it."""

_NOT_ENTERED = Mark.UNREADABLE | Mark.EXCLUDED_MOUNT


def with_tree(entry: Entry, below: Below | None) -> Entry:
    """Return a folder's entry with what is below it now; None: it cannot be read any more."""
    if below is None:
        return replace(entry, refs=(), summary=None, marks=entry.marks | Mark.UNREADABLE)
    return replace(entry, refs=(Ref(below[0], 0),), summary=below[1], marks=entry.marks & ~_NOT_ENTERED)


class HalfWritten:
    """A directory whose rows are being written. `name` and `attributes` are those of the folder that the walk is in."""

    __slots__ = ("attributes", "is_gappy", "name", "path", "stamps", "writer")

    def __init__(self, writer: TreeWriter, path: bytes = b"", stamps: bytes = b"") -> None:
        """`path` and `stamps`, of its whole listing, are those of a directory that is recorded for the next run."""
        self.writer, self.path, self.stamps = writer, path, stamps
        self.name: bytes | None = None
        self.attributes: Attributes | None = None
        self.is_gappy = False
        """Whether something in the listing vanished, so that rows and stamps do not stand side by side any more."""

    def enter(self, name: bytes, attributes: Attributes) -> None:
        """Note that the walk goes into a folder."""
        self.name, self.attributes = name, attributes

    def leave(self) -> None:
        """Note that the walk is out of that folder again."""
        self.name = self.attributes = None

    def closed(self, intake: Intake, below: Below) -> Below:
        """Return the tree of the rows so far, and of the folder that the walk is in with what is `below` it."""
        writer = self.writer.so_far()
        if self.name is not None and self.attributes is not None:
            intake.folder_row(writer, self.name, self.attributes, below)
        return writer.finish()

    def record(self, records: FileCacheWriter) -> None:
        """Record the rows so far for the next run."""
        rows = self.writer.rows
        if self.stamps and rows and not self.is_gappy:
            tree, summary = self.writer.so_far().finish()
            records.add_half(self.path, tree, summary, self.stamps[: 8 * rows])


class HalfKept:
    """A directory whose own entries are as they were, so that only its folders are walked, and no row is written."""

    __slots__ = ("_source", "_tree", "_writer", "found", "gone", "name")

    def __init__(self, source: BlobSource, tree: TreeId, writer: Callable[[], TreeWriter]) -> None:
        self._source, self._tree, self._writer = source, tree, writer
        self.name = b""
        self.found: dict[bytes, Below | None] = {}
        """Folders that came back different; None: one that cannot be read any more."""
        self.gone: set[bytes] = set()

    def closed(self, intake: Intake, below: Below) -> Below:
        """Return a tree of the entries up to the folder that the walk is in, which holds what is `below`."""
        writer = self._writer()
        found = {**self.found, self.name: below}
        for page, _, _ in Directory(self._source, self._tree).leaves():
            for row, name in enumerate(page.names()):
                if name > self.name:
                    return writer.finish()
                if name in found:
                    writer.add(with_tree(page.entry(row), found[name]))
                elif name not in self.gone:
                    copy_row(writer, page, row)
        return writer.finish()

    def record(self, records: FileCacheWriter) -> None:
        """Do nothing: the record that says that it is as it was will do."""


Half = HalfWritten | HalfKept
