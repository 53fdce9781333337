"""Forgetting in real repositories: what others see of it, and what is left when it is killed."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.engine.restoring_rig import checked, objects, taken
from tests.rig import Rig, write
from tests.test_bad_input import small_disk

from yester.engine.errors import Broken
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.repository import Repository
from yester.engine.retention.forgetting import finish, forget, room_of
from yester.engine.retention.plan import RetentionPlan, plan_retention
from yester.engine.sealed.records import Tombstone, decode_record
from yester.engine.sealed.sealing import ObjectKind, open_record
from yester.engine.store import Buffer
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")

LATER = 2**62


def planned(repository: Repository, spec: RetentionSpec) -> RetentionPlan:
    return plan_retention(repository.snapshots(), repository.labels(), spec, LATER)


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    write(folder / "a")
    return Rig.of(home, folder)


def test_the_tombstone_says_why(rig: Rig) -> None:
    first, second = taken(rig), taken(rig)
    repository = rig.open()
    told: list[SnapshotId] = []
    plan = planned(repository, RetentionSpec(keep_last=1))
    assert forget(repository, plan.remove, lambda each: told.append(each.id)) == told == [first]
    [name] = objects(rig, "tomb.")
    plain = open_record(ObjectKind.TOMBSTONE, repository.keys, name, rig.store.get(name))
    stone = decode_record(Tombstone, plain, name)
    assert (stone.snapshot, stone.reason) == (first, "no rule keeps it")
    assert [sid for sid, _ in rig.open().snapshots()] == [second]
    assert rig.open().warnings() == []


class Mortal(FolderStore):
    """A store whose process dies at its n-th change."""

    left = 10**9

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self._age()
        super().put(name, buffers, if_absent=if_absent, group=group)

    def delete(self, name: str) -> None:
        self._age()
        super().delete(name)

    def _age(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def forget_in_a_child(rig: Rig, spec: RetentionSpec, changes: int) -> int:
    """Forget in a process that dies before its change of that number; return how it ended."""
    child = os.fork()
    if child == 0:
        try:
            repository = rig.open()
            assert isinstance(rig.store, Mortal)
            rig.store.left = changes
            forget(repository, planned(repository, spec).remove)
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize("changes", range(7))
def test_killed_at_any_moment_it_goes_on_where_it_was(rig: Rig, tmp_path: Path, changes: int) -> None:
    rig.store = Mortal(tmp_path / "repository", create=True)
    everything = [taken(rig) for _ in range(4)]
    spec = RetentionSpec(keep_last=1)
    ended = forget_in_a_child(rig, spec, changes)
    assert os.WIFSIGNALED(ended) == (changes < 6)
    repository = rig.open()
    gone = (changes + 1) // 2
    assert [sid for sid, _ in repository.snapshots()] == everything[gone:]
    assert repository.warnings() == []
    assert checked(rig).problems == ()
    forget(repository, planned(repository, spec).remove)
    assert objects(rig, "snap.") == [f"snap.{everything[3].hex()}"]
    assert checked(rig).problems == ()


def test_an_object_that_outlived_its_tombstone_goes_with_the_next(rig: Rig) -> None:
    first, second = taken(rig), taken(rig)
    kept = rig.store.get(f"snap.{first.hex()}")
    repository = rig.open()
    repository.forget_snapshot(first, "asked")
    rig.store.put(f"snap.{first.hex()}", [kept])
    finish(rig.open())
    assert objects(rig, "snap.") == [f"snap.{second.hex()}"]


class Stubborn(MemoryStore):
    """A store that takes nothing away."""

    def delete(self, name: str) -> None:
        raise Broken(f"{name} cannot be deleted", name=name)


def test_a_store_that_fails_leaves_the_rest_for_the_next_time(rig: Rig) -> None:
    rig.store = MemoryStore()
    everything = [taken(rig) for _ in range(3)]
    sane = rig.store
    stubborn = Stubborn()
    stubborn._objects = sane._objects
    rig.store = stubborn
    repository = rig.open()
    with pytest.raises(Broken):
        forget(repository, planned(repository, RetentionSpec(keep_last=1)).remove)
    assert [sid for sid, _ in rig.open().snapshots()] == everything[1:]
    rig.store = sane
    repository = rig.open()
    forget(repository, planned(repository, RetentionSpec(keep_last=1)).remove)
    assert objects(rig, "snap.") == [f"snap.{everything[2].hex()}"]


def test_the_next_run_goes_on_from_what_is_left(rig: Rig, folder: Path) -> None:
    taken(rig)
    newest = taken(rig)
    rig.open().forget_snapshot(newest, "asked")
    write(folder / "b", b"new")
    after = rig.taken(taken(rig))
    assert after.content(folder / "a") == b"x" and after.content(folder / "b") == b"new"
    assert checked(rig, 100).problems == ()


def test_the_room_of_a_store(tmp_path: Path, as_root: None) -> None:
    assert room_of(MemoryStore()) is None
    with small_disk(tmp_path / "disk", "8m") as disk:
        store = FolderStore(disk / "repository", create=True)
        room = room_of(store)
        assert room is not None
        assert room.total_size == 8 << 20
        write(disk / "repository" / "big", bytes(1 << 20))
        after = room_of(store)
        assert after is not None
        assert 0 <= room.free_size - after.free_size - (1 << 20) < 64 << 10
        assert room.total_inodes > room.free_inodes > after.free_inodes > 0
