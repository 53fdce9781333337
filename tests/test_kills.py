"""Runs that die at any moment, stores that fail at any call, prunes that come between: no committed snapshot is harmed.

Each case is one call of the store: the calls of a clean run are counted, then the run is broken off at each of them.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.rig import Rig

from yester.engine.capture.last_look import is_whole
from yester.engine.capture.standing import listed
from yester.engine.check.checking import check
from yester.engine.errors import Broken, Full, YesterError
from yester.engine.events import File
from yester.engine.hooks import NoHooks
from yester.engine.ids import PackId, SnapshotId
from yester.engine.progress import NoProgress
from yester.engine.sealed.records import Mark
from yester.engine.sealed.sealing import ObjectKind, digest_of
from yester.engine.store import Buffer
from yester.plugins.backends.folder import FolderStore

FILES = 60


pytestmark = pytest.mark.usefixtures("settled", "compressors")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Some folders of small and large files, more than a pack of them."""
    folder, noise = tmp_path / "source", random.Random(1)
    for row in range(FILES):
        path = folder / f"{row % 7}/{row % 3}/{row}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(noise.choice((0, 50, 5_000, 100_000, 1_000_000))))
    return folder


class Interfering(FolderStore):
    """A store that does something odd at its n-th put."""

    def __init__(self, path: Path, create: bool = False) -> None:
        super().__init__(path, create)
        self.puts: list[str] = []
        self.at: int | None = None
        self.before: Callable[[str], None] = lambda name: None
        self.after: Callable[[str], None] = lambda name: None

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self.puts.append(name)
        here = len(self.puts) - 1 == self.at
        if here:
            self.before(name)
        super().put(name, buffers, if_absent=if_absent, group=group)
        if here:
            self.after(name)


@pytest.fixture
def rig(home: Path, source: Path, tmp_path: Path) -> Rig:
    rig = Rig.of(home, source)
    rig.store = Interfering(tmp_path / "repository", create=True)
    rig.open()
    return rig


def fresh(rig: Rig, tmp_path: Path, name: str) -> tuple[Rig, Interfering]:
    """Return a rig like this one with an empty repository of its own."""
    store = Interfering(tmp_path / name, create=True)
    other = replace(rig, store=store, made=False)
    other.open()
    store.puts.clear()
    return other, store


def assert_sound(rig: Rig) -> None:
    report = check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert report.problems == ()


def assert_as_source(rig: Rig, snapshot: SnapshotId | None, source: Path) -> None:
    taken = rig.taken(snapshot)
    files = [path for path in source.rglob("*") if path.is_file()]
    assert len(files) == FILES
    assert all(taken.content(path) == path.read_bytes() for path in files)


def puts_of_a_run(rig: Rig, tmp_path: Path) -> int:
    other, store = fresh(rig, tmp_path, "counted")
    other.snap()
    return len(store.puts)


def in_a_child(rig: Rig) -> int:
    """Take a snapshot in a forked process and return its wait status."""
    child = os.fork()
    if child == 0:
        try:
            rig.snap()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_killed_at_any_put_harms_nothing_and_its_work_is_used(
    rig: Rig, source: Path, tmp_path: Path, moment: str
) -> None:
    rounds = puts_of_a_run(rig, tmp_path)
    assert rounds >= 5  # session, packs, index fragment, snapshot
    for at in range(rounds):
        other, store = fresh(rig, tmp_path, f"killed-{at}")
        store.at = at
        setattr(store, moment, lambda name: os.kill(os.getpid(), signal.SIGKILL))
        status = in_a_child(other)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, at
        store.at = None
        assert_sound(other)
        left = set(store.list("data."))
        assert_as_source(other, other.snap().snapshot, source)
        assert_sound(other)
        assert left <= set(store.list("data.")), "packs of the killed run were adopted, not stored twice"


def test_files_of_a_killed_run_are_not_read_again(
    rig: Rig, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The records of what a killed run had finished are trusted once its packs are adopted."""
    rounds = puts_of_a_run(rig, tmp_path)
    other, store = fresh(rig, tmp_path, "killed")
    store.at = rounds - 1
    store.before = lambda name: os.kill(os.getpid(), signal.SIGKILL)
    monkeypatch.setattr("yester.engine.capture.filecache._WRITE_BUFFER", 2)
    in_a_child(other)
    store.at = None
    result = other.snap()
    assert (result.statistics.new, result.statistics.unchanged) == (0, FILES)
    assert_as_source(other, result.snapshot, source)


@pytest.mark.parametrize("error", [Full, Broken])
def test_a_store_that_fails_at_any_put_ends_the_run_with_its_words(
    rig: Rig, source: Path, tmp_path: Path, error: type[YesterError]
) -> None:
    rounds = puts_of_a_run(rig, tmp_path)
    first = rig.snap()
    store = rig.store
    assert isinstance(store, Interfering)
    (source / "0/0/0").write_bytes(b"changed")

    def failing(name: str) -> None:
        raise error(f"{name} cannot be stored")

    for at in range(rounds):
        other, broken = fresh(rig, tmp_path, f"{error.__name__}-{at}")
        broken.at, broken.before = at, failing
        with pytest.raises(error, match="cannot be stored"):
            other.snap()
        broken.at = None
        assert_sound(other)
        assert other.snap().result == "complete"
        assert_sound(other)
    assert rig.open().snapshot_ids() == {first.snapshot}


def packs_of(store: FolderStore) -> Iterator[PackId]:
    return (PackId(digest_of(name)) for name in store.list("data."))


def test_packs_deleted_before_the_commit_are_stored_again(rig: Rig, source: Path, tmp_path: Path) -> None:
    """A prune takes what a run has deduplicated against, between its look at the index and its commit."""
    rig.snap()
    store = rig.store
    assert isinstance(store, Interfering)
    (source / "new").write_bytes(b"so that there is something to store")
    for file in rig.places.cache.rglob("files-*"):
        file.unlink()
    store.puts.clear()

    def prune(name: str) -> None:
        for pack in list(store.list("data.")):
            store.delete(pack)

    store.at, store.before = 0, prune
    result = rig.snap()
    store.at = None
    taken = rig.taken(result.snapshot)
    assert all(taken.content(path) == path.read_bytes() for path in source.rglob("*") if path.is_file())


def taken_for_dead(store: Interfering, packs: list[str]) -> Callable[[str], None]:
    """Return what a prune does that holds a run dead: it ends the session, then deletes packs."""

    def prune(name: str) -> None:
        for each in [*store.list("session."), *packs]:
            store.delete(each)

    return prune


@pytest.mark.parametrize("lost", [True, False])
def test_a_run_that_was_held_dead_looks_whether_its_packs_are_there(rig: Rig, source: Path, lost: bool) -> None:
    """The packs were there when it began, and were marked and deleted while its machine slept, before its commit."""
    first = rig.snap().snapshot
    store = rig.store
    assert isinstance(store, Interfering)
    (source / "new").write_bytes(b"so that there is something to store")
    doomed = [*store.list("data.")] if lost else []
    store.puts.clear()
    store.at, store.before = 4, taken_for_dead(store, doomed)
    result = rig.snap()
    store.at = None
    assert store.puts[4].startswith("snap.")
    assert len(rig.open().tombstoned()) == lost, "the first attempt is forgotten when it lacks packs"
    taken = rig.taken(result.snapshot)
    assert all(taken.content(path) == path.read_bytes() for path in source.rglob("*") if path.is_file())
    assert result.snapshot != first
    assert list(store.list("session.")) == []


def test_a_mark_put_while_a_run_works_costs_it_nothing(rig: Rig, source: Path) -> None:
    """The prune waits for the run and spares what its snapshot needs, even packs that it marked as no one's."""
    store = rig.store
    assert isinstance(store, Interfering)

    def mark(name: str) -> None:
        assert name.startswith("snap.")
        repository = rig.open()
        packs = [*packs_of(store), *(PackId(digest_of(name)) for name in store.list("meta."))]
        repository.put_record(ObjectKind.MARK, Mark(packs=tuple(packs), fragments=(), writer=b"w" * 16, time_ns=0))

    rounds = puts_of_a_run(rig, Path(str(source) + "-counted"))
    store.puts.clear()
    store.at, store.before = rounds - 1, mark
    result = rig.snap()
    assert result.result == "complete"
    assert len(store.puts) == rounds + 1, "nothing but the mark was put besides"
    assert rig.open().tombstoned() == set()


def test_what_lies_in_unsound_packs_alone_is_not_there(rig: Rig) -> None:
    sid = rig.snap().snapshot
    assert sid is not None
    repository = rig.open()
    lasting = listed(repository).lasting
    assert is_whole(repository, sid, lasting)
    assert not is_whole(repository, sid, lasting - {PackId(digest_of(name)) for name in rig.store.list("meta.")})


def test_a_run_does_not_build_on_marked_packs(rig: Rig, source: Path) -> None:
    rig.snap()
    store = rig.store
    assert isinstance(store, Interfering)
    repository = rig.open()
    doomed = set(packs_of(store))
    mark = Mark(packs=tuple(doomed), fragments=(), writer=repository.writer, time_ns=0)
    repository.put_record(ObjectKind.MARK, mark)
    for file in rig.places.cache.rglob("files-*"):
        file.unlink()
    result = rig.snap()
    for pack in doomed:
        store.delete(f"data.{pack.hex()}")
    taken = rig.taken(result.snapshot)
    assert all(taken.content(path) == path.read_bytes() for path in source.rglob("*") if path.is_file())


def test_lost_packs_are_healed_by_the_next_run(rig: Rig, source: Path) -> None:
    rig.snap()
    store = rig.store
    assert isinstance(store, Interfering)
    lost = sorted(store.list("data."))[0]
    store.delete(lost)
    rig.hooks.events.clear()
    result = rig.snap()
    assert_as_source(rig, result.snapshot, source)
    assert any(isinstance(event, File) for event in rig.hooks.events)
