"""The first look of a prune: what is there, what all snapshots need of it, and so how much of each pack.

What is listed when matters. Marks first: what another prune marked may go at any time. Then snapshots, then what the
index names, then packs: a writer puts them in the opposite order, so that whatever a listed snapshot needs is named by
the index that is read after it. What archives hold comes last: what a purge deletes is held before it goes. What a
purge has marked is taken for offline already.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from yester.engine.archive.holdings import Stock
from yester.engine.capture.standing import listed
from yester.engine.errors import DamageError
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.places import unwritable
from yester.engine.prune.keeping import Keeping
from yester.engine.prune.needs import Needs
from yester.engine.prune.plan import PackUse
from yester.engine.prune.references import Note, Walk
from yester.engine.repository import Repository
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.referring import Reference

_READER_SIZE = 32 << 20
"""Budget for reading trees, bytes."""


class Outdated(Exception):
    """A snapshot was forgotten while it was walked, and perhaps pruned: the look has to begin anew.

    Nodes that were noted and not walked would be taken for walked otherwise, and what they need for needed by nobody.
    """


@dataclass(frozen=True, slots=True)
class Judged:
    """What the first look found."""

    snapshots: frozenset[SnapshotId]
    needs: Needs
    """Which copy of each needed blob is kept."""
    packs: tuple[PackUse, ...]
    """All that are listed and named."""
    lost: int
    """Blobs that snapshots need and that are nowhere."""
    warnings: tuple[str, ...]
    """What is wrong with packs that no fragment names; they stay."""
    unneeded: frozenset[PackId] = frozenset()
    """Packs that are offline, and that no snapshot needs."""
    hidden: frozenset[PackId] = frozenset()
    """Packs that are offline and in no fragment; empty when anything is lost, which may be in them."""


def judge(repository: Repository, folder: Path, tick: Callable[[int, int], None], *, adopt: bool) -> Judged:
    """Find what all snapshots need. `folder` takes a table of all blobs; `tick` as in Walk.

    With `adopt` the index is made to name every pack first, else packs that it does not name are left alone.
    DamageError when a snapshot, or a part of its tree, cannot be read. Outdated.
    """
    index = repository.index
    marked = listed(repository)
    snapshots = readable_snapshots(repository)
    warnings = adopt_orphans(repository).warnings if adopt else ()
    index.refresh()
    packs = listed(repository).packs
    held = set(archived(repository).held)
    purging = marked.purging & held
    try:
        needs = Needs(index.written_whole(folder))
    except OSError as error:
        raise unwritable(folder, error) from error
    lost = refer(repository, needs, snapshots, tick)
    doomed = set[PackId]().union(*marked.marks.values()) - purging
    keeping = Keeping(needs, repository.store, repository.keys, packs - purging, doomed, held)
    uses = keeping.choose(lambda: tick(0, 0))
    return Judged(
        frozenset(sid for sid, _ in snapshots),
        needs,
        tuple(uses),
        lost + keeping.lost,
        tuple(warnings),
        frozenset(keeping.unneeded_offline - purging),
        frozenset() if lost or keeping.lost else frozenset(held - packs - index.packs()),
    )


def archived(repository: Repository) -> Stock:
    """Return what archives hold; DamageError when a record of that cannot be read: any pack might be held."""
    stock = repository.index.look_for_archived()
    for name, what in stock.damaged.items():
        raise DamageError(
            f"{what}; what archives hold is not known",
            hint=f"Nothing is freed while {name} cannot be read. Run `yester check`.",
        )
    return stock


def readable_snapshots(repository: Repository) -> list[tuple[SnapshotId, Snapshot]]:
    """Return all snapshots; DamageError when one cannot be read: nobody knows what it needs.

    Who replaces a snapshot commits the new one before the old one goes: a listing may have begun too early for the one
    and end too late for the other. So it is repeated until none that was listed before or after it is missing.
    """
    while True:
        before = repository.snapshot_ids()
        snapshots = repository.snapshots()
        for name, error in repository.damaged.items():
            if name.startswith("snap."):
                raise DamageError(
                    f"{error.what}; what it needs is not known",
                    hint="A prune frees nothing while a snapshot cannot be read. Run `yester check`.",
                )
        if before | repository.snapshot_ids() <= {sid for sid, _ in snapshots}:
            return snapshots


def refer(
    repository: Repository,
    needs: Needs,
    snapshots: Collection[tuple[SnapshotId, Snapshot]],
    tick: Callable[[int, int], None],
) -> int:
    """Let all copies be needed of all that snapshots refer to; return how much the index does not name.

    DamageError when one cannot be read; Outdated when that is because it was forgotten.
    """
    lost = 0

    def note(reference: Reference) -> bool:
        nonlocal lost
        is_new = needs.refer(reference.blob)
        if is_new is None:
            if reference.is_node:
                raise DamageError(f"{reference.kind.name.lower()} {reference.blob.hex()[:32]} is in no pack")
            lost += 1
        return bool(is_new)

    walk_all(repository, snapshots, note, tick)
    return lost


def walk_all(
    repository: Repository,
    snapshots: Iterable[tuple[SnapshotId, Snapshot]],
    note: Note,
    tick: Callable[[int, int], None],
) -> None:
    """Note what all these refer to; DamageError when one that is still there cannot be read, else Outdated."""
    walk = Walk(repository.reader(_READER_SIZE), note, tick)
    for sid, snapshot in snapshots:
        try:
            walk.snapshot(snapshot)
        except DamageError as error:
            if sid in repository.snapshot_ids():
                raise
            raise Outdated from error
