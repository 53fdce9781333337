"""What one client does between two calls of another: each test is a meeting at which something could be lost."""

import os
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace as msgspec_replace
from tests.acting import Acting
from tests.engine.prune.rigging import FakeClock, assert_holds, assert_sound, fill, forget, kept_files, pruned
from tests.engine.restoring_rig import checked
from tests.rig import KEEP_ALL, Recorder, Rig, write

from yester.engine.capture.snapping import SnapshotRequest, take_snapshot
from yester.engine.check.checking import scratch
from yester.engine.check.examination import Examination
from yester.engine.copying.copying import copy_snapshots
from yester.engine.entries import Mark
from yester.engine.errors import StoreError
from yester.engine.ids import BlobKind, PackId, SnapshotId
from yester.engine.packs.packs import list_packs
from yester.engine.packs.writing import BlobWriter
from yester.engine.profiles.writing import new_profile
from yester.engine.progress import NoProgress
from yester.engine.repair.plan import RepairPlan, plan_repair
from yester.engine.repair.repairing import carry_out, examine
from yester.engine.repository import Repository
from yester.engine.rewriting.removal import plan_removal
from yester.engine.rewriting.snapshots import Replaced, Rewriter
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.records import Mark as PruneMark
from yester.engine.sealed.sealing import ObjectKind, digest_of
from yester.engine.sessions import WriterSession
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    fill(folder, 40, 1)
    return folder


@pytest.fixture
def rig(home: Path, source: Path) -> Rig:
    rig = Rig.of(home, source)
    rig.open()
    return rig


@pytest.fixture
def pieces(source: Path) -> dict[Path, bytes]:
    """Files that are one blob each and lie in several frames."""
    for path in kept_files(source):
        path.unlink()
    chance = random.Random(7)
    for number in range(20):
        (source / f"{number:02}").write_bytes(chance.randbytes(60_000))
    return kept_files(source)


def mark(rig: Rig, *packs: str) -> None:
    """Leave the mark of a prune that died."""
    doomed = tuple(digest_of(name) for name in packs)
    rig.open().put_record(ObjectKind.MARK, PruneMark(packs=doomed, fragments=(), writer=b"w" * 16, time_ns=1))


def beside(rig: Rig) -> tuple[Rig, Acting]:
    """Return the same client on a store in which others act."""
    assert isinstance(rig.store, MemoryStore)
    store = Acting(rig.store)
    return replace(rig, store=store, made=True), store


def session_of(rig: Rig, purpose: str = "snapshot") -> WriterSession:
    keys = rig.open().keys
    return WriterSession(
        rig.store, keys, writer=b"w" * 16, host="laptop", purpose=purpose, started_ns=1, interval_s=1e6
    )


def rewrite(rig: Rig, path: Path, only: SnapshotId | None = None) -> list[Replaced]:
    repository = rig.open()
    chosen = [each for each in repository.snapshots() if only in (None, each[0])]
    plan = plan_removal(repository.reader(), chosen, [os.fsencode(path)])
    rewriter = Rewriter(repository, lambda entry: entry, reason="rewritten", cancelled=lambda: False)
    return list(rewriter.replace([removal.replacement() for removal in plan], 1))


def examined(repository: Repository, folder: Path) -> tuple[Examination, RepairPlan]:
    repository.unlock()
    examination = examine(repository, folder, read_data_percent=100, progress=NoProgress(), cancelled=lambda: False)
    return examination, plan_repair(examination)


def repaired(rig: Rig, meanwhile: Callable[[], object] = lambda: None) -> RepairPlan:
    """Repair; something may happen between the look and the work."""
    repository = rig.open()
    with scratch(repository.cache) as folder:
        examination, plan = examined(repository, Path(folder))
        meanwhile()
        carry_out(repository, examination, plan, cancelled=lambda: False)
    return plan


def data_packs(rig: Rig) -> set[str]:
    return {name for name in list_packs(rig.store) if name.startswith("data.")}


def spoil(rig: Rig, pack: str, blob: bytes) -> None:
    """Damage a pack where it has this content."""
    repository = rig.open()
    others = [PackId(digest_of(name)) for name in list_packs(rig.store) if name != pack]
    place = repository.index.locate(blob_id(repository.keys.id_key(BlobKind.DATA), blob), others)
    assert place is not None
    content = bytearray(rig.store.get(pack))
    content[place.offset + place.sealed_size // 2] ^= 1
    rig.store.delete(pack)
    rig.store.put(pack, [content])


def store_twice(rig: Rig, content: bytes) -> None:
    """Store a blob that is there once more, as two runs at once do."""
    repository = rig.open()
    repository.index.restrict(set())
    with BlobWriter(repository) as writer:
        writer.add(BlobKind.DATA, content)


def commit_beside_the_mark(rig: Rig) -> SnapshotId:
    """Take a snapshot as a run does that listed marks before there was one."""
    [mark] = rig.store.list("mark.")
    hidden = rig.store.get(mark)
    rig.store.delete(mark)
    taken = rig.snap().snapshot
    rig.store.put(mark, [hidden])
    assert taken is not None
    return taken


# Prunes


def test_a_prune_waits_for_a_writer_that_is_missed_once(rig: Rig) -> None:
    """A sign of life is one object put and one deleted: a listing in that moment may show neither."""
    forget(rig, rig.snap().snapshot)
    other, store = beside(rig)
    with session_of(rig) as writer:
        store.let("after put", "mark.", lambda: store.let("during list", "session.", writer.tick))

        def meanwhile() -> None:
            if clock.sleeps == 3:
                writer.__exit__(None, None, None)

        clock = FakeClock(meanwhile)
        pruned(other, clock=clock)
    assert store.happened
    assert clock.sleeps >= 3


def test_a_prune_sees_a_snapshot_or_the_one_in_its_place(rig: Rig, source: Path) -> None:
    """A snapshot that builds on marked packs is replaced while snapshots are listed."""
    forget(rig, rig.snap().snapshot)
    files = kept_files(source)
    other, store = beside(rig)
    gone = source / "0" / "0"
    with session_of(rig) as writer:

        def meanwhile() -> None:
            if clock.sleeps == 3:
                commit_beside_the_mark(rig)
                writer.__exit__(None, None, None)
                store.let("after list", "snap.", lambda: new.extend(rewrite(rig, gone)))

        clock, new = FakeClock(meanwhile), list[Replaced]()
        pruned(other, clock=clock)
    assert store.happened
    assert_sound(rig)
    left = {path: content for path, content in files.items() if gone not in path.parents}
    assert_holds(rig, new[0].new, left)


def test_the_whole_copy_stays_though_it_is_marked(rig: Rig, pieces: dict[Path, bytes]) -> None:
    """A dead prune marked the whole one of two copies; the other was damaged meanwhile."""
    sid = rig.snap().snapshot
    [first] = data_packs(rig)
    content = pieces[min(pieces)]
    store_twice(rig, content)
    mark(rig, first)
    [other] = data_packs(rig) - {first}
    spoil(rig, other, content)
    pruned(rig)
    assert_holds(rig, sid, pieces)


def test_a_witness_that_was_away_while_others_forgot_and_pruned(rig: Rig, tmp_path: Path) -> None:
    """It saw a snapshot whose tombstone a prune took away; the later one, for which it did so, is forgotten then."""
    away = replace(rig, places=replace(rig.places, state=tmp_path / "state", cache=tmp_path / "cache"))
    rig.snap()
    second = rig.snap().snapshot
    assert away.open().warnings() == []
    forget(rig, second)
    third = rig.snap().snapshot
    assert pruned(rig).leftovers.tombstones == 1
    forget(rig, third)
    assert away.open().warnings() == []


# Repairs


def test_a_repair_beside_a_prune_keeps_one_of_two_copies(rig: Rig, pieces: dict[Path, bytes]) -> None:
    """The prune keeps the copy in the damaged pack and deletes the other one at the moment that the repair counts."""
    sid = rig.snap().snapshot
    [first] = data_packs(rig)
    whole, lost = min(pieces), max(pieces)
    store_twice(rig, pieces[whole])
    [twice] = data_packs(rig) - {first}
    spoil(rig, first, pieces[lost])
    other, store = beside(rig)
    store.let("before delete", twice, lambda: repaired(rig))
    pruned(other)
    assert store.happened
    assert_replaced_holds(rig, sid, pieces, lost)


def test_a_repair_that_sleeps_before_it_deletes(rig: Rig, pieces: dict[Path, bytes]) -> None:
    """A prune holds the repair dead, and must not count on what it is about to delete."""
    sid = rig.snap().snapshot
    [first] = data_packs(rig)
    whole, lost = min(pieces), max(pieces)
    store_twice(rig, pieces[whole])
    spoil(rig, first, pieces[lost])
    other, store = beside(rig)
    store.let("before delete", first, lambda: pruned(rig))
    repaired(other)
    assert store.happened
    assert_replaced_holds(rig, sid, pieces, lost)


def assert_replaced_holds(rig: Rig, sid: SnapshotId | None, files: dict[Path, bytes], lost: Path) -> None:
    [(new, snapshot)] = rig.open().snapshots()
    assert snapshot.original == sid
    # What shares a frame with a damaged byte is lost as well.
    taken = rig.taken(new)
    assert taken[lost].marks & Mark.UNREADABLE
    kept = {path: content for path, content in files.items() if not taken[path].marks & Mark.UNREADABLE}
    assert len(kept) >= len(files) // 2
    assert min(files) in kept
    assert_holds(rig, new, kept)


def test_a_repair_keeps_what_was_stored_again_since_it_looked(rig: Rig, pieces: dict[Path, bytes]) -> None:
    """While a person reads the plan, a run heals what was lost."""
    rig.snap()
    [first] = data_packs(rig)
    rig.store.delete(first)
    plan = repaired(rig, rig.snap)
    assert len(plan.hurt) == 1
    assert len(rig.open().snapshots()) == 2
    for now, _ in rig.open().snapshots():
        assert_holds(rig, now, pieces)
    assert checked(rig, 100).problems == ()


def test_a_repair_asks_again_for_packs_that_were_not_there(rig: Rig, pieces: dict[Path, bytes]) -> None:
    """Somebody reads the plan, and mounts the disk, or puts back what he has in another copy."""
    sid = rig.snap().snapshot
    [first] = data_packs(rig)
    content = rig.store.get(first)
    rig.store.delete(first)
    plan = repaired(rig, lambda: rig.store.put(first, [content]))
    assert len(plan.hurt) == len(plan.gone) == 1
    assert [now for now, _ in rig.open().snapshots()] == [sid]
    assert_holds(rig, sid, pieces)
    assert_sound(rig)


def test_a_damaged_fragment_that_the_cache_knows(rig: Rig, source: Path) -> None:
    """The packs that it names are named anew before it goes, though this client's cache still names them."""
    files = kept_files(source)
    sid = rig.snap().snapshot
    assert rig.open().index.packs()
    [fragment] = rig.store.list("index.")
    content = rig.store.get(fragment)
    rig.store.delete(fragment)
    rig.store.put(fragment, [content[:-9]])
    repaired(rig)
    assert [now for now, _ in rig.open().snapshots()] == [sid]
    assert_holds(rig, sid, files)
    assert_sound(rig)


def test_a_run_that_builds_on_what_a_repair_deletes(rig: Rig, tmp_path: Path, pieces: dict[Path, bytes]) -> None:
    """The run loads the index again, so that it no longer names what the run was built on."""
    rig.snap()
    [first] = data_packs(rig)
    lost = max(pieces)
    spoil(rig, first, pieces[lost])
    folder = tmp_path / "more"
    for number in range(9):
        write(folder / f"{number}" / "file", pieces[lost] if number == 0 else b"%d" % number)
    profile = replace(new_profile("more", [os.fsencode(folder)], filters=KEEP_ALL), partial_every=1)
    other, store = beside(replace(rig, profile=profile))
    # Of another machine: two processes of one client draw the numbers of their snapshots in turn.
    places = replace(rig.places, state=tmp_path / "state", cache=tmp_path / "cache")
    store.let("before put", "snap.", lambda: repaired(replace(rig, places=places)))
    ticks = count(step=10)
    request = SnapshotRequest(other.profile, "run")
    done = take_snapshot(
        other.open(),
        request,
        places=other.places,
        hooks=Recorder(),
        progress=NoProgress(),
        cancelled=lambda: False,
        clock=lambda: float(next(ticks)),
    )
    assert store.happened
    assert_holds(rig, done.snapshot, kept_files(folder))


# Rewriting


def test_a_rewrite_that_died_after_its_packs_were_taken(rig: Rig, source: Path) -> None:
    """It slept, was held dead, woke up, committed and was killed: the old snapshot is what is left."""
    sid = rig.snap().snapshot
    files = kept_files(source)
    before = set(list_packs(rig.store))
    other, store = beside(rig)

    def taken() -> None:
        for name in set(list_packs(rig.store)) - before:
            rig.store.delete(name)
        raise StoreError("The network is gone")

    store.let("after put", "snap.", taken)
    gone = source / "0" / "0"
    with pytest.raises(StoreError):
        rewrite(other, gone)
    rewrite(rig, gone, sid)
    [(new, _)] = rig.open().snapshots()
    assert_holds(rig, new, {path: content for path, content in files.items() if gone not in path.parents})


def hold_dead(rig: Rig, store: Acting) -> list[bool]:
    """Let a client be held dead and its packs pruned once it put its fragment; return whether it committed alive."""
    before = set(list_packs(rig.store))
    committed: list[bool] = []

    def slept() -> None:
        for name in [*rig.store.list("session."), *(set(list_packs(rig.store)) - before)]:
            rig.store.delete(name)
        store.let("before put", "snap.", lambda: committed.append(bool(list(rig.store.list("session.")))))

    store.let("after put", "index.", slept)
    return committed


def test_a_rewrite_that_was_held_dead_does_not_commit(rig: Rig, source: Path) -> None:
    rig.snap()
    other, store = beside(rig)
    committed = hold_dead(rig, store)
    rewrite(other, source / "0" / "0")
    assert committed == [True]
    assert checked(rig, 100).problems == ()


def test_a_run_that_was_held_dead_does_not_commit(rig: Rig, source: Path) -> None:
    other, store = beside(rig)
    committed = hold_dead(rig, store)
    other.snap()
    assert committed == [True]
    assert checked(rig, 100).problems == ()


@pytest.mark.parametrize("is_like", [True, False])
def test_a_copy_that_was_held_dead_does_not_commit(rig: Rig, source: Path, is_like: bool) -> None:
    """Nor does it build again on what was forgotten and pruned while it was held dead."""
    first = rig.snap().snapshot
    target = replace(rig, store=MemoryStore(), made=True)
    Repository.create(target.store, None, places=rig.places, like=rig.open() if is_like else None)
    assert first is not None
    copy_snapshots(rig.open(), target.open(), [first], progress=NoProgress(), cancelled=lambda: False)
    fill(source, 10, 2)
    files = kept_files(source)
    second = rig.snap().snapshot
    assert second is not None
    other, store = beside(target)
    committed = hold_dead(target, store)

    def pruned_away() -> None:
        act()
        [(sid, _)] = target.open().snapshots()
        forget(target, sid)
        pruned(target)

    act = store._acts["after put", "index."]
    store.let("after put", "index.", pruned_away)
    [done] = copy_snapshots(rig.open(), other.open(), [second], progress=NoProgress(), cancelled=lambda: False).copied
    assert committed == [True]
    assert_holds(target, done.target, files)
    assert checked(target, 100).problems == ()


def test_a_pin_that_is_set_while_a_snapshot_is_replaced(rig: Rig, source: Path) -> None:
    sid = rig.snap(tags=("first",)).snapshot
    assert sid is not None
    other, store = beside(rig)
    store.let("before put", "index.", lambda: rig.open().set_label(sid, pinned=True, add_tags=("second",)))
    [replaced] = rewrite(other, source / "0" / "0")
    assert store.happened
    label = rig.open().labels()[replaced.new]
    assert (label.pinned, label.tags) == (True, ("first", "second"))


def test_a_client_that_can_only_add_cannot_take_the_place_of_a_snapshot(rig: Rig, source: Path) -> None:
    """It says of a snapshot of its own to be a rewritten one: the other is not forgotten for that."""
    sid = rig.snap().snapshot
    files = kept_files(source)
    gone = source / "0" / "0"
    blind = {SnapshotId(b"x" * 32)}
    other, _ = beside(rig)
    repository = other.open()
    [(_, snapshot)] = repository.snapshots()
    claimed = repository.commit_snapshot(msgspec_replace(snapshot, original=sid))
    blind.add(claimed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Repository, "came_blind", lambda _, each: each in blind)
        [replaced] = rewrite(rig, gone, sid)
    assert replaced.new != claimed
    assert_holds(rig, replaced.new, {path: content for path, content in files.items() if gone not in path.parents})
