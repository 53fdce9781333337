"""Small objects that nobody needs any more: what a prune takes away besides packs and index fragments."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from yester.engine.archive.holdings import Holdings, holding_id
from yester.engine.archive.recording import record_released
from yester.engine.capture.standing import listed
from yester.engine.errors import Missing
from yester.engine.ids import HoldingId, PackId, SnapshotId
from yester.engine.prune.judging import archived
from yester.engine.prune.waiting import Watched
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label, Snapshot, Tombstone
from yester.engine.sealed.sealing import ObjectKind, name_of


@dataclass(frozen=True, slots=True)
class Leftovers:
    """How many objects of each kind were deleted."""

    snapshots: int = 0
    """Forgotten ones whose objects a broken off `forget` had left."""
    labels: int = 0
    tombstones: int = 0
    """Of snapshots that no client can miss any more."""
    marks: int = 0
    """Of prunes that did not end."""
    holdings: int = 0
    """Records of what archives have no longer."""


def sweep(repository: Repository, watched: Watched, hidden: Collection[PackId] = ()) -> Leftovers:
    """Delete what is left over; release `hidden` packs (engine/archive/holdings.py), if they are hidden still.

    StoreError when the store fails; what cannot be read stays.
    """
    _release_hidden(repository, hidden)
    stones = repository.tombstone_objects()
    labels = repository.label_objects()
    # Whoever put one of these labels for a snapshot that is yet to come is listed now.
    are_final = not watched.writers()
    names = set(repository.store.list(name_of(ObjectKind.SNAPSHOT, b"")))
    forgotten = repository.tombstoned()
    there, snapshots = repository.snapshot_ids(), dict(repository.trusted_snapshots())
    undead = {name for sid in forgotten if (name := name_of(ObjectKind.SNAPSHOT, sid)) in names}
    watched.bury_prunes()
    return Leftovers(
        snapshots=_delete(repository, iter(undead)),
        labels=_delete(repository, _superseded(labels, there, forgotten, are_final=are_final)),
        tombstones=_delete(repository, unneeded_tombstones(stones, snapshots, undead)),
        marks=_delete(repository, _spent_marks(repository)),
        holdings=_delete(repository, spent_holdings(repository.index.archive_records())),
    )


def _release_hidden(repository: Repository, hidden: Collection[PackId]) -> None:
    """Release packs that are in no fragment and not online: nobody has built on them, and nothing else needs them."""
    if not hidden:
        return
    online = listed(repository).packs
    repository.index.refresh()
    named = repository.index.packs()
    held = archived(repository).held
    still = (pack for pack in sorted(hidden) if pack not in online and pack not in named)
    record_released(repository, [holding for pack in still for holding in held.get(pack, ())])


def unneeded_tombstones(
    stones: Iterable[tuple[str, Tombstone]], snapshots: Mapping[SnapshotId, Snapshot], undead: Collection[str] = ()
) -> Iterator[str]:
    """Yield the tombstones without which no client misses the snapshot that they name (docs/format.md, section 8.4).

    One whose snapshot's object was still listed, and is in `undead`, stays: a power cut may bring the object back.
    """
    newest: dict[bytes, int] = {}
    for snapshot in snapshots.values():
        newest[snapshot.writer] = max(snapshot.sequence, newest.get(snapshot.writer, 0))
    named = {snapshot.previous for snapshot in snapshots.values()}
    for name, stone in stones:
        is_outdone = stone.of_writer is not None and newest.get(stone.of_writer, 0) > stone.of_sequence
        if is_outdone and stone.snapshot not in named and name_of(ObjectKind.SNAPSHOT, stone.snapshot) not in undead:
            yield name


def _superseded(
    labels: Sequence[tuple[str, Label]],
    there: Collection[SnapshotId],
    forgotten: Collection[SnapshotId],
    *,
    are_final: bool,
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
    """Yield the marks of which no pack is there any more: whoever put them can do nothing with them.

    A pack that is offline is there for a prune, which may yet release it, and not for a purge.
    """
    seen = listed(repository)
    if not seen.marks:
        return iter(())
    held = archived(repository).held.keys()
    return (
        name
        for name, packs in seen.marks.items()
        if packs.isdisjoint(seen.packs) and (name in seen.purges or packs.isdisjoint(held))
    )


def spent_holdings(records: Mapping[str, Holdings]) -> Iterator[str]:
    """Yield the records that say nothing of any holding that is left (docs/format.md, section 8.5)."""
    dropped = {id for record in records.values() for id in record.dropped}
    held = {name: set(map(holding_id, record.held)) for name, record in records.items()}
    count = Counter(chain.from_iterable(held.values()))
    for name, record in records.items():
        others = (id for id in (*record.released, *record.dropped) if count[HoldingId(id)] > (id in held[name]))
        if held[name] <= dropped and not any(True for _ in others):
            yield name


def _delete(repository: Repository, names: Iterator[str]) -> int:
    deleted = 0
    for name in names:
        with suppress(Missing):
            repository.store.delete(name)
            deleted += 1
    return deleted
