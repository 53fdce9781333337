"""What tests of restore and check share: snapshots, restores, checks, and stores that lose things."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from tests.rig import Rig

from yester.engine.blobs import Put
from yester.engine.check.checking import check
from yester.engine.check.report import CheckReport
from yester.engine.entries import Entry, Owner, Ref, Summary
from yester.engine.hooks import NoHooks
from yester.engine.ids import BlobId, BlobKind, SnapshotId, TreeId
from yester.engine.packs.writing import BlobWriter
from yester.engine.progress import NoProgress
from yester.engine.restore.ownership import OwnerMode
from yester.engine.restore.plan import Conflict
from yester.engine.restore.report import RestoreReport
from yester.engine.restore.restoring import restore
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.directories import TreeWriter, encode_root

NOBODY = 65534
MINE = Owner(os.geteuid(), os.getegid())


def taken(rig: Rig) -> SnapshotId:
    """Take a snapshot."""
    sid = rig.snap().snapshot
    assert sid is not None
    return sid


def restored(
    rig: Rig,
    sid: SnapshotId,
    target: Path | None,
    *paths: Path | bytes,
    conflict: Conflict = Conflict.KEEP_BOTH,
    owner: OwnerMode = OwnerMode.AS_STORED,
    cancelled: Callable[[], bool] = lambda: False,
    rights: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> RestoreReport:
    """Restore into `target` from a freshly opened repository, with the rights that the context manager leaves."""
    repository = rig.open()
    repository.unlock()
    _ = repository.index
    with rights():
        return restore(
            repository,
            sid,
            [os.fsencode(path) for path in paths],
            None if target is None else os.fsencode(target),
            conflict=conflict,
            owner=owner,
            hooks=NoHooks(),
            progress=NoProgress(),
            cancelled=cancelled,
        )


def checked(rig: Rig, percent: int = 0) -> CheckReport:
    """Check a freshly opened repository."""
    return check(rig.open(), read_data_percent=percent, hooks=NoHooks(), progress=NoProgress())


def objects(rig: Rig, prefix: str) -> list[str]:
    """Return the names of stored objects."""
    return sorted(rig.store.list(prefix))


def flip(rig: Rig, name: str, offset: int, bit: int = 0) -> None:
    """Change one bit of an object."""
    data = bytearray(rig.store.get(name))
    data[offset] ^= 1 << bit
    rig.store.put(name, [data])


@contextmanager
def as_nobody() -> Iterator[None]:
    """Do what is inside without root's rights; nothing changes for an ordinary user."""
    is_root = os.geteuid() == 0
    if is_root:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
            os.setegid(0)


def committed(rig: Rig, *entries: Entry, spoil: Callable[[bytes], bytes] = bytes) -> SnapshotId:
    """Commit a snapshot whose "/" holds these entries; `spoil` changes the bytes of nodes before they are stored."""
    repository = rig.open()
    with BlobWriter(repository) as writer:

        def put(kind: BlobKind, data: bytes) -> BlobId:
            return writer.add(kind, spoil(data))

        tree, summary = written(put, repository.keys.page_key, entries)
        writer.flush()
    root = Entry(b"/", 0o40755, MINE, 0, 0, 0, refs=(Ref(tree, 0),), summary=summary)
    nobody = bytes(16)
    return repository.commit_snapshot(
        Snapshot(
            time_ns=1,
            end_ns=1,
            host_id=nobody,
            host="host",
            user="user",
            profile_id=nobody,
            profile="forged",
            sources=(b"/",),
            root=encode_root(root),
            writer=nobody,
            sequence=1,
        )
    )


def written(put: Put, page_key: bytes, entries: Iterable[Entry]) -> tuple[TreeId, Summary]:
    """Put a directory of these entries."""
    tree = TreeWriter(put, page_key)
    for entry in entries:
        tree.add(entry)
    return tree.finish()


def link(name: bytes, target: bytes) -> Entry:
    """A symlink of the caller's."""
    return Entry(name, 0o120777, MINE, len(target), 0, 0, target=target)


def empty_file(name: bytes) -> Entry:
    """An empty file of the caller's."""
    return Entry(name, 0o100644, MINE, 0, 0, 0)
