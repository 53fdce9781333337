"""What snapshots refer to, in bounded memory: each node of each tree is read once, whoever shares it.

Whoever notes that a node is needed notes that it was walked as well. What is kept besides is the way down from the
root: the references of a few nodes that are still to be looked at.
"""

from collections.abc import Callable, Iterable

from yester.engine.blobs import BlobSource
from yester.engine.errors import DamageError
from yester.engine.ids import BlobKind
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.referring import Reference, of_node, of_snapshot

_REPAIR = "Run `yester check` to see what is hit; a prune frees nothing while it cannot know what is needed."

Note = Callable[[Reference], bool]
"""Notes that a blob is needed; whether nobody had noted it before."""


class Walk:
    """Walks what snapshots refer to. For one thread."""

    def __init__(self, source: BlobSource, note: Note, tick: Callable[[int, int], None]) -> None:
        """`tick` is called with numbers of directories and files that come to be looked at, and may raise to stop."""
        self._source = source
        self._note = note
        self._tick = tick

    def snapshot(self, snapshot: Snapshot) -> None:
        """Note everything that a snapshot refers to; DamageError when a part of its tree cannot be read."""
        try:
            self._below(of_snapshot(snapshot))
        except DamageError as error:
            raise DamageError(error.what, hint=_REPAIR) from error

    def _below(self, references: Iterable[Reference]) -> None:
        open_nodes = self._noted(references)
        while open_nodes:
            node = open_nodes.pop()
            below = self._noted(of_node(node, self._source.blob(node.kind, node.blob)))
            # The first one is read next: the order in which they were written.
            open_nodes.extend(reversed(below))

    def _noted(self, references: Iterable[Reference]) -> list[Reference]:
        """Note these; return the nodes among them that were not walked yet."""
        found, folders, pieces = [], 0, 0
        for reference in references:
            is_new = self._note(reference)
            if reference.kind is BlobKind.DATA:
                pieces += 1
            elif is_new and reference.is_node:
                found.append(reference)
                folders += reference.kind is BlobKind.TREE
        self._tick(folders, pieces)
        return found
