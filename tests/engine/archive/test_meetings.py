"""Purges, recalls and prunes beside each other and beside runs: at each meeting something could be lost.

And each is killed between any two calls that change the store.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.archive.rigging import Vault, data_packs, purged
from tests.engine.prune.rigging import FakeClock, assert_holds, assert_sound, fill, forget, kept_files, objects, pruned
from tests.engine.prune.test_kills import Killed, Mortal
from tests.rig import KEEP_ALL, Rig
from tests.test_interleavings import beside, mark, session_of

from yester.engine.archive.purging import PurgeOptions
from yester.engine.errors import DamageError, Offline
from yester.engine.ids import PackId, SnapshotId
from yester.engine.profiles.writing import new_profile
from yester.engine.sealed.records import Mark
from yester.engine.sealed.sealing import ObjectKind, digest_of

pytestmark = pytest.mark.usefixtures("settled")


class World:
    """An old snapshot, whose packs an archive holds, and a new one that needs a part of them."""

    def __init__(self, rig: Rig, source: Path) -> None:
        self.rig, self.source, self.vault = rig, source, Vault()
        self.old = self.snap()
        self.files = kept_files(source)
        for path in sorted(self.files)[4:]:
            path.unlink()
        fill(source / "more", 5, 5)
        self.new = self.snap()
        self.now = kept_files(source)
        self.vault.take(rig, data_packs(rig))

    def snap(self, rig: Rig | None = None) -> SnapshotId:
        sid = (rig or self.rig).snap().snapshot
        assert sid is not None
        return sid

    def purge(self, rig: Rig | None = None, clock: FakeClock | None = None) -> tuple[PackId, ...]:
        return purged(rig or self.rig, [self.old], PurgeOptions(max_hot=1.0), clock=clock).purged

    def other_client(self, name: str, folder: Path) -> Rig:
        """Another machine that has the old files."""
        for path, content in self.files.items():
            place = folder / path.relative_to(self.source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        places = replace(self.rig.places, state=folder / "../state" / name, cache=folder / "../cache" / name)
        profile = new_profile(name, [os.fsencode(folder)], filters=KEEP_ALL)
        return replace(self.rig, places=places, profile=profile, made=True)

    def assert_whole(self, *more: tuple[SnapshotId, dict[Path, bytes]]) -> None:
        """All but the old snapshot can be read with the archive uninstalled, and that one once it is recalled."""
        for sid, files in [(self.new, self.now), *more]:
            assert_holds(self.rig, sid, files)
        stock = self.rig.open().index.look_for_archived()
        self.vault.give_back(self.rig, sorted(stock.held))
        assert_holds(self.rig, self.old, self.files)


@contextmanager
def one_that_began_before(world: World, client: Rig) -> Iterator[tuple[FakeClock, list[SnapshotId]]]:
    """Have a run that sees no mark commit and end while somebody waits for it; give his clock, and what it took."""
    taken: list[SnapshotId] = []

    def meanwhile() -> None:
        if clock.sleeps == 2:
            [name] = world.rig.store.list("mark.")
            hidden = world.rig.store.get(name)
            world.rig.store.delete(name)
            taken.append(world.snap(client))
            world.rig.store.put(name, [hidden])
            writer.__exit__(None, None, None)

    clock = FakeClock(meanwhile)
    with session_of(world.rig) as writer:
        yield clock, taken


@pytest.fixture
def world(home: Path, tmp_path: Path) -> World:
    source = tmp_path / "source"
    fill(source, 15, 1)
    return World(Rig.of(home, source), source)


def test_a_run_that_began_before_the_mark(world: World, tmp_path: Path) -> None:
    """It builds on what the purge has marked, and commits while the purge waits for it."""
    other = world.other_client("other", tmp_path / "other")
    with one_that_began_before(world, other) as (clock, taken):
        assert world.purge(clock=clock) == ()
    world.assert_whole((taken[0], kept_files(tmp_path / "other")))


def test_a_run_that_begins_after_the_mark_stores_again(world: World, tmp_path: Path) -> None:
    other = world.other_client("other", tmp_path / "other")
    rig, store = beside(world.rig)
    taken: list[SnapshotId] = []
    store.let("after put", "mark.", lambda: taken.append(world.snap(other)))
    assert world.purge(rig)
    assert store.happened
    world.assert_whole((taken[0], kept_files(tmp_path / "other")))


def test_a_run_that_sleeps_while_a_purge_goes_by(world: World, tmp_path: Path) -> None:
    """It is held dead, and what it built on is offline when it wakes up: it stores that again."""
    client, store = beside(world.other_client("other", tmp_path / "other"))
    store.let("before put", "snap.", world.purge)
    sid = world.snap(client)
    assert store.happened
    world.assert_whole((sid, kept_files(tmp_path / "other")))


def test_a_run_that_counts_on_the_archive(world: World, tmp_path: Path) -> None:
    """With the profile's leave it stores nothing again; the prune that would release the packs waits for it."""
    assert world.purge()
    client = world.other_client("other", tmp_path / "other")
    client = replace(client, profile=replace(client.profile, dedup_against_archive=True))
    before = data_packs(world.rig)
    forget(world.rig, world.old)
    with one_that_began_before(world, client) as (clock, taken):
        pruned(world.rig, clock=clock)
    assert data_packs(world.rig) == before
    with pytest.raises(Offline):
        assert_holds(world.rig, taken[0], kept_files(tmp_path / "other"))
    stock = world.rig.open().index.look_for_archived()
    world.vault.give_back(world.rig, sorted(stock.held))
    assert_holds(world.rig, taken[0], kept_files(tmp_path / "other"))


def test_a_run_that_counts_on_the_archive_after_the_mark(world: World, tmp_path: Path) -> None:
    """What a prune is about to release is not counted on, nor what it has released."""
    assert world.purge()
    forget(world.rig, world.old)
    rig, store = beside(world.rig)
    first = world.other_client("first", tmp_path / "first")
    second = world.other_client("second", tmp_path / "second")
    clients = [replace(each, profile=replace(each.profile, dedup_against_archive=True)) for each in (first, second)]
    taken: list[SnapshotId] = []
    store.let("after put", "mark.", lambda: taken.append(world.snap(clients[0])))
    store.let("after put", "holding.", lambda: taken.append(world.snap(clients[1])))
    assert pruned(rig).released
    assert store.happened
    assert_holds(world.rig, taken[0], kept_files(tmp_path / "first"))
    assert_holds(world.rig, taken[1], kept_files(tmp_path / "second"))


@pytest.mark.parametrize("moment", ["after put mark.", "before delete data.", "before delete mark."])
def test_a_prune_within_a_purge(world: World, moment: str) -> None:
    rig, store = beside(world.rig)
    when, kind = moment.rsplit(" ", 1)
    store.let(when, kind, lambda: pruned(world.rig))
    assert world.purge(rig)
    assert store.happened
    assert pruned(world.rig).released == ()
    world.assert_whole()
    assert_sound(world.rig)


@pytest.mark.parametrize("moment", ["before list snap.", "after put mark.", "after put index.", "before delete index."])
def test_a_purge_within_a_prune(world: World, moment: str) -> None:
    fill(world.source / "passing", 5, 9)
    forget(world.rig, world.snap())
    rig, store = beside(world.rig)
    when, kind = moment.rsplit(" ", 1)
    store.let(when, kind, world.purge)
    pruned(rig)
    assert store.happened
    pruned(world.rig)
    world.assert_whole()


@pytest.mark.parametrize("moment", ["after put mark.", "before delete data.", "before delete mark."])
def test_a_recall_within_a_purge(world: World, moment: str) -> None:
    rig, store = beside(world.rig)
    when, kind = moment.rsplit(" ", 1)
    held = sorted(world.rig.open().index.look_for_archived().held)
    store.let(when, kind, lambda: world.vault.give_back(world.rig, held))
    assert world.purge(rig)
    assert store.happened
    world.assert_whole()
    assert_sound(world.rig)


def test_two_purges_at_once(world: World) -> None:
    rig, store = beside(world.rig)
    store.let("before delete", "data.", world.purge)
    world.purge(rig)
    assert store.happened
    world.assert_whole()


def test_a_purge_looks_again_what_is_held(world: World) -> None:
    """The archive turns out to have lost its copies after the plan was made."""
    rig, store = beside(world.rig)
    stock = world.rig.open().index.look_for_archived()
    lost = [each for holdings in stock.held.values() for each in holdings]
    store.let("after put", "mark.", lambda: world.vault.delete(world.rig, lost))
    assert world.purge(rig) == ()
    assert_holds(world.rig, world.old, world.files)
    assert_sound(world.rig)


def test_a_snapshot_that_is_forgotten_while_it_is_purged(world: World) -> None:
    rig, store = beside(world.rig)

    def gone() -> None:
        forget(world.rig, world.old)
        pruned(world.rig)

    store.let("after put", "mark.", gone)
    world.purge(rig)
    assert store.happened
    assert_holds(world.rig, world.new, world.now)
    pruned(world.rig)
    assert_sound(world.rig)


def test_a_pack_is_held_that_a_prune_deletes_at_this_moment(world: World) -> None:
    """The archive was given the pack long ago, and says so when the prune has looked."""
    forget(world.rig, world.old)
    rig, store = beside(world.rig)
    before = {PackId(digest_of(name)) for name in data_packs(world.rig)}
    late = Vault()

    def said() -> None:
        with suppress(AssertionError):  # it is told that it came too late
            late.take(world.rig, data_packs(world.rig), job="late")

    store.let("before delete", "data.", said)
    pruned(rig)
    assert store.happened
    gone = before - {PackId(digest_of(name)) for name in data_packs(world.rig)}
    assert gone
    stock = world.rig.open().index.look_for_archived()
    assert stock.held.keys().isdisjoint(gone)
    assert {each.job for each in stock.unneeded if each.pack in gone} == {"job", "late"}


def test_a_mark_that_a_dead_purge_left(world: World) -> None:
    """Runs do not build on what it names, and prunes leave that alone; the next purge goes on."""
    packs = sorted({PackId(digest_of(name)) for name in data_packs(world.rig)})
    dead = Mark(packs=tuple(packs), fragments=(), writer=b"w" * 16, time_ns=1, purge=True)
    world.rig.open().put_record(ObjectKind.MARK, dead)
    before = data_packs(world.rig)
    assert pruned(world.rig).is_sound
    assert data_packs(world.rig) == before
    world.snap()
    for _ in range(2):
        assert pruned(world.rig).released == ()
    assert world.purge()
    world.assert_whole()


def test_what_a_prune_marked_as_well_is_not_held_back(world: World) -> None:
    """A dead prune and a dead purge marked one pack: what is needed of it is copied, as it may go at any time."""
    mark(world.rig, *data_packs(world.rig))
    packs = sorted({PackId(digest_of(name)) for name in data_packs(world.rig)})
    dead = Mark(packs=tuple(packs), fragments=(), writer=b"w" * 16, time_ns=1, purge=True)
    world.rig.open().put_record(ObjectKind.MARK, dead)
    before = data_packs(world.rig)
    assert pruned(world.rig).is_sound
    assert data_packs(world.rig).isdisjoint(before)
    world.assert_whole()


# Kills


def each_kill(world: World, work: Callable[[Rig], object], between: Callable[[World], object]) -> int:
    """Kill this before each call that changes the store; return how many there are."""
    before = {name: world.rig.store.get(name) for name in world.rig.store.list()}
    packs = dict(world.vault.packs)
    store = Mortal(before)
    work(replace(world.rig, store=store, made=True))
    changes = store.changes
    for at in range(changes):
        store = Mortal(before)
        store.dies_at = at
        world.vault.packs = dict(packs)
        with suppress(Killed):
            work(replace(world.rig, store=store, made=True))
        store.dies_at = None
        after = World.__new__(World)
        after.__dict__.update(world.__dict__)
        after.rig = replace(world.rig, store=store, made=True)
        after.vault = Vault()
        after.vault.packs = dict(packs)
        between(after)
    return changes


def goes_on(world: World) -> None:
    """Nothing is lost, and the next purge finishes."""
    assert_holds(world.rig, world.new, world.now)
    world.purge()
    assert pruned(world.rig).is_sound
    left = objects(world.rig)
    assert "mark" not in left
    world.assert_whole()


def test_a_purge_that_is_killed(world: World) -> None:
    assert each_kill(world, lambda rig: world.purge(rig), goes_on) > 6


def test_a_recall_that_is_killed(world: World) -> None:
    gone = world.purge()
    assert each_kill(world, lambda rig: world.vault.give_back(rig, gone), lambda after: after.assert_whole()) >= 1


def test_a_prune_that_releases_and_is_killed(world: World) -> None:
    gone = world.purge()
    forget(world.rig, world.old)

    def finishes(after: World) -> None:
        assert_holds(after.rig, after.new, after.now)
        done = pruned(after.rig)
        assert {each.pack for each in done.released} >= set(gone)
        assert "mark" not in objects(after.rig)
        assert_holds(after.rig, after.new, after.now)
        assert_sound(after.rig)

    assert each_kill(world, pruned, finishes) > 4


def test_a_damaged_copy_of_what_others_need_stays(world: World) -> None:
    """What cannot be copied whole is not purged either."""
    first = max(data_packs(world.rig), key=lambda name: len(world.rig.store.get(name)))
    content = world.rig.store.get(first)
    world.rig.store.delete(first)
    world.rig.store.put(first, [content[:2000] + bytes(len(content) - 4000) + content[-2000:]])
    done = purged(world.rig, [world.old], PurgeOptions(max_hot=1.0))
    assert done.purged == () and done.damaged
    with pytest.raises(DamageError):
        assert_holds(world.rig, world.old, world.files)
