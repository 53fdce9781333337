"""Copies between repositories: whole, told by their originals, no more than what lacks, and safe to break off."""

import os
import random
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from tests import zoo
from tests.comparison import compare
from tests.engine.restoring_rig import checked, flip, objects, restored, taken
from tests.rig import Rig, write
from tests.test_kills import Interfering

from yester.engine.copying.copying import CopyResult, copy_snapshots, original_of
from yester.engine.errors import CancelledError, Full, UsageError
from yester.engine.ids import BlobKind, PackId, SnapshotId
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label, Mark, Snapshot
from yester.engine.sealed.sealing import ObjectKind, digest_of
from yester.engine.sessions import live_sessions
from yester.plugins.backends.memory import MemoryStore

MakeTarget: TypeAlias = "Callable[[Rig], Rig]"


def like(rig: Rig) -> Rig:
    """Another repository with the same ids."""
    target = replace(rig, store=MemoryStore(), made=True)
    Repository.create(target.store, None, places=rig.places, like=rig.open())
    return target


def stranger(rig: Rig) -> Rig:
    """A repository with ids of its own."""
    target = replace(rig, store=MemoryStore(), made=False)
    target.open()
    return target


EITHER = pytest.mark.parametrize("make", [like, stranger])


def copied(rig: Rig, target: Rig, *chosen: SnapshotId, cancelled: Callable[[], bool] = lambda: False) -> CopyResult:
    source = rig.open()
    return copy_snapshots(
        source,
        target.open(),
        chosen or [sid for sid, _ in source.snapshots()],
        progress=NoProgress(),
        cancelled=cancelled,
    )


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    rig = Rig.of(home, folder)
    rig.open()
    return rig


@EITHER
def test_a_copy_restores_to_what_was_there(rig: Rig, folder: Path, tmp_path: Path, make: MakeTarget) -> None:
    zoo.build(folder / "zoo")
    write(folder / "large", random.Random(1).randbytes(12_000_000))
    write(folder / "long", random.Random(2).randbytes(70_000) * 100)
    for number in range(1100):
        write(folder / "crowd" / str(number), b"%d" % number)
    try:
        sid = taken(rig)
        target = make(rig)
        [done] = copied(rig, target).copied
        assert done.is_new and done.target is not None and not done.problem
        report = checked(target, 100)
        assert report.problems == ()
        restored(target, done.target, tmp_path / "back", folder)
        restored(rig, sid, tmp_path / "direct", folder)
        assert compare(tmp_path / "direct", tmp_path / "back", top=False) == []
    finally:
        zoo.clear(folder / "zoo")
        for back in ("back", "direct"):
            zoo.clear(tmp_path / back)


@EITHER
def test_what_a_snapshot_says_stays_and_the_writer_is_who_copies(rig: Rig, folder: Path, make: MakeTarget) -> None:
    write(folder / "a")
    first = taken(rig)
    write(folder / "b")
    second = taken(rig)
    target = make(rig)
    source = rig.open()
    source.put_record(
        ObjectKind.LABEL,
        Label(snapshot=second, counter=7, writer=bytes(16), name="n", tags=("t",), pinned=True, note="note"),
    )
    result = copied(rig, target)
    repository = target.open()
    copies = dict(repository.snapshots())
    one, two = [copies[SnapshotId(each.target)] for each in result.copied if each.target]
    for copy, sid in ((one, first), (two, second)):
        record = source.snapshot(sid)
        for name in ("time_ns", "end_ns", "host_id", "host", "user", "profile_id", "profile", "sources", "program"):
            assert getattr(copy, name) == getattr(record, name)
        assert copy.statistics == record.statistics
        assert copy.copy_of == sid
        assert copy.writer == repository.writer != record.writer
    assert (one.sequence, two.sequence) == (1, 2)
    assert two.previous == two.parent == result.copied[0].target
    label = repository.labels()[SnapshotId(result.copied[1].target or b"")]
    assert (label.name, label.tags, label.pinned, label.note, label.counter) == ("n", ("t",), True, "note", 1)
    assert repository.warnings() == []
    assert not live_sessions(target.store.list("session.")) and not live_sessions(rig.store.list("session."))


def test_ids_compare_and_frames_go_over_as_they_are(rig: Rig, folder: Path) -> None:
    for number in range(50):
        write(folder / str(number), random.Random(number).randbytes(20_000))
    sid = taken(rig)
    target = like(rig)
    result = copied(rig, target)
    assert not result.rebuilt
    ours, theirs = rig.open(), target.open()
    [copy] = theirs.snapshots()
    assert copy[1].root == ours.snapshot(sid).root
    assert theirs.keys.config_key == ours.keys.config_key

    def frames(repository: Repository) -> set[tuple[int, int, int]]:
        found = (repository.index.locate(short) for short in shorts(ours))
        return {(each.offset, each.sealed_size, each.codec) for each in found if each and each.kind == ObjectKind.DATA}

    assert frames(ours) == frames(theirs)


def shorts(repository: Repository) -> list[bytes]:
    from yester.engine.packs.packs import list_packs, read_directory

    found = []
    for name in list_packs(repository.store):
        ids = read_directory(repository.store, name, repository.keys).directory.ids
        found += [ids[at : at + 16] for at in range(0, len(ids), 16)]
    return found


@EITHER
def test_a_second_copy_brings_only_what_is_new(rig: Rig, folder: Path, make: MakeTarget) -> None:
    noise = random.Random(3)
    for number in range(300):
        write(folder / f"{number % 10}/{number}", noise.randbytes(3000))
    taken(rig)
    target = make(rig)
    copied(rig, target)
    before = set(target.store.list("data."))
    assert copied(rig, target).added_size == 0
    assert set(target.store.list("data.")) == before
    write(folder / "3/new", noise.randbytes(5000))
    third = taken(rig)
    result = copied(rig, target)
    assert [each.is_new for each in result.copied] == [False, True]
    assert 5000 <= result.added_size < 20_000
    assert checked(target, 100).problems == ()
    assert len(set(target.store.list("data.")) - before) == 1
    assert target.open().snapshot(SnapshotId(result.copied[1].target or b"")).copy_of == third


def test_unchanged_folders_are_not_read_again_to_be_rebuilt(
    rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yester.engine.packs.reading import BlobReader

    for number in range(40):
        write(folder / f"{number % 4}/{number}", random.Random(number).randbytes(2000))
    taken(rig)
    target = stranger(rig)
    copied(rig, target)
    write(folder / "3/new", b"new")
    taken(rig)
    read: list[bytes] = []
    blob = BlobReader.blob

    def noted(self: BlobReader, kind: BlobKind, id: bytes) -> object:
        if kind == BlobKind.DATA:
            read.append(id)
        return blob(self, kind, id)

    monkeypatch.setattr(BlobReader, "blob", noted)
    copied(rig, target)
    assert len(read) == 1


def test_a_copy_of_a_copy_is_known_by_the_snapshot_that_was_taken(rig: Rig, folder: Path) -> None:
    write(folder / "a")
    sid = taken(rig)
    second, third = like(rig), stranger(rig)
    copied(rig, second)
    [done] = copied(second, third).copied
    assert original_of(SnapshotId(done.target or b""), target_record(third, done.target)) == sid
    assert not copied(rig, third).copied[0].is_new
    assert not copied(third, rig).copied[0].is_new, "nor is it copied back to where it was taken"


def target_record(target: Rig, sid: SnapshotId | None) -> Snapshot:
    assert sid is not None
    return target.open().snapshot(sid)


def test_no_copy_of_a_repository_into_itself(rig: Rig, folder: Path) -> None:
    write(folder / "a")
    taken(rig)
    with pytest.raises(UsageError, match="one repository"):
        copied(rig, rig)


@EITHER
def test_a_damaged_snapshot_is_said_and_the_others_are_copied(rig: Rig, folder: Path, make: MakeTarget) -> None:
    write(folder / "a", random.Random(1).randbytes(50_000))
    taken(rig)
    [pack] = objects(rig, "data.")
    (folder / "a").unlink()
    write(folder / "b", random.Random(2).randbytes(50_000))
    second = taken(rig)
    flip(rig, pack, 1000)
    target = make(rig)
    bad, good = copied(rig, target).copied
    assert bad.target is None and pack in bad.problem
    assert good.source == second and good.is_new
    assert checked(target, 100).problems == ()


def test_a_cancelled_copy_goes_on(rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.engine.copying.copying.UPDATE_INTERVAL_S", 0)
    write(folder / "a")
    taken(rig)
    target = like(rig)
    with pytest.raises(CancelledError):
        copied(rig, target, cancelled=lambda: True)
    assert copied(rig, target).copied[0].is_new


@pytest.mark.parametrize("identity", ["like", "stranger"])
def test_a_copy_killed_at_any_put_harms_nothing_and_goes_on(
    rig: Rig, folder: Path, tmp_path: Path, identity: str
) -> None:
    noise = random.Random(5)
    for number in range(30):
        write(folder / f"{number % 3}/{number}", noise.randbytes(noise.choice((10, 90_000, 900_000))))
    taken(rig)
    write(folder / "more", noise.randbytes(10))
    taken(rig)

    def target(name: str) -> tuple[Rig, Interfering]:
        store = Interfering(tmp_path / name, create=True)
        made = replace(rig, store=store, made=True)
        Repository.create(store, None, places=rig.places, like=rig.open() if identity == "like" else None)
        store.puts.clear()
        return made, store

    counted, store = target("counted")
    copied(rig, counted)
    for at in range(len(store.puts)):
        other, interfering = target(f"killed-{at}")
        interfering.at, interfering.after = at, lambda name: os.kill(os.getpid(), signal.SIGKILL)
        child = os.fork()
        if child == 0:
            try:
                copied(rig, other)
            finally:
                os._exit(0)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
        interfering.at = None
        assert checked(other, 100).problems == ()
        left = set(interfering.list("data."))
        copied(rig, other)
        assert checked(other, 100).problems == ()
        assert len(other.open().snapshots()) == 2
        assert left <= set(interfering.list("data."))
        again = set(interfering.list("data."))
        sizes = sum(map(interfering.query, again))
        assert sizes <= sum(map(store.query, store.list("data."))) * 1.5, "what arrived was not stored again"


def test_a_full_target_keeps_what_is_committed(rig: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "a")
    taken(rig)
    target = stranger(rig)
    copied(rig, target)
    write(folder / "b")
    taken(rig)
    full = Interfering(tmp_path / "full", create=True)
    for name in target.store.list():
        full.put(name, [target.store.get(name)])
    full.at = len(full.puts) + 2

    def fail(name: str) -> None:
        raise Full("no room")

    full.before = fail
    other = replace(target, store=full)
    with pytest.raises(Full):
        copied(rig, other)
    assert checked(other, 100).problems == ()
    assert len(other.open().snapshots()) == 1


def test_packs_marked_in_the_target_are_not_built_on(rig: Rig, folder: Path) -> None:
    write(folder / "a", b"a" * 1000)
    taken(rig)
    target = like(rig)
    copied(rig, target)
    repository = target.open()
    doomed = [PackId(digest_of(name)) for name in target.store.list("data.")]
    [(first, _)] = repository.snapshots()
    repository.forget_snapshot(first, "test")
    repository.put_record(ObjectKind.MARK, Mark(packs=tuple(doomed), fragments=(), writer=bytes(16), time_ns=0))
    [done] = copied(rig, target).copied
    assert done.is_new
    for pack in doomed:
        target.store.delete(f"data.{pack.hex()}")
    assert not any(problem.hit_count for problem in checked(target, 100).problems)


def test_a_root_without_anything_below(rig: Rig, folder: Path) -> None:
    """A snapshot of an empty folder has trees still, and no data pack."""
    taken(rig)
    for target in (like(rig), stranger(rig)):
        [done] = copied(rig, target).copied
        assert done.is_new
        assert checked(target, 100).problems == ()


def test_the_record_takes_an_id_of_the_right_size_only() -> None:
    from yester.engine.errors import DamageError
    from yester.engine.sealed.records import decode_record

    with pytest.raises(DamageError):
        decode_record(Snapshot, msgspec.msgpack.encode({"copy_of": b"short"}), "snap.x")
