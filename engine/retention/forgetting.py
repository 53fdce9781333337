"""Forgetting by a plan, and looking how much room the store has.

A snapshot is forgotten by its tombstone; then its object goes (`Repository.forget_snapshot`). Whoever is killed between
two snapshots has forgotten some of them, and the same plan, made again, has the rest; whoever is killed between
tombstone and object leaves an object that nobody lists any more, and the next one takes it away.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from yester.engine.errors import Missing, StoreError
from yester.engine.ids import SnapshotId
from yester.engine.repository import Repository
from yester.engine.retention.plan import Decision
from yester.engine.retention.room import Room
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.engine.store import Store


def forget(
    repository: Repository, decisions: Iterable[Decision], told: Callable[[Decision], None] = lambda _: None
) -> list[SnapshotId]:
    """Forget these snapshots, in their order, and what an earlier forgetting left half done; tell of each.

    StoreError when the store fails; what was told of is forgotten then, the rest is not.
    """
    finish(repository)
    forgotten = []
    for each in decisions:
        repository.forget_snapshot(each.id, "; ".join(map(str, each.reasons)))
        forgotten.append(each.id)
        told(each)
    return forgotten


def finish(repository: Repository) -> None:
    """Delete the objects of snapshots that have their tombstones already."""
    prefix = name_of(ObjectKind.SNAPSHOT, b"")
    listed = set(repository.store.list(prefix))
    for sid in repository.tombstoned():
        name = name_of(ObjectKind.SNAPSHOT, sid)
        if name in listed:
            with suppress(Missing):
                repository.store.delete(name)


def room_of(store: Store) -> Room | None:
    """Return how much room a store has left; None when it cannot tell, since it is no folder of this machine."""
    if store.folder is None:
        return None
    try:
        status = os.statvfs(store.folder)
    except OSError as error:
        raise StoreError(f"The room in {store.place} cannot be asked for: {error.strerror}") from None
    return Room(status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize, status.f_favail, status.f_files)
