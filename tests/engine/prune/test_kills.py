"""A prune that is killed between any two calls that change the store: nothing is lost, and the next one finishes.

The store of a killed process does nothing more, whatever the process still tries.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.prune.rigging import assert_holds, assert_sound, fill, forget, kept_files, objects, pruned
from tests.rig import Rig

from yester.engine.ids import SnapshotId
from yester.engine.packs.packs import list_packs
from yester.engine.sealed.records import Mark
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.store import Buffer
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")

Held = dict[SnapshotId | None, dict[Path, bytes]]


class Killed(BaseException):
    """What a kill looks like from inside, were there an inside."""


class Mortal(MemoryStore):
    """A store of a process that is killed at its n-th change."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__()
        self.changes = 0
        self.dies_at: int | None = None
        for name, content in objects.items():
            super().put(name, [content])

    def _change(self) -> None:
        if self.dies_at is not None and self.changes >= self.dies_at:
            raise Killed
        self.changes += 1

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self._change()
        super().put(name, buffers, if_absent=if_absent, group=group)

    def delete(self, name: str) -> None:
        self._change()
        super().delete(name)


@pytest.fixture
def rig(home: Path, tmp_path: Path) -> Rig:
    folder = tmp_path / "source"
    fill(folder, 30, 1)
    rig = Rig.of(home, folder)
    rig.open()
    return rig


@pytest.fixture
def held(rig: Rig, tmp_path: Path) -> Held:
    """Snapshots that stay, in a repository with something of everything that a prune handles."""
    source = tmp_path / "source"
    first = rig.snap(tags=("gone",)).snapshot
    fill(source, 15, 2)
    second = rig.snap(tags=("kept",)).snapshot
    held: Held = {second: kept_files(source)}
    fill(source, 25, 3, (1_000, 300_000))
    third = rig.snap().snapshot
    fill(source, 10, 4)
    held[rig.snap().snapshot] = kept_files(source)
    forget(rig, first)
    assert isinstance(third, bytes)
    name = f"snap.{third.hex()}"
    content = rig.store.get(name)
    forget(rig, third)
    rig.store.put(name, [content])  # a forget that was broken off
    doomed = tuple(sorted(bytes.fromhex(each[5:]) for each in rig.store.list("data.")))[:2]
    rig.open().put_record(ObjectKind.MARK, Mark(packs=doomed, fragments=(), writer=b"x" * 16, time_ns=1))
    return held


def assert_finished(rig: Rig, held: Held, clean: dict[str, int]) -> None:
    """Nothing is lost, a prune finishes, and leaves what one leaves that was never killed."""
    for snapshot, files in held.items():
        assert_holds(rig, snapshot, files)
    assert pruned(rig).is_sound
    for snapshot, files in held.items():
        assert_holds(rig, snapshot, files)
    assert_sound(rig)
    left = objects(rig)
    left.pop("session", None)  # of the killed prune: nobody waits for it, so it goes when a prune takes long
    assert left == clean


def test_killed_at_any_change_nothing_is_lost_and_the_next_one_finishes(rig: Rig, held: Held) -> None:
    before = {name: rig.store.get(name) for name in rig.store.list()}
    store = Mortal(before)
    other = replace(rig, store=store, made=True)
    assert pruned(other).is_sound
    changes, clean = store.changes, objects(other)
    assert len(list(list_packs(store))) < len([name for name in before if name.startswith(("data.", "meta."))])
    assert changes > 15
    for at in range(changes):
        store = Mortal(before)
        other = replace(rig, store=store, made=True)
        store.dies_at = at
        with pytest.raises(Killed):
            pruned(other)
        store.dies_at = None
        assert_finished(other, held, clean)


def test_killed_twice_in_a_row_as_well(rig: Rig, held: Held) -> None:
    before = {name: rig.store.get(name) for name in rig.store.list()}
    store = Mortal(before)
    assert pruned(replace(rig, store=store, made=True)).is_sound
    changes = store.changes
    for at in range(0, changes, 3):
        store = Mortal(before)
        other = replace(rig, store=store, made=True)
        for more in (at, 5):
            store.dies_at = store.changes + more
            with suppress(Killed):  # the second one may have less to do
                pruned(other)
        store.dies_at = None
        assert other.snap().result == "complete"
        for snapshot, files in held.items():
            assert_holds(other, snapshot, files)
        assert pruned(other).is_sound
        assert_sound(other)
