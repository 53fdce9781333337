"""Differences between two snapshots, from their trees: what has the same id on both sides is not read.

Of large folders, leaves that both have are passed over too. Holds one leaf of each side for each folder on the way
down. A folder that cannot be read is told, and passed over.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from yester.engine.blobs import BlobSource
from yester.engine.catalogue.states import State, states
from yester.engine.comparing.differences import Difference, Look, difference
from yester.engine.entries import Entry, Owner
from yester.engine.errors import DamageError, Offline
from yester.engine.ids import BlobId, BlobKind, TreeId
from yester.engine.trees.page_builder import PageBuilder
from yester.engine.trees.page_columns import malformed
from yester.engine.trees.pages import Page

Damaged = Callable[[bytes, DamageError | Offline], None]
"""Told the folder, or the part of one, that could not be read."""


class Row(NamedTuple):
    """A name in a folder, as compared."""

    name: bytes
    look: Look
    tree: TreeId | None


class _Pair(NamedTuple):
    """A folder on both sides; None where it is not."""

    path: bytes
    before: TreeId | None
    after: TreeId | None


def compare_trees(
    source: BlobSource, before: Entry | None, after: Entry | None, path: bytes, damaged: Damaged
) -> Iterator[Difference]:
    """Yield what differs at and below `path`, which is `before` in one snapshot and `after` in the other."""
    old, new = (row_of(entry) if entry is not None else None for entry in (before, after))
    found = difference(path, old.look if old else None, new.look if new else None)
    if found is not None:
        yield found
    todo = [_compared(source, _Pair(path, old.tree if old else None, new.tree if new else None), damaged)]
    while todo:
        each = next(todo[-1], None)
        if each is None:
            todo.pop()
        elif isinstance(each, Difference):
            yield each
        else:
            todo.append(_compared(source, each, damaged))


def row_of(entry: Entry) -> Row:
    """Return an entry as a row."""
    builder = PageBuilder(root=entry.name == b"/")
    builder.add(entry)
    return rows(Page(builder.encode()[0], root=entry.name == b"/"))[0]


def rows(page: Page) -> list[Row]:
    """Return the rows of a leaf; DamageError."""
    owners: list[Owner] = []

    def number(owner: Owner) -> int:
        owners.append(owner)
        return len(owners) - 1

    found = states(page, number, _ignored)
    names = page.names()
    return [
        Row(name, Look.of(state, owners[state.owner]), page.tree(row) if state.is_directory else None)
        for row, (name, state) in enumerate(zip(names, found, strict=True))
    ]


def _ignored(chunks: object) -> None:
    """Need no blobs: the content's digest tells."""


def _compared(source: BlobSource, pair: _Pair, damaged: Damaged) -> Iterator[Difference | _Pair]:
    if pair.before == pair.after:
        return
    try:
        leaves = [_leaves(source, tree) for tree in (pair.before, pair.after)]
    except DamageError as error:
        damaged(pair.path, error)
        return
    common = {*leaves[0]} & {*leaves[1]}
    old, new = (_rows(source, side, common, pair.path, damaged) for side in leaves)
    prefix = pair.path.rstrip(b"/") + b"/"
    for one, other in _joined(old, new):
        row = one or other
        assert row is not None
        found = difference(prefix + row.name, one.look if one else None, other.look if other else None)
        if found is not None:
            yield found
        trees = (one.tree if one else None, other.tree if other else None)
        if trees[0] != trees[1]:
            yield _Pair(prefix + row.name, *trees)


def _leaves(source: BlobSource, tree: TreeId | None) -> dict[bytes, Page | None]:
    """Return the ids of a folder's leaves in order; with the node where it had to be read anyway."""
    if tree is None:
        return {}
    root = Page(source.blob(BlobKind.TREE, tree), tree)
    return dict(_below(source, root, tree))


def _below(source: BlobSource, node: Page, id: bytes) -> Iterator[tuple[bytes, Page | None]]:
    if not node.height:
        yield id, node
        return
    for row in range(node.count):
        child: BlobId = node.child(row)
        if node.height == 1:
            yield child, None
            continue
        inner = Page(source.blob(BlobKind.PAGE, child), child)
        if inner.height != node.height - 1:
            malformed("it is not what its parent says", child)
        yield from _below(source, inner, child)


def _rows(
    source: BlobSource, leaves: dict[bytes, Page | None], common: set[bytes], path: bytes, damaged: Damaged
) -> Iterator[Row]:
    for id, page in leaves.items():
        if id in common:
            continue
        try:
            yield from rows(page if page is not None else Page(source.blob(BlobKind.PAGE, id), id))
        except DamageError as error:
            damaged(path, error)


def _joined(old: Iterator[Row], new: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Pair rows by name; both come sorted."""
    one, other = next(old, None), next(new, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.name < other.name):
            yield one, None
            one = next(old, None)
        elif one is None or other.name < one.name:
            yield None, other
            other = next(new, None)
        else:
            yield one, other
            one, other = next(old, None), next(new, None)


def state_difference(path: bytes, before: State, after: State, owner: Callable[[int], Owner]) -> Difference | None:
    """Return the difference that the catalogue tells of; mode 0 means that the path was not there."""
    looks = [Look.of(state, owner(state.owner)) if state.mode else None for state in (before, after)]
    return difference(path, *looks)
