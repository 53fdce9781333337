"""Small objects that nobody needs any more: what a prune takes away besides packs and index fragments."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from yester.engine.capture.standing import listed
from yester.engine.errors import Missing
from yester.engine.ids import SnapshotId
from yester.engine.prune.waiting import Watched
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label
from yester.engine.sealed.sealing import ObjectKind, name_of


@dataclass(frozen=True, slots=True)
class Leftovers:
    """How many objects of each kind were deleted."""

    snapshots: int = 0
    """Forgotten ones whose objects a broken off `forget` had left."""
    labels: int = 0
    marks: int = 0
    """Of prunes that did not end."""


def sweep(repository: Repository, watched: Watched) -> Leftovers:
    """Delete what is left over. StoreError when the store fails; what cannot be read stays."""
    labels = repository.label_objects()
    # Whoever put one of these labels for a snapshot that is yet to come is listed now.
    are_final = not (watched.writers() | watched.writers())
    there, forgotten = repository.snapshot_ids(), repository.tombstoned()
    watched.bury_prunes()
    return Leftovers(
        snapshots=_delete(repository, (name_of(ObjectKind.SNAPSHOT, sid) for sid in _undead(repository, forgotten))),
        labels=_delete(repository, _superseded(labels, there, forgotten, are_final=are_final)),
        marks=_delete(repository, _spent_marks(repository)),
    )


def _undead(repository: Repository, forgotten: set[SnapshotId]) -> Iterator[SnapshotId]:
    """Yield the forgotten snapshots whose objects are still listed."""
    listed_names = set(repository.store.list(name_of(ObjectKind.SNAPSHOT, b"")))
    return (sid for sid in forgotten if name_of(ObjectKind.SNAPSHOT, sid) in listed_names)


def _superseded(
    labels: list[tuple[str, Label]], there: set[SnapshotId], forgotten: set[SnapshotId], *, are_final: bool
) -> Iterator[str]:
    """Yield the labels that do not count: a later one does, or their snapshot is gone."""
    best: dict[bytes, tuple[int, bytes, str]] = {}
    for name, label in labels:
        rank = (label.counter, label.writer, name)
        best[label.snapshot] = max(best.get(label.snapshot, rank), rank)
    for name, label in labels:
        sid = SnapshotId(label.snapshot)
        if sid in forgotten or (are_final and sid not in there) or best[sid][2] != name:
            yield name


def _spent_marks(repository: Repository) -> Iterator[str]:
    """Yield the marks of which no pack is there any more: whoever put them can do nothing with them."""
    seen = listed(repository)
    return (name for name, packs in seen.marks.items() if packs.isdisjoint(seen.packs))


def _delete(repository: Repository, names: Iterator[str]) -> int:
    deleted = 0
    for name in names:
        with suppress(Missing):
            repository.store.delete(name)
            deleted += 1
    return deleted
