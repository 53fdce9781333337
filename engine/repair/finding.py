"""Trees that no snapshot leads to: what is left of snapshots whose own record was lost.

Every directory is an object of its own, and all but the root of a snapshot are named by another. So a directory that
none names and no snapshot has as its root was the root of a snapshot that is gone: lost, forgotten and not pruned yet,
or never finished. A run that was killed leaves many such pieces; the root of a snapshot leads to the sources of some
profile, and that is how it is told from them.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from yester.engine.entries import Entry, Owner, Ref, Summary
from yester.engine.errors import DamageError, Missing
from yester.engine.host import host_name
from yester.engine.ids import SHORT_ID_SIZE, BlobId, BlobKind, SnapshotId, TreeId
from yester.engine.packs.fragments import get_fragment, list_fragments
from yester.engine.packs.packs import PackDirectory
from yester.engine.packs.reading import BlobReader
from yester.engine.repository import Repository
from yester.engine.sealed.config import PROGRAM
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.records import Label, Snapshot, Statistics
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.sessions import WriterSession
from yester.engine.trees.directories import Directory, decode_root, encode_root, resolve
from yester.engine.trees.pages import Page

PROFILE = "recovered"
"""The profile that recovered snapshots belong to, and their tag."""

_SHOWN = 4
_TOGETHER = 256
_NODES = (BlobKind.TREE, BlobKind.PAGE)


@dataclass(frozen=True, slots=True)
class LostTree:
    """A tree that was the root of a snapshot."""

    tree: TreeId
    below: Summary
    names: tuple[bytes, ...]
    """Its first names."""

    @property
    def root(self) -> Entry:
        """The entry of `/`, of which only the tree is left."""
        return Entry(
            name=b"/",
            mode=0o40755,
            owner=Owner(0, 0, b"root", b"root"),
            size=0,
            mtime_ns=self.below.newest_ns,
            ctime_ns=self.below.newest_ns,
            refs=(Ref(BlobId(self.tree), 0),),
            summary=self.below,
        )


def at_work(repository: Repository) -> WriterSession:
    """Return a session to look and recover in: what no snapshot needs yet, a prune that begins meanwhile would free."""
    return WriterSession(
        repository.store,
        repository.keys,
        writer=repository.writer,
        host=host_name(),
        purpose="repair",
        started_ns=time.time_ns(),
    )


def find_lost(repository: Repository, sources: Collection[bytes], step: Callable[[], None]) -> list[LostTree]:
    """Return the roots of lost snapshots, oldest first: trees that lead to one of the sources; all, if there is none.

    Reads all metadata; memory grows by some tens of bytes a directory. `step` is called often, and may raise to stop.
    """
    reader = repository.reader()
    trees, named = set[bytes](), {decode_root(snapshot.root).tree[:SHORT_ID_SIZE] for _, snapshot in _whole(repository)}
    for kind, short, data in _nodes(repository, reader):
        step()
        if kind is BlobKind.TREE:
            trees.add(short)
        named.update(_named_by(data, short))
    found = filter(None, (_lost_tree(repository, reader, short) for short in sorted(trees - named)))
    chosen = [lost for lost in found if not sources or any(_leads_to(reader, lost, source) for source in sources)]
    return sorted(chosen, key=lambda lost: lost.below.newest_ns)


def recover(repository: Repository, lost: LostTree) -> SnapshotId:
    """Commit a snapshot of a lost tree. Its time is that of its newest entry, since nobody knows when it was taken."""
    below = lost.below
    snapshot = Snapshot(
        time_ns=below.newest_ns,
        end_ns=below.newest_ns,
        host_id=bytes(16),
        host=PROFILE,
        user="",
        profile_id=bytes(16),
        profile=PROFILE,
        sources=(b"/",),
        root=encode_root(lost.root),
        writer=repository.writer,
        sequence=0,
        program=PROGRAM,
        statistics=Statistics(entries=below.entries, files=below.files, size=below.size),
    )
    note = "found in the packs; its time is that of its newest entry"
    label = Label(snapshot=bytes(32), counter=1, writer=repository.writer, tags=(PROFILE,), note=note)
    return repository.commit_snapshot(snapshot, label=label)


def _whole(repository: Repository) -> list[tuple[SnapshotId, Snapshot]]:
    return [(sid, snapshot) for sid, snapshot in repository.snapshots() if decode_root(snapshot.root).refs]


def _nodes(repository: Repository, reader: BlobReader) -> Iterator[tuple[BlobKind, bytes, bytes]]:
    """Yield kind, short id and bytes of every node of a directory that can be read."""
    for directory in _directories(repository):
        for kind in _NODES:
            ids = iter(_ids(directory, kind))
            while some := list(islice(ids, _TOGETHER)):
                for short, data in zip(some, reader.batch(kind, some), strict=True):
                    if data is not None:
                        yield kind, short, bytes(data)


def _directories(repository: Repository) -> Iterator[PackDirectory]:
    """Yield what every metadata pack holds, as the index says."""
    for fragment in sorted(list_fragments(repository.store)):
        try:
            packs = get_fragment(repository.store, repository.keys, fragment).packs
        except (Missing, DamageError):
            # Replaced meanwhile; or damaged, and repair has adopted the packs that it named.
            continue
        yield from (entry.directory for entry in packs if entry.kind is ObjectKind.META)


def _ids(directory: PackDirectory, kind: BlobKind) -> Iterator[bytes]:
    for row, number in enumerate(directory.kinds):
        if number == kind:
            yield directory.ids[SHORT_ID_SIZE * row : SHORT_ID_SIZE * (row + 1)]


def _named_by(data: bytes, short: bytes) -> list[bytes]:
    """Return the short ids of the directories that a node names; none for an inner node, or one that is damaged."""
    try:
        page = Page(data, short)
        if page.height:
            return []
        return [ref.blob[:SHORT_ID_SIZE] for row in page.directory_rows for ref in page.refs(row)]
    except DamageError:
        return []


def _lost_tree(repository: Repository, reader: BlobReader, short: bytes) -> LostTree | None:
    """Return a tree as the root of a snapshot; None when it can no longer be read, or is empty."""
    try:
        data = reader.blob(BlobKind.TREE, short)
        tree = TreeId(blob_id(repository.keys.id_key(BlobKind.TREE), data))
        directory = Directory(reader, tree)
        names = [page.name(row) for page, row, _ in (directory.at(row) for row in range(min(len(directory), _SHOWN)))]
    except DamageError:
        return None
    return LostTree(tree, directory.root.total(), tuple(names)) if names else None


def _leads_to(reader: BlobReader, lost: LostTree, source: bytes) -> bool:
    try:
        return resolve(reader, lost.root, source) is not None
    except DamageError:
        return False
