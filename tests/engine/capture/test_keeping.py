"""What a long run keeps at intervals, and what the next one makes of it."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.engine.prune.rigging import pruned
from tests.engine.restoring_rig import restored
from tests.rig import Rig, write

from yester.engine.capture.keeping import KEEP_EVERY_S
from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.check.checking import check
from yester.engine.errors import CancelledError
from yester.engine.events import SnapshotNew
from yester.engine.hooks import NoHooks
from yester.engine.ids import BlobId, ListId, SnapshotId
from yester.engine.progress import NoProgress
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.trees.links import LinkTable

pytestmark = pytest.mark.usefixtures("settled")

HALF_AN_HOUR = 1800.0


class Cut(BaseException):
    """The process is gone."""


@dataclass
class LongRun:
    """A clock by which every look takes some time, so that a run of a few files is one of many hours."""

    step_s: float
    now: float = 0.0
    looks: int = 0
    at: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What happens at which look."""

    def __call__(self) -> float:
        self.looks += 1
        self.now += self.step_s
        self.at.get(self.looks, lambda: None)()
        return self.now


def cut() -> None:
    raise Cut


def snap(rig: Rig, clock: Callable[[], float], **changes: object) -> SnapshotResult:
    profile = replace(rig.profile, **changes)  # type: ignore[arg-type]
    return take_snapshot(
        rig.open(),
        SnapshotRequest(profile, "run", tags=("tagged",)),
        places=rig.places,
        hooks=rig.hooks,
        progress=NoProgress(),
        cancelled=rig.cancelled,
        clock=clock,
    )


def partials(rig: Rig) -> list[tuple[SnapshotId, Snapshot]]:
    return [(sid, snapshot) for sid, snapshot in rig.open().snapshots() if snapshot.partial]


def forget_caches(rig: Rig) -> None:
    shutil.rmtree(rig.places.cache, ignore_errors=True)


def assert_sound(rig: Rig) -> None:
    report = check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert report.problems == ()


class Opened:
    """Counts which files of the source are opened to be read."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        honest = os.open

        def noting(path: str | bytes | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            found = honest(path, flags, mode, dir_fd=dir_fd)
            if isinstance(path, bytes) and not flags & os.O_DIRECTORY and path.startswith(b"f"):
                self.names.append(os.readlink(f"/proc/self/fd/{found}"))
            return found

        patch.setattr(os, "open", noting)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    return Opened(monkeypatch)


@pytest.fixture
def many(folder: Path) -> Path:
    """Folders in folders, files of all sizes between them, hard links across."""
    dice = random.Random(3)
    for row in range(120):
        path = write(
            folder / f"d{row % 4}" / f"e{row % 3}" / f"f{row:03}", dice.randbytes(dice.choice((0, 30, 5000, 90_000)))
        )
        if row % 10 == 0:
            os.link(path, folder / f"d{row % 4}" / f"f-linked-{row}")
    write(folder / "f-last", b"last")
    return folder


def test_a_long_run_shows_partial_snapshots_and_takes_them_away_when_it_is_complete(home: Path, many: Path) -> None:
    rig = Rig.of(home, many)
    seen: list[int] = []

    def count() -> bool:
        seen.append(len(partials(rig)))
        return False

    rig.cancelled = count
    result = snap(rig, LongRun(HALF_AN_HOUR / 3))
    assert result.result == "complete"
    assert max(seen) == 1, "one replaces the other"
    told = [event.partial for event in rig.hooks.events if isinstance(event, SnapshotNew)]
    assert told[-1] is False and told.count(True) > 3
    repository = rig.open()
    assert repository.snapshot_ids() == {result.snapshot}
    assert repository.warnings() == []
    assert_sound(rig)


def test_without_partial_every_there_are_none(home: Path, many: Path) -> None:
    rig = Rig.of(home, many)
    snap(rig, LongRun(HALF_AN_HOUR), partial_every=0)
    assert [event.partial for event in rig.hooks.events if isinstance(event, SnapshotNew)] == [False]


def looks_of_a_run(rig: Rig) -> int:
    clock = LongRun(HALF_AN_HOUR)
    snap(replace(rig, store=type(rig.store)(), made=False), clock)
    forget_caches(rig)
    return clock.looks


def test_a_partial_snapshot_is_whole_wherever_the_run_was(home: Path, many: Path) -> None:
    """Its files have their content, its links lead to their firsts, it is labelled, and `check` is content."""
    rig = Rig.of(home, many)
    looks = looks_of_a_run(rig)
    sizes = set()
    for at in range(4, looks, 8):
        rig = Rig.of(home, many)
        with pytest.raises(Cut):
            snap(rig, LongRun(HALF_AN_HOUR, at={at: cut}))
        found = partials(rig)
        if not found:
            continue
        assert_sound(rig)
        taken = rig.taken(found[-1][0])
        assert rig.open().labels()[found[-1][0]].tags == ("tagged",)
        files = [path for path in taken.below(many) if taken[path].is_file]
        sizes.add(len(files))
        for path in files:
            assert taken.content(path) == Path(os.fsdecode(path)).read_bytes()
        linked = {path: taken.entries[path] for path in files if taken[path].nlink > 1}
        if taken.record.links is not None:
            firsts = dict(LinkTable(taken.source, ListId(BlobId(taken.record.links))))
            by_ordinal = {ordinal: entry for entry, ordinal in linked.values()}
            assert firsts
            for member, first in firsts.items():
                assert by_ordinal[member].link_group == by_ordinal[first].link_group
        assert found[-1][1].statistics.files == len(files)
        forget_caches(rig)
    assert len(sizes) > 3


@pytest.mark.parametrize("lost", ["nothing", "cache", "state"])
def test_the_next_run_reads_no_file_again_that_a_partial_snapshot_has(
    home: Path, many: Path, opened: Opened, lost: str
) -> None:
    rig = Rig.of(home, many)
    looks = looks_of_a_run(rig)
    for at in range(6, looks, 13):
        rig = Rig.of(home, many)
        with pytest.raises(Cut):
            snap(rig, LongRun(HALF_AN_HOUR, at={at: cut}))
        found = partials(rig)
        if not found:
            continue
        taken = rig.taken(found[-1][0])
        had = {os.fsdecode(path) for path in taken.below(many) if taken[path].is_file and taken[path].size}
        if lost != "nothing":
            forget_caches(rig)
        if lost == "state":
            shutil.rmtree(rig.places.state)
        opened.names.clear()
        result = snap(rig, LongRun(0))
        assert not had & set(opened.names), (at, len(had))
        taken = rig.taken(result.snapshot)
        assert all(taken.content(path) == path.read_bytes() for path in many.rglob("*") if path.is_file())
        assert rig.open().snapshot_ids() == {result.snapshot}
        assert_sound(rig)
        forget_caches(rig)


def test_a_run_on_top_of_another_uses_the_partial_one_and_the_parent(home: Path, many: Path, opened: Opened) -> None:
    """Most is in the parent, some is new in the partial one; the caches are lost."""
    rig = Rig.of(home, many)
    first = snap(rig, LongRun(0))
    for row in range(0, 120, 5):
        (many / f"d{row % 4}" / f"e{row % 3}" / f"f{row:03}").write_bytes(b"new %d" % row)
        write(many / f"d{row % 4}" / f"e{row % 3}" / f"f{row:03}-new", b"new too %d" % row)
    os.utime(many / "d1")
    with pytest.raises(Cut):
        snap(rig, LongRun(HALF_AN_HOUR, at={16: cut}))
    found = partials(rig)
    assert found[-1][1].parent == first.snapshot
    taken = rig.taken(found[-1][0])
    had = {os.fsdecode(path) for path in taken.below(many)}
    assert 10 < len(had) < 100
    forget_caches(rig)
    opened.names.clear()
    result = snap(rig, LongRun(0))
    assert opened.names and not had & set(opened.names)
    assert all("new" in Path(name).read_bytes().decode() for name in opened.names if Path(name).stat().st_size)
    assert rig.open().snapshot(SnapshotId(result.snapshot or b"")).parent == first.snapshot
    assert len(rig.open().snapshot_ids()) == 2
    assert_sound(rig)


def test_a_partial_snapshot_is_never_latest_nor_parent_while_a_complete_one_exists(home: Path, many: Path) -> None:
    rig = Rig.of(home, many)
    first = snap(rig, LongRun(0))
    write(many / "f-new", os.urandom(100))
    write(many / "d0" / "f-new", os.urandom(100))
    with pytest.raises(Cut):
        snap(rig, LongRun(HALF_AN_HOUR, at={20: cut}))
    assert len(partials(rig)) == 1
    assert rig.open().find_snapshot("latest")[0] == first.snapshot


def test_a_partial_snapshot_that_came_further_stays_until_a_run_is_complete(home: Path, many: Path) -> None:
    rig = Rig.of(home, many)
    looks = looks_of_a_run(rig)
    with pytest.raises(Cut):
        snap(rig, LongRun(HALF_AN_HOUR, at={looks - 4: cut}))
    [(far, _)] = partials(rig)
    forget_caches(rig)
    write(many / "d0" / "e0" / "f-new", os.urandom(100))
    with pytest.raises(Cut):
        snap(rig, LongRun(HALF_AN_HOUR, at={14: cut}))
    assert far in {sid for sid, _ in partials(rig)} and len(partials(rig)) == 2
    result = snap(rig, LongRun(0))
    assert rig.open().snapshot_ids() == {result.snapshot}


def test_a_pinned_partial_snapshot_stays(home: Path, many: Path) -> None:
    rig = Rig.of(home, many)
    with pytest.raises(Cut):
        snap(rig, LongRun(HALF_AN_HOUR, at={14: cut}))
    [(sid, _)] = partials(rig)
    repository = rig.open()
    repository.put_record(ObjectKind.LABEL, Label(snapshot=sid, counter=9, writer=repository.writer, pinned=True))
    result = snap(rig, LongRun(0))
    assert rig.open().snapshot_ids() == {sid, result.snapshot}


def test_a_killed_run_loses_no_more_than_the_last_minute(home: Path, folder: Path, opened: Opened) -> None:
    """No partial snapshot yet, one huge folder: its first half is recorded, and not read again."""
    for row in range(3000):
        write(folder / f"f{row:04}", b"%d" % row)
    rig = Rig.of(home, folder)
    with pytest.raises(Cut):
        snap(rig, LongRun(KEEP_EVERY_S / 2, at={15: cut}))
    assert partials(rig) == []
    kept = len(opened.names)
    opened.names.clear()
    result = snap(rig, LongRun(0))
    assert kept > 2000
    assert len(opened.names) <= 3000 - kept + 2 * 256
    taken = rig.taken(result.snapshot)
    assert all(taken.content(path) == path.read_bytes() for path in folder.iterdir())


def test_a_cancelled_run_keeps_all_that_it_read(home: Path, many: Path, opened: Opened) -> None:
    rig = Rig.of(home, many)
    clock = LongRun(1)
    rig.cancelled = lambda: clock.looks > 12
    with pytest.raises(CancelledError):
        snap(rig, clock)
    assert partials(rig) == [], "a short run leaves no snapshot"
    *before, being_read = opened.names
    assert len(before) > 20
    opened.names.clear()
    rig.cancelled = lambda: False
    snap(rig, LongRun(0))
    assert not (set(before) - {being_read}) & set(opened.names)


def test_a_cancelled_run_that_showed_a_partial_snapshot_shows_all_that_it_read(home: Path, many: Path) -> None:
    rig = Rig.of(home, many)
    clock = LongRun(HALF_AN_HOUR / 3)
    reached: list[int] = []
    rig.cancelled = lambda: clock.looks > 20
    with pytest.raises(CancelledError):
        snap(rig, clock)
    [(_, snapshot)] = partials(rig)
    reached.append(snapshot.statistics.files)
    forget_caches(rig)
    assert reached[0] > 10
    assert_sound(rig)


def test_a_half_record_never_hides_one_that_reaches_further(home: Path, folder: Path, opened: Opened) -> None:
    for row in range(3000):
        write(folder / f"f{row:04}", b"%d" % row)
    rig = Rig.of(home, folder)
    for at in (13, 7):
        clock = LongRun(1, at={at: cut})
        rig.cancelled = lambda clock=clock, at=at: clock.looks > at - 2  # type: ignore[misc]
        with pytest.raises(CancelledError):
            snap(rig, clock)
    rig.cancelled = lambda: False
    opened.names.clear()
    snap(rig, LongRun(0))
    assert len(opened.names) < 1000


def test_a_partial_snapshot_can_be_restored(home: Path, many: Path, tmp_path: Path) -> None:
    rig = Rig.of(home, many)
    with pytest.raises(Cut):
        snap(rig, LongRun(HALF_AN_HOUR, at={20: cut}))
    [(sid, _)] = partials(rig)
    report = restored(rig, sid, tmp_path / "back")
    assert report.failures == ()
    files = [path for path in (tmp_path / "back").rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert path.read_bytes() == Path("/", path.relative_to(tmp_path / "back")).read_bytes()


@pytest.mark.timeout(300)
def test_a_prune_that_holds_a_long_run_dead_harms_nothing(home: Path, many: Path) -> None:
    """It takes packs that no snapshot names yet from under the run, and spares those of the partial one."""
    rig = Rig.of(home, many)
    looks = looks_of_a_run(rig)
    for at in range(3, looks, 17):
        rig = Rig.of(home, many)
        clock = LongRun(HALF_AN_HOUR / 2)
        pending = [at]

        def prune_once(rig: Rig = rig, clock: LongRun = clock, pending: list[int] = pending) -> bool:
            if pending and clock.looks >= pending[0]:
                pending.clear()
                pruned(rig)
            return False

        rig.cancelled = prune_once
        result = snap(rig, clock)
        assert pending == []
        rig.cancelled = lambda: False
        assert rig.open().snapshot_ids() == {result.snapshot}
        assert_sound(rig)
        pruned(rig)
        assert_sound(rig)
        taken = rig.taken(result.snapshot)
        assert all(taken.content(path) == path.read_bytes() for path in many.rglob("*") if path.is_file())
        forget_caches(rig)
