"""What earlier runs of a series saw, as far as it can still be trusted.

Four sources: the records of runs that were killed, each trusted only when every blob of its tree is in the index; the
file cache of the last finished run, valid while its snapshot is listed; the partial snapshots of runs that did not end;
and the series' last complete snapshot. The two kinds of snapshots serve alone when the caches are lost. When the index
names packs that the store does not list any more, everything is checked that deep: then a run heals what the lost packs
held.
"""

from collections.abc import Sequence

from yester.engine.blobs import BlobSource
from yester.engine.capture.earlier import Earlier, EarlierDirectories, EarlierDirectory, Known, entries_of
from yester.engine.capture.filecache import DirectoryRecord, FileCache
from yester.engine.entries import Entry, Mark
from yester.engine.errors import YesterError
from yester.engine.ids import SHORT_ID_SIZE, BlobId, ListId, TreeId
from yester.engine.packs.index import Index
from yester.engine.trees.lists import BlobList


class Presence:
    """Whether trees and files are in the repository with all that they need; each tree is walked once."""

    def __init__(self, source: BlobSource, index: Index) -> None:
        self.source = source
        self._index = index
        self._whole: dict[BlobId, bool] = {}

    def has(self, blob: bytes) -> bool:
        """Whether a blob is in a pack that counts."""
        return self._index.holds(blob[:SHORT_ID_SIZE])

    def tree(self, tree: TreeId) -> bool:
        """Whether a directory and everything below it is there and its nodes can be read."""
        known = self._whole.get(tree)
        if known is None:
            try:
                known = self.has(tree) and all(self._with_below(entry) for entry in entries_of(self.source, tree))
            except YesterError:
                known = False
            self._whole[tree] = known
        return known

    def _with_below(self, entry: Entry) -> bool:
        return self.entry(entry) and (not entry.is_directory or not entry.refs or self.tree(entry.tree))

    def entry(self, entry: Entry) -> bool:
        """Whether an entry's content and attributes are there; of a folder, its own."""
        if entry.xattrs_stored and not self.has(entry.xattrs):
            return False
        if not all(self.has(ref.blob) for ref in entry.refs):
            return False
        if entry.marks & Mark.LIST and not self._list(ListId(entry.refs[0].blob)):
            return False
        return entry.extents is None or isinstance(entry.extents, tuple) or self.has(entry.extents)

    def _list(self, list_id: ListId) -> bool:
        return all(self.has(ref.blob) for ref in BlobList(self.source, list_id))


class Seen:
    """What to compare with. `deep` distrusts the cache of the last finished run as well."""

    def __init__(
        self,
        finished: FileCache,
        killed: FileCache,
        presence: Presence,
        roots: tuple[Known, ...],
        *,
        taken_ns: int,
        deep: bool,
    ) -> None:
        """`roots` are the root trees of earlier snapshots of the series, the newest first.

        `taken_ns` is when the walk of the last complete one began; 0 when there is none.
        """
        self.source = presence.source
        self.roots = roots
        self._taken_ns = taken_ns
        self.is_deep = deep
        self._finished, self._killed, self._presence = finished, killed, presence

    def records(self, path: bytes) -> list[DirectoryRecord]:
        """Return what is known of the directory at `path` and may be referred to again, the newest first.

        Records of the last finished run agree with each other: a folder's record has the tree that the record of the
        folder above refers to. Those of killed runs may be of several.
        """
        found = []
        if len(self._killed):
            found = [self._killed.find(path), self._killed.find_half(path)]
        records = [record for record in found if record is not None and self._presence.tree(record.tree)]
        record = self._finished.find(path)
        if record is not None and not (self.is_deep and not self._presence.tree(record.tree)):
            records.append(record)
        return records

    def whole(self, entry: Entry) -> bool:
        """Whether the content of an earlier entry is still in the repository."""
        return self._presence.entry(entry)

    def directory(self, records: Sequence[DirectoryRecord], trees: Sequence[Known]) -> Earlier | None:
        """Return what the records and earlier trees of one directory say of its entries; None when there are none."""
        each = [EarlierDirectory(self.source, r.tree, r.stamps, taken_ns=self._taken_ns) for r in records]
        recorded = {record.tree for record in records}
        each += [EarlierDirectory(self.source, k.tree, taken_ns=k.taken_ns) for k in trees if k.tree not in recorded]
        if len(each) < 2:
            return each[0] if each else None
        return EarlierDirectories(each)

    def below(self, tree: TreeId, name: bytes) -> tuple[Known, ...]:
        """Return what a tree of the file cache refers to under the name of a folder."""
        before = EarlierDirectory(self.source, tree, taken_ns=self._taken_ns)
        return before.trees() if before.seek(name) else ()
