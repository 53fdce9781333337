"""Trees for a repository of another identity: the same entries, under new ids.

Every blob is read and stored under the target's key; contents keep the cuts that they have. Where a copy of an earlier
snapshot of the series is there (`base`), what has the same id in the source as then is not read again: the target's
ids of it are taken from that copy.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple

from yester.engine.entries import Entry, Mark, Ref, Span
from yester.engine.ids import BlobId, BlobKind, ListId, TreeId
from yester.engine.packs.reading import BlobReader
from yester.engine.packs.writing import BlobWriter
from yester.engine.trees.directories import Directory, TreeWriter
from yester.engine.trees.links import LinkTable, write_links
from yester.engine.trees.lists import BlobList, ExtentList, write_blob_list, write_extents
from yester.engine.trees.page_builder import Owners

_AHEAD = 256
"""Entries whose contents are fetched together."""
_AHEAD_SIZE = 16 << 20
_KNOWN = 1 << 16
"""Blobs whose new ids are remembered."""


_Row = tuple[Entry, Entry | None, Entry | None]
"""An entry, the one of that name in the base, and its copy."""


class Base(NamedTuple):
    """One directory as an earlier snapshot has it in the source, and as its copy has it in the target."""

    source: TreeId
    target: TreeId


@dataclass(slots=True)
class _Open:
    """A directory that is being rebuilt, and the entry that it will be."""

    entry: Entry
    rows: Iterator[_Row]
    writer: TreeWriter


class Rebuilder:
    """Stores trees of one repository under the ids of another. For one thread; close it at the end."""

    def __init__(
        self,
        source: BlobReader,
        target: BlobReader,
        writer: BlobWriter,
        page_key: bytes,
        tick: Callable[[int], None],
    ) -> None:
        """`tick` is told the bytes that were stored again, and is called for each directory; it may raise to stop."""
        self._source, self._target, self._writer, self._page_key, self._tick = source, target, writer, page_key, tick
        self._owners = Owners()
        self._ids: OrderedDict[tuple[BlobKind, bytes], BlobId] = OrderedDict()
        self._pool = ThreadPoolExecutor(1, "copy")

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)

    def root(self, root: Entry, base: Base | None) -> Entry:
        """Return the entry of `/` with all below it stored under new ids."""
        if not root.refs:
            return self._leaf(root, None, None)
        if base is not None and base.source == root.tree:
            return replace(self._leaf(root, None, None), refs=(Ref(base.target, 0),))
        stack = [self._opened(root, base)]
        while True:
            here = stack[-1]
            row = next(here.rows, None)
            if row is None:
                done = self._closed(stack.pop())
                if not stack:
                    return done
                stack[-1].writer.add(done)
                continue
            entry, before, copied = row
            if not entry.is_directory or not entry.refs:
                here.writer.add(self._leaf(entry, before, copied))
            elif _same_tree(entry, before, copied):
                assert copied is not None
                here.writer.add(replace(self._leaf(entry, before, copied), refs=copied.refs))
            else:
                stack.append(self._opened(entry, _base_of(before, copied)))

    def blob(self, kind: BlobKind, blob: bytes) -> BlobId:
        """Store one blob under its new id."""
        known = self._ids.get((kind, blob))
        if known is not None:
            self._ids.move_to_end((kind, blob))
            return known
        data = self._source.blob(kind, blob)
        new = self._ids[kind, blob] = self._writer.add(kind, data)
        if len(self._ids) > _KNOWN:
            self._ids.popitem(last=False)
        self._tick(len(data))
        return new

    def links(self, links: ListId) -> ListId:
        """Store a link table."""
        return write_links(self._writer.add, self._page_key, LinkTable(self._source, links))

    def _opened(self, entry: Entry, base: Base | None) -> _Open:
        self._tick(0)
        rows = self._beside(self._entries(entry.tree), base)
        return _Open(entry, rows, TreeWriter(self._writer.add, self._page_key, self._owners))

    def _closed(self, done: _Open) -> Entry:
        tree, summary = done.writer.finish()
        return replace(self._leaf(done.entry, None, None), refs=(Ref(tree, 0),), summary=summary)

    def _entries(self, tree: TreeId) -> Iterator[Entry]:
        for page, _, _ in Directory(self._source, tree).leaves():
            yield from map(page.entry, range(page.count))

    def _beside(self, entries: Iterator[Entry], base: Base | None) -> Iterator[_Row]:
        """Yield each entry beside that of the same name in the base and its copy; contents are fetched ahead."""
        before, copied = (None, None) if base is None else _directories(self._source, self._target, base)
        while group := list(islice(entries, _AHEAD)):
            rows = [(entry, _found(before, entry.name), _found(copied, entry.name)) for entry in group]
            self._fetch([entry for entry, *known in rows if not _same_content(entry, *known)])
            yield from rows

    def _fetch(self, entries: Sequence[Entry]) -> None:
        """Let the frames of small files be fetched before they are asked for."""
        small = [entry for entry in entries if entry.is_file and not entry.marks & Mark.LIST]
        wanted, size = [], 0
        for ref in chain.from_iterable(entry.refs for entry in small):
            if size < _AHEAD_SIZE:
                wanted.append(ref.blob)
                size += ref.size
        if len(wanted) > 1:
            self._pool.submit(self._source.read_ahead, wanted)

    def _leaf(self, entry: Entry, before: Entry | None, copied: Entry | None) -> Entry:
        """Return an entry with its own content and attributes under new ids; a directory without what is below it."""
        xattrs = entry.xattrs
        if entry.xattrs_stored:
            xattrs = self.blob(BlobKind.XATTRS, entry.xattrs)
        if entry.is_directory or not entry.is_file:
            return replace(entry, xattrs=xattrs)
        if _same_content(entry, before, copied):
            assert copied is not None
            return replace(entry, xattrs=xattrs, refs=copied.refs, extents=copied.extents)
        return replace(entry, xattrs=xattrs, refs=self._refs(entry), extents=self._extents(entry))

    def _refs(self, entry: Entry) -> tuple[Ref, ...]:
        if not entry.marks & Mark.LIST:
            return tuple([Ref(self.blob(BlobKind.DATA, ref.blob), ref.size) for ref in entry.refs])
        listed = write_blob_list(self._writer.add, self._page_key, self._listed(ListId(entry.refs[0].blob)))
        return (Ref(listed, 0),)

    def _listed(self, id: ListId) -> Iterator[Ref]:
        """Yield the blobs of a long file under their new ids; a stretch of them is fetched while one is stored."""
        refs = iter(BlobList(self._source, id))
        group = list(islice(refs, _AHEAD // 8))
        while group:
            following = list(islice(refs, _AHEAD // 8))
            self._pool.submit(self._source.read_ahead, [ref.blob for ref in following])
            yield from [Ref(self.blob(BlobKind.DATA, ref.blob), ref.size) for ref in group]
            group = following

    def _extents(self, entry: Entry) -> tuple[Span, ...] | ListId | None:
        if not isinstance(entry.extents, bytes):
            return entry.extents
        return write_extents(self._writer.add, self._page_key, ExtentList(self._source, ListId(entry.extents)))


def _directories(source: BlobReader, target: BlobReader, base: Base) -> tuple[Directory, Directory]:
    return Directory(source, base.source), Directory(target, base.target)


def _found(directory: Directory | None, name: bytes) -> Entry | None:
    found = directory.find(name) if directory is not None else None
    return None if found is None else found[0].entry(found[1])


def _same_tree(entry: Entry, before: Entry | None, copied: Entry | None) -> bool:
    """Whether a directory is what it was in the base, and the copy of that has it too."""
    known = before is not None and before.is_directory and before.refs == entry.refs
    return known and copied is not None and copied.is_directory and bool(copied.refs)


def _base_of(before: Entry | None, copied: Entry | None) -> Base | None:
    for entry in (before, copied):
        if entry is None or not entry.is_directory or not entry.refs:
            return None
    assert before is not None and copied is not None
    return Base(before.tree, copied.tree)


def _same_content(entry: Entry, before: Entry | None, copied: Entry | None) -> bool:
    """Whether a file has the content that it had in the base, and the copy of that has it too."""
    if before is None or copied is None or not (entry.is_file and before.is_file and copied.is_file):
        return False
    same = (entry.refs, entry.extents, entry.size) == (before.refs, before.extents, before.size)
    return same and entry.marks == before.marks == copied.marks and copied.size == entry.size
