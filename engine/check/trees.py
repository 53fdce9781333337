"""Whether everything that snapshots name can be read: the part of a check that walks trees.

Equal directories have one id and are walked once, however many snapshots hold them. What is wrong in a directory is
kept with its id, as its own damaged names and the damaged directories right below it, and spelled out as paths only
for the snapshots that lead there. So memory grows with the number of different directories, a few bytes each, and with
damage, not with the number of snapshots.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from yester.engine.blobs import BlobSource
from yester.engine.check.report import Problems
from yester.engine.entries import Entry, Mark, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobKind, TreeId
from yester.engine.trees.content import Content
from yester.engine.trees.directories import Directory
from yester.engine.trees.page_sums import NOTHING_BELOW, add_up, raised
from yester.engine.trees.pages import Page
from yester.engine.trees.xattrs import decode_set

_SOUND_LIMIT = 2_000_000
"""Directories that are remembered as sound; beyond these some are walked again."""

Lost = Callable[[bytes], int | None]
"""Returns the number of the problem that keeps a blob from being read, None when it is there."""


class Damage(NamedTuple):
    """A damaged name in a directory; no name: names of the directory are lost."""

    name: bytes
    problem: int


@dataclass(slots=True)
class _Hurt:
    """What is wrong in one directory and below it."""

    own: list[Damage] = field(default_factory=list)
    below: list[tuple[bytes, TreeId]] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """A directory in which the walk is."""

    name: bytes
    tree: TreeId
    rows: Iterator[Entry]
    hurt: _Hurt


class TreeCheck:
    """Walks trees and remembers what is wrong with them. For one thread."""

    def __init__(self, source: BlobSource, lost: Lost, problems: Problems, tick: Callable[[int, int], None]) -> None:
        """`tick` is called with numbers of directories and files that come to be looked at, and may raise to stop."""
        self._source = source
        self._lost = lost
        self._problems = problems
        self._tick = tick
        self._sound: set[bytes] = set()
        self._hurt: dict[bytes, _Hurt] = {}

    def entry(self, entry: Entry) -> list[int]:
        """Return the problems of an entry itself: its content, when it is no directory, and its attributes."""
        return list(dict.fromkeys(self.attributes(entry) + self.content(entry)))

    def blob(self, kind: BlobKind, blob: bytes) -> int | None:
        """Return the problem that keeps a metadata blob from being read, None when there is none."""
        problem = self._lost(blob)
        if problem is None:
            try:
                self._source.blob(kind, blob)
            except DamageError as error:
                return self._note(kind, blob, error)
        return problem

    def walk(self, root: Entry) -> None:
        """Look at everything below a directory that was not looked at before."""
        if not root.refs or self._known(root.tree):
            return
        stack = [self._opened(root)]
        while stack:
            here = stack[-1]
            entry = next(here.rows, None)
            if entry is None:
                stack.pop()
                self._close(here, stack[-1] if stack else None)
            elif not self._known(entry.tree):
                stack.append(self._opened(entry))
            elif entry.tree in self._hurt:
                here.hurt.below.append((entry.name, entry.tree))

    def hits(self, root: Entry, path: bytes) -> Iterator[tuple[bytes, int, bool]]:
        """Yield path, problem, and whether names are lost there, for all damage below a directory that was walked."""
        todo = [(path, root.tree)] if root.refs else []
        while todo:
            path, tree = todo.pop()
            hurt = self._hurt.get(tree)
            if hurt is None:
                continue
            prefix = path.rstrip(b"/") + b"/"
            for name, problem in hurt.own:
                yield (prefix + name if name else path), problem, not name
            todo.extend((prefix + name, below) for name, below in hurt.below)

    def _known(self, tree: TreeId) -> bool:
        return tree[:16] in self._sound or tree in self._hurt

    def _opened(self, entry: Entry) -> _Open:
        self._tick(1, 0)
        hurt = _Hurt()
        return _Open(entry.name, entry.tree, self._rows(entry, hurt), hurt)

    def _close(self, done: _Open, above: _Open | None) -> None:
        if done.hurt.own or done.hurt.below:
            self._hurt[done.tree] = done.hurt
            if above is not None:
                above.hurt.below.append((done.name, done.tree))
        elif len(self._sound) < _SOUND_LIMIT:
            self._sound.add(done.tree[:16])

    def _rows(self, parent: Entry, hurt: _Hurt) -> Iterator[Entry]:
        """Look at one directory's nodes and entries; yield the directories among them that were read."""

        def damaged(error: DamageError) -> None:
            hurt.own.append(Damage(b"", self._note(BlobKind.TREE, parent.tree, error)))

        problem = self._lost(parent.tree)
        if problem is not None:
            hurt.own.append(Damage(b"", problem))
            return
        try:
            directory = Directory(self._source, parent.tree, parent.summary.entries if parent.summary else None)
            leaves: list[Summary] = []
            for page, _, _ in directory.sound_leaves(damaged):
                yield from self._page(page, hurt, leaves, damaged)
            if not hurt.own:
                self._compare_sums(parent, directory, leaves)
        except DamageError as error:
            damaged(error)

    def _page(
        self, page: Page, hurt: _Hurt, leaves: list[Summary], damaged: Callable[[DamageError], None]
    ) -> Iterator[Entry]:
        try:
            page.names()
            leaves.append(page.total())
            entries = [page.entry(row) for row in range(page.count)]
        except DamageError as error:
            damaged(error)
            return
        self._tick(0, sum(entry.is_file for entry in entries))
        for entry in entries:
            hurt.own.extend(Damage(entry.name, problem) for problem in self.entry(entry))
            if entry.is_directory and entry.refs:
                yield entry

    def _compare_sums(self, parent: Entry, directory: Directory, leaves: list[Summary]) -> None:
        """Raise DamageError unless leaves, root node and the parent's entry say the same of what is below."""
        total = directory.root.total()
        said = parent.summary
        if add_up(leaves, NOTHING_BELOW) != total:
            raise DamageError("its nodes do not add up to what its root says")
        if said is not None and raised(total, parent.mtime_ns) != raised(said, parent.mtime_ns):
            raise DamageError("it does not add up to what its parent says")

    def attributes(self, entry: Entry) -> list[int]:
        """Return the problems of an entry's attribute set."""
        encoded = entry.xattrs
        try:
            if entry.xattrs_stored:
                problem = self._lost(entry.xattrs)
                if problem is not None:
                    return [problem]
                encoded = bytes(self._source.blob(BlobKind.XATTRS, entry.xattrs))
            if encoded:
                decode_set(encoded)
        except DamageError as error:
            return [self._note(BlobKind.XATTRS, entry.xattrs, error)]
        return []

    def content(self, entry: Entry) -> list[int]:
        """Return the problems of all blobs of a file; of its list objects first, as without them none is known."""
        if not entry.is_file or entry.marks & Mark.UNREADABLE:
            return []
        lists = [entry.refs[0].blob] if entry.marks & Mark.LIST and entry.refs else []
        if isinstance(entry.extents, bytes):
            lists.append(entry.extents)
        found = self._all_lost(lists)
        if found:
            return found
        try:
            content = Content.of(entry, self._source)
            return self._all_lost(blob for blob, _, _ in content.pieces(0, content.size) if blob is not None)
        except DamageError as error:
            return [self._note(BlobKind.LIST, lists[0] if lists else b"", error)]

    def _all_lost(self, blobs: Iterable[bytes]) -> list[int]:
        return [problem for problem in map(self._lost, blobs) if problem is not None]

    def _note(self, kind: BlobKind, blob: bytes, error: DamageError) -> int:
        return self._problems.note(f"{kind.name.lower()} {blob.hex()[:32]}", str(error))
