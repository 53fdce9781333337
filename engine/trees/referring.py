"""What a node refers to: the blobs that directories, list objects and snapshots name, node by node.

Whoever must know what is needed asks each node once, however many trees share it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from yester.engine.entries import Entry, Mark
from yester.engine.ids import BlobId, BlobKind
from yester.engine.sealed.records import Snapshot
from yester.engine.store import Buffer
from yester.engine.trees.directories import decode_root
from yester.engine.trees.lists import ListNode, ListType
from yester.engine.trees.pages import Page

_LIST = int(Mark.LIST)


class Reference(NamedTuple):
    """A blob that something needs."""

    kind: BlobKind
    blob: BlobId
    lists: ListType | None = None
    """Of a node of a list object: what it lists."""

    @property
    def is_node(self) -> bool:
        """Whether the blob may refer to others."""
        return self.kind in (BlobKind.TREE, BlobKind.PAGE, BlobKind.LIST)


def of_snapshot(snapshot: Snapshot) -> Iterator[Reference]:
    """Yield what a snapshot itself refers to; DamageError when its root makes no sense."""
    if snapshot.links is not None:
        yield Reference(BlobKind.LIST, BlobId(snapshot.links), ListType.LINKS)
    for text in (snapshot.errors, snapshot.profile_text):
        if text is not None:
            yield Reference(BlobKind.TEXT, BlobId(text))
    yield from of_entry(decode_root(snapshot.root))


def of_node(reference: Reference, data: Buffer) -> Iterator[Reference]:
    """Yield what a node, whose plain bytes these are, refers to; DamageError when they make no sense."""
    if reference.lists is not None:
        return _of_list(ListNode(data, reference.lists, reference.blob), reference.lists)
    page = Page(data, reference.blob)
    if page.height:
        return (Reference(BlobKind.PAGE, page.child(row)) for row in range(page.count))
    return _of_leaf(page)


def _of_list(node: ListNode, lists: ListType) -> Iterator[Reference]:
    if node.height:
        return (Reference(BlobKind.LIST, node.id(row), lists) for row in range(node.count))
    if lists is ListType.BLOBS:
        return (Reference(BlobKind.DATA, node.id(row)) for row in range(node.count))
    return iter(())


def _of_leaf(page: Page) -> Iterator[Reference]:
    blobs, ends = page.blobs(0, page.count)
    kinds = [BlobKind.DATA] * len(blobs)
    for row in page.directory_rows:
        start = ends[row - 1] if row else 0
        kinds[start : ends[row]] = [BlobKind.TREE] * (ends[row] - start)
    for row, marks in enumerate(page.marks):
        if marks & _LIST:
            start = ends[row - 1] if row else 0
            kinds[start : ends[row]] = [BlobKind.LIST] * (ends[row] - start)
    for kind, blob in zip(kinds, blobs, strict=True):
        yield Reference(kind, blob, ListType.BLOBS if kind is BlobKind.LIST else None)
    if page.xattrs_column is not None:
        for row in page.xattrs_column.rows:
            value, is_stored = page.xattrs(row)
            if is_stored:
                yield Reference(BlobKind.XATTRS, BlobId(value))
    if page.extents_column is not None:
        for row in page.extents_column.rows:
            extents = page.extents(row)
            if isinstance(extents, bytes):
                yield Reference(BlobKind.LIST, extents, ListType.EXTENTS)


def of_entry(entry: Entry) -> Iterator[Reference]:
    """Yield what an entry refers to."""
    if entry.xattrs_stored:
        yield Reference(BlobKind.XATTRS, BlobId(entry.xattrs))
    if isinstance(entry.extents, bytes):
        yield Reference(BlobKind.LIST, entry.extents, ListType.EXTENTS)
    is_list = bool(entry.marks & Mark.LIST)
    kind = BlobKind.TREE if entry.is_directory else BlobKind.LIST if is_list else BlobKind.DATA
    for ref in entry.refs:
        yield Reference(kind, ref.blob, ListType.BLOBS if kind is BlobKind.LIST else None)
