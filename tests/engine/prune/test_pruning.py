"""Prune from end to end: what it frees, what it leaves, and who may come between."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.prune.rigging import (
    EVERYTHING,
    FakeClock,
    assert_holds,
    assert_sound,
    fill,
    forget,
    kept_files,
    objects,
    pruned,
)
from tests.rig import ABOVE_SIZE, Rig

from yester.engine.capture.standing import listed
from yester.engine.errors import Broken, CancelledError, DamageError, Missing
from yester.engine.events import Event, Message, PruneBegin, PruneEnd
from yester.engine.hooks import AllEvents
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.packs import list_packs
from yester.engine.prune.plan import Why
from yester.engine.prune.pruning import PruneOptions
from yester.engine.prune.waiting import STILL_S
from yester.engine.sealed.records import Mark
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


def session_of(rig: Rig, purpose: str = "snapshot", writer: bytes = b"w" * 16) -> WriterSession:
    repository = rig.open()
    return WriterSession(
        rig.store, repository.keys, writer=writer, host="laptop", purpose=purpose, started_ns=1, interval_s=3600
    )


def packs(rig: Rig) -> set[PackId]:
    return {PackId(digest_of(name)) for name in list_packs(rig.store)}


def test_frees_what_forgotten_snapshots_alone_held(rig: Rig, source: Path) -> None:
    first = rig.snap().snapshot
    fill(source, 20, 2)
    files = kept_files(source)
    second = rig.snap().snapshot
    before = sum(rig.store.query(name) for name in list_packs(rig.store))
    forget(rig, first)
    result = pruned(rig)
    after = sum(rig.store.query(name) for name in list_packs(rig.store))
    assert result.is_sound
    assert before - after == result.freed_size > 0
    assert result.plan.freed_size == pytest.approx(result.freed_size, rel=0.2)
    assert_holds(rig, second, files)
    assert_sound(rig)
    assert objects(rig) == {"config": 1, "key": 1, "meta": 2, "data": 2, "snap": 1, "tomb": 1, "index": 1}
    again = pruned(rig)
    assert again.plan.is_empty
    assert again.freed_size == 0
    third = rig.snap()
    assert (third.statistics.new, third.statistics.changed) == (0, 0)
    assert third.statistics.added_size < ABOVE_SIZE


def test_everything_goes_with_the_last_snapshot(rig: Rig) -> None:
    forget(rig, rig.snap().snapshot)
    result = pruned(rig)
    assert {each.why for each in result.plan.delete} == {Why.UNUSED}
    assert list(list_packs(rig.store)) == []
    assert_sound(rig)
    assert rig.snap().result == "complete"
    assert_sound(rig)


def test_a_dry_run_changes_nothing_and_says_the_same(rig: Rig, source: Path) -> None:
    first = rig.snap().snapshot
    fill(source, 20, 2)
    rig.snap()
    forget(rig, first)
    names = sorted(rig.store.list())
    planned = pruned(rig, replace(EVERYTHING, dry_run=True))
    assert (sorted(rig.store.list()), planned.writers) == (names, ())
    with session_of(rig), session_of(rig, "prune"):
        assert pruned(rig, replace(EVERYTHING, dry_run=True)).writers == ("snapshot on laptop",), "prunes wait for none"
    done = pruned(rig)
    assert planned.plan == done.plan
    assert planned.deleted_packs == planned.freed_size == 0


def test_what_may_stay_unused_stays(rig: Rig, source: Path) -> None:
    first = rig.snap().snapshot
    fill(source, 20, 2)
    rig.snap()
    forget(rig, first)
    assert pruned(rig, PruneOptions(max_unused=10.0)).plan.is_empty
    assert pruned(rig, PruneOptions(max_unused=0.0, max_repack=1)).plan.is_empty
    assert pruned(rig).deleted_packs


def test_waits_for_a_writer_and_spares_what_its_snapshot_needs(rig: Rig, source: Path) -> None:
    """A run that began before the mark builds on packs that nobody needed then."""
    files = kept_files(source)
    forget(rig, rig.snap().snapshot)
    with session_of(rig) as writer:
        taken: list[SnapshotId | None] = []

        def meanwhile() -> None:
            if clock.sleeps == 3:
                # What a run does that listed marks before there was one: the mark is hidden from it.
                store = rig.store
                assert isinstance(store, MemoryStore)
                [mark] = store.list("mark.")
                hidden = store.get(mark)
                store.delete(mark)
                taken.append(rig.snap().snapshot)
                store.put(mark, [hidden])
                writer.__exit__(None, None, None)

        clock = FakeClock(meanwhile)
        result = pruned(rig, clock=clock)
    assert result.deleted_packs == 0
    assert result.spared_packs == len(result.plan.delete) == 2
    assert clock.time < STILL_S
    assert_holds(rig, taken[0], files)
    assert_sound(rig)


class Failing(MemoryStore):
    """A store that fails once, when it is told to, to read metadata."""

    failing: Callable[[], None] | None = None

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        if name.startswith("meta.") and self.failing is not None:
            failing, self.failing = self.failing, None
            failing()
            raise Broken("a bad sector", name=name)
        return super().get_range(name, offset, size)


def test_a_last_look_that_begins_anew_walks_anew(rig: Rig, source: Path) -> None:
    """A new snapshot is forgotten while it is walked; another one has the same trees, and needs what goes."""
    store = Failing()
    rig = replace(rig, store=store, made=False)
    files = kept_files(source)
    rig.open()
    forget(rig, rig.snap().snapshot)
    with session_of(rig) as writer:
        taken: list[SnapshotId | None] = []

        def meanwhile() -> None:
            if clock.sleeps == 3:
                [mark] = store.list("mark.")
                hidden = store.get(mark)
                store.delete(mark)
                taken.extend((rig.snap().snapshot, rig.snap().snapshot))
                store.put(mark, [hidden])
                writer.__exit__(None, None, None)
                store.failing = lambda: forget(rig, taken[0])

        clock = FakeClock(meanwhile)
        result = pruned(rig, clock=clock)
    assert store.failing is None
    assert result.spared_packs == 2
    assert_holds(rig, taken[1], files)
    assert_sound(rig)


def test_a_writer_that_sees_the_mark_builds_on_nothing_that_goes(rig: Rig, source: Path) -> None:
    files = kept_files(source)
    forget(rig, rig.snap().snapshot)
    doomed = packs(rig)
    with session_of(rig) as writer:
        taken: list[SnapshotId | None] = []

        def meanwhile() -> None:
            if clock.sleeps == 3:
                taken.append(rig.snap().snapshot)
                writer.__exit__(None, None, None)

        clock = FakeClock(meanwhile)
        pruned(rig, clock=clock)
    assert doomed.isdisjoint(packs(rig))
    assert_holds(rig, taken[0], files)
    assert_sound(rig)


def test_a_silent_writer_is_held_dead_and_learns_of_it(rig: Rig) -> None:
    forget(rig, rig.snap().snapshot)
    with session_of(rig) as writer:
        clock = FakeClock()
        pruned(rig, clock=clock)
        assert clock.time >= STILL_S
        assert not writer.stands()
    assert list(list_packs(rig.store)) == []
    assert objects(rig).keys().isdisjoint({"session", "mark"})


def test_a_writer_that_gives_signs_of_life_is_never_held_dead(rig: Rig) -> None:
    forget(rig, rig.snap().snapshot)
    with session_of(rig) as writer:

        def meanwhile() -> None:
            if clock.sleeps % 500 == 0:
                writer.tick()
            if clock.sleeps == 2000:
                writer.__exit__(None, None, None)

        clock = FakeClock(meanwhile)
        pruned(rig, clock=clock)
        assert clock.time >= 2000


def test_other_prunes_are_not_waited_for(rig: Rig) -> None:
    forget(rig, rig.snap().snapshot)
    with session_of(rig, purpose="prune"):
        clock = FakeClock()
        assert pruned(rig, clock=clock).deleted_packs == 2
        assert clock.time == 0


def test_what_a_dead_prune_marked_is_saved_and_deleted(rig: Rig, source: Path) -> None:
    """Whoever put the mark may still wake up: what is needed of its packs is copied before they go."""
    files = kept_files(source)
    taken = rig.snap().snapshot
    doomed = packs(rig)
    repository = rig.open()
    mark = Mark(packs=tuple(doomed), fragments=(), writer=b"x" * 16, time_ns=1)
    repository.put_record(ObjectKind.MARK, mark)
    result = pruned(rig, PruneOptions(max_unused=1.0))
    assert {each.why for each in result.plan.repack} == {Why.DOOMED}
    assert doomed.isdisjoint(packs(rig))
    assert result.leftovers.marks == 1
    assert listed(rig.open()).marks == {}
    assert_holds(rig, taken, files)
    assert_sound(rig)


def test_two_prunes_never_take_both_copies(rig: Rig, source: Path) -> None:
    """Each marks one copy; the second puts its mark while the first waits, and is through before the first goes on."""
    files = kept_files(source)
    taken = rig.snap().snapshot
    store = rig.store
    assert isinstance(store, MemoryStore)
    first = {name: store.get(name) for name in [*list_packs(store), *store.list("index.")]}
    for name in first:
        store.delete(name)
    again = rig.snap().snapshot
    forget(rig, again)
    second = packs(rig)
    for name, content in first.items():
        store.put(name, [content])
    results = []
    with session_of(rig) as writer:

        def meanwhile() -> None:
            if clock.sleeps == 3:
                other = rig.open()
                rest = packs(rig) - next(iter(listed(other).marks.values()))
                other.put_record(ObjectKind.MARK, Mark(packs=tuple(rest), fragments=(), writer=b"x" * 16, time_ns=1))
                writer.__exit__(None, None, None)

        clock = FakeClock(meanwhile)
        results.append(pruned(rig, clock=clock))
    assert second
    assert results[0].plan.delete
    assert results[0].deleted_packs == 0
    assert results[0].spared_packs == len(results[0].plan.delete)
    assert_holds(rig, taken, files)
    assert pruned(rig).is_sound
    assert_holds(rig, taken, files)
    assert_sound(rig)


def test_duplicates_lie_once_afterwards(rig: Rig, source: Path) -> None:
    files = kept_files(source)
    taken = rig.snap().snapshot
    store = rig.store
    assert isinstance(store, MemoryStore)
    first = {name: store.get(name) for name in [*list_packs(store), *store.list("index.")]}
    for name in first:
        store.delete(name)
    rig.snap()
    for name, content in first.items():
        store.put(name, [content])
    assert len(packs(rig)) == 4
    assert pruned(rig).is_sound
    # Directories above the source may have changed in between: then their pages are no duplicates.
    assert len(list(store.list("data."))) == 1
    assert pruned(rig).plan.unused_size == 0
    assert_holds(rig, taken, files)
    assert_sound(rig)


def test_of_a_damaged_and_a_whole_copy_the_whole_one_stays(rig: Rig, source: Path) -> None:
    files = kept_files(source)
    taken = rig.snap().snapshot
    store = rig.store
    assert isinstance(store, MemoryStore)
    first = {name: store.get(name) for name in [*list_packs(store), *store.list("index.")]}
    for name in first:
        store.delete(name)
    rig.snap()
    for name, content in first.items():
        store.put(name, [content])
    damaged = bytearray(store.get(victim := min(store.list("data."))))
    damaged[60] ^= 1
    store.put(victim, [damaged])
    pruned(rig)
    assert_holds(rig, taken, files)


def test_a_damaged_pack_stays_and_is_said(rig: Rig, source: Path) -> None:
    first = rig.snap().snapshot
    fill(source, 20, 2)
    second = rig.snap().snapshot
    forget(rig, first)
    store = rig.store
    assert isinstance(store, MemoryStore)
    plan = pruned(rig, replace(EVERYTHING, dry_run=True)).plan
    [victim] = [each.use.name for each in plan.repack if each.use.kind is ObjectKind.DATA]
    content = bytearray(store.get(victim))
    for at in range(60, len(content) - 100_000, 1000):
        content[at] ^= 1
    store.put(victim, [content])
    result = pruned(rig)
    assert not result.is_sound
    assert victim in result.damaged[0]
    assert victim in set(store.list("data."))
    assert rig.taken(second).entries


def test_nothing_is_deleted_while_a_tree_cannot_be_read(rig: Rig, source: Path) -> None:
    first = rig.snap().snapshot
    fill(source, 20, 2)
    rig.snap()
    forget(rig, first)
    for name in list(rig.store.list("meta.")):
        rig.store.delete(name)
    names = {name for name in rig.store.list() if not name.startswith("session.")}
    with pytest.raises(DamageError) as raised:
        pruned(rig)
    assert "yester check" in raised.value.hint
    assert {name for name in rig.store.list() if not name.startswith("session.")} == names


def test_nothing_is_deleted_while_a_snapshot_cannot_be_read(rig: Rig, source: Path) -> None:
    forget(rig, rig.snap().snapshot)
    fill(source, 20, 2)
    rig.snap()
    store = rig.store
    assert isinstance(store, MemoryStore)
    [name] = store.list("snap.")
    content = bytearray(store.get(name))
    content[100] ^= 1
    store.put(name, [content])
    names = sorted(store.list())
    with pytest.raises(DamageError, match=name):
        pruned(rig)
    assert sorted(store.list()) == names


def test_lost_content_is_counted_and_hinders_nothing(rig: Rig, source: Path) -> None:
    first = rig.snap().snapshot
    fill(source, 20, 2)
    rig.snap()
    keep = pruned(rig, replace(EVERYTHING, dry_run=True)).plan.keep
    lost = next(use.name for use in keep if use.kind is ObjectKind.DATA)
    rig.store.delete(lost)
    forget(rig, first)
    result = pruned(rig)
    assert result.lost_blobs > 0
    assert not result.is_sound


def test_cancelled_while_it_waits_leaves_all_as_it_was(rig: Rig) -> None:
    forget(rig, rig.snap().snapshot)
    before = packs(rig)
    asked = False

    def ask() -> None:
        nonlocal asked
        asked = clock.sleeps > 3

    clock = FakeClock(ask)
    with session_of(rig), pytest.raises(CancelledError):
        pruned(rig, clock=clock, cancelled=lambda: asked)
    assert packs(rig) == before
    assert objects(rig).keys().isdisjoint({"session", "mark"})
    assert pruned(rig).deleted_packs == 2


def test_leftovers_go(rig: Rig) -> None:
    taken = rig.snap(tags=("one",)).snapshot
    assert taken is not None
    repository = rig.open()
    forgotten = rig.snap(tags=("two",)).snapshot
    assert forgotten is not None
    store = rig.store
    assert isinstance(store, MemoryStore)
    name = f"snap.{forgotten.hex()}"
    content = store.get(name)
    repository.forget_snapshot(forgotten, "test")
    store.put(name, [content])
    repository.put_record(ObjectKind.MARK, Mark(packs=(b"p" * 32,), fragments=(), writer=b"x" * 16, time_ns=1))
    result = pruned(rig)
    left = result.leftovers
    assert (left.snapshots, left.labels, left.marks) == (1, 1, 1)
    assert rig.open().labels()[taken].tags == ("one",)
    with pytest.raises(Missing):
        store.get(name)


class Heard(AllEvents):
    def __init__(self) -> None:
        self.events: list[Event] = []

    def event(self, event: Event) -> None:
        self.events.append(event)


def test_tells_what_it_does(rig: Rig) -> None:
    forget(rig, rig.snap().snapshot)
    heard = Heard()
    with session_of(rig):
        result = pruned(rig, hooks=heard)
    begin, waiting, end = heard.events
    assert isinstance(begin, PruneBegin)
    assert isinstance(waiting, Message) and "snapshot on laptop" in waiting.text
    assert isinstance(end, PruneEnd)
    assert (end.deleted_packs, end.freed_size) == (2, result.freed_size)
