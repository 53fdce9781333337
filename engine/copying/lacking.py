"""What of a snapshot a repository of the same identity lacks: equal trees have equal ids, and are skipped at once.

A directory is walked beside that of a snapshot which the target has (`base`): what has the same id there is whole. A
tree that the target merely stores is not taken for whole: a copy that was broken off may have brought the node
without what is below it.
"""

from collections.abc import Callable, Iterator

from yester.engine.blobs import BlobSource
from yester.engine.entries import Mark
from yester.engine.ids import SHORT_ID_SIZE, BlobKind, ListId, TreeId
from yester.engine.trees.directories import Directory
from yester.engine.trees.lists import ListNode, ListType
from yester.engine.trees.pages import Page

_WALKED_LIMIT = 1_000_000
"""Trees that are remembered as walked; beyond these some are walked again."""

_Pair = tuple[TreeId, TreeId | None]


class Lacking:
    """Walks trees, and says which blobs the target lacks. For one thread."""

    def __init__(
        self, source: BlobSource, has: Callable[[bytes], bool], want: Callable[[bytes], None], tick: Callable[[], None]
    ) -> None:
        """`want` gets each blob that the target lacks; `tick` is called for each directory, and may raise to stop."""
        self._source, self._has, self._want, self._tick = source, has, want, tick
        self._walked: set[bytes] = set()

    def forget(self) -> None:
        """Walk everything again: what was wanted before did not arrive."""
        self._walked.clear()

    def tree(self, tree: TreeId, base: TreeId | None) -> None:
        """Want what the target lacks of a directory and all below it; all of `base` is there."""
        open_rows = [self._rows(tree, base)]
        while open_rows:
            pair = next(open_rows[-1], None)
            if pair is None:
                open_rows.pop()
            elif pair[0] != pair[1] and pair[0][:SHORT_ID_SIZE] not in self._walked:
                open_rows.append(self._rows(*pair))

    def blob(self, blob: bytes) -> None:
        """Want one blob."""
        if not self._has(blob):
            self._want(blob)

    def list(self, id: bytes, type: ListType) -> None:
        """Want the nodes of a list object, and the blobs that it lists."""
        self.blob(id)
        node = ListNode(self._source.blob(BlobKind.LIST, id), type, id)
        for row in range(node.count if node.height or type is ListType.BLOBS else 0):
            if node.height:
                self.list(node.id(row), type)
            else:
                self.blob(node.id(row))

    def _rows(self, tree: TreeId, base: TreeId | None) -> Iterator[_Pair]:
        """Want what lies in one directory; yield the directories in it, each beside that of the same name in base."""
        if tree == base or tree[:SHORT_ID_SIZE] in self._walked:
            return
        self._tick()
        if len(self._walked) < _WALKED_LIMIT:
            self._walked.add(tree[:SHORT_ID_SIZE])
        self.blob(tree)
        page = Page(self._source.blob(BlobKind.TREE, tree), tree)
        old = Directory(self._source, base) if base is not None else None
        known = frozenset(self._nodes(old.root)) if old is not None and page.height else frozenset()
        yield from self._node(page, old, known)

    def _nodes(self, page: Page) -> Iterator[bytes]:
        """Yield the ids of all nodes below a node."""
        for row in range(page.count if page.height else 0):
            child = page.child(row)
            yield child
            if page.height > 1:
                yield from self._nodes(Page(self._source.blob(BlobKind.PAGE, child), child))

    def _node(self, page: Page, old: Directory | None, known: frozenset[bytes]) -> Iterator[_Pair]:
        if not page.height:
            yield from self._leaf(page, old)
            return
        for row in range(page.count):
            child = page.child(row)
            if child not in known:
                self.blob(child)
                yield from self._node(Page(self._source.blob(BlobKind.PAGE, child), child), old, known)

    def _leaf(self, page: Page, old: Directory | None) -> Iterator[_Pair]:
        blobs, ends = page.blobs(0, page.count)
        directories = set(page.directory_rows)
        start = 0
        for row, end in enumerate(ends):
            if row not in directories:
                if page.marks[row] & Mark.LIST:
                    self.list(blobs[start], ListType.BLOBS)
                else:
                    for blob in blobs[start:end]:
                        self.blob(blob)
            start = end
        if page.has_rare:
            self._rare(page)
        for row in page.directory_rows:
            tree = page.tree(row)
            if tree is not None:
                yield tree, _below(old, page.name(row))

    def _rare(self, page: Page) -> None:
        for row in range(page.count):
            xattrs, stored = page.xattrs(row)
            if stored:
                self.blob(xattrs)
            extents = page.extents(row)
            if isinstance(extents, bytes):
                self.list(ListId(extents), ListType.EXTENTS)


def _below(old: Directory | None, name: bytes) -> TreeId | None:
    found = old.find(name) if old is not None else None
    return found[0].tree(found[1]) if found is not None else None
