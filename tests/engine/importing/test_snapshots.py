"""Importing snapshots: what comes back out is what the source was, and nothing is read twice."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.acting import Acting
from tests.comparison import compare
from tests.engine.importing.foreign import Foreign
from tests.engine.restoring_rig import checked, restored
from tests.rig import Rig, write

from yester.engine.errors import CancelledError, YesterError
from yester.engine.importing.folders import snapshots_in
from yester.engine.importing.snapshots import ImportResult, import_snapshots, series_of
from yester.engine.packs.packs import list_packs
from yester.engine.progress import NoProgress
from yester.plugins.backends.memory import MemoryStore

FIRST, SECOND, THIRD = "20250130-120000-123", "20250131-120000-123", "20250201-000001"


def build(folder: Path) -> None:
    """Odd names, links of both kinds, modes and owners."""
    write(folder / "plain", b"plain\n" * 100)
    write(folder / "empty", b"")
    write(folder / "large", os.urandom(300_000))
    write(folder / "sub/deep/file", b"deep")
    (folder / "sub/none").mkdir()
    (folder / "sub/closed").mkdir(mode=0o500)
    for name in (b"caf\xe9", b"two words ", "ünïcode".encode(), b"back\\slash", b"new\nline", b"\xff\xfe"):
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(name)
    (folder / "to-plain").symlink_to("plain")
    (folder / "to-nowhere").symlink_to("/no/such/place")
    (folder / "to-folder").symlink_to("sub")
    os.link(folder / "plain", folder / "sub/also-plain")
    os.link(folder / "plain", folder / "zz-plain-too")
    (folder / "private").write_text("p")
    (folder / "private").chmod(0o600)
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o4755)
    os.mkfifo(folder / "fifo")
    if os.geteuid() == 0:
        os.chown(folder / "private", 1, 1)
        os.chown(folder / "sub/deep", 2, 3)
        os.chown(folder / "plain", 2, 3)
    with open(folder / "holes", "wb") as file:
        file.seek(1 << 20)
        file.write(b"end")
    for path in (folder / "plain", folder / "sub/deep", folder / "sub"):
        os.utime(path, ns=(10**18, 10**18 + 123_456_789))


@pytest.fixture
def source(home: Path) -> Path:
    folder = home / "source"
    folder.mkdir()
    build(folder)
    return folder


@pytest.fixture
def foreign(source: Path, tmp_path: Path) -> Foreign:
    return Foreign(tmp_path / "target", source)


@pytest.fixture
def rig(home: Path, source: Path) -> Rig:
    return Rig.of(home, source)


def imported(rig: Rig, foreign: Foreign, cancelled: Callable[[], bool] = lambda: False) -> ImportResult:
    series = series_of(rig.profile, foreign.host, foreign.user, rig.places)
    return import_snapshots(
        rig.open(), series, snapshots_in(foreign.folder), progress=NoProgress(), cancelled=cancelled
    )


def read(result: ImportResult) -> list[int]:
    """Return how many files of each snapshot were read."""
    return [taken.statistics.new for taken in result.taken]


def change(source: Path) -> None:
    write(source / "plain-new", b"new")
    (source / "private").write_text("other")
    (source / "sub/deep/file").unlink()


def test_what_comes_back_is_what_the_source_was(rig: Rig, foreign: Foreign, source: Path, tmp_path: Path) -> None:
    foreign.take(FIRST)
    change(source)
    foreign.take(SECOND, name="before the move", failed=True)
    os.rename(source / "large", source / "sub/large")
    foreign.take(THIRD)
    result = imported(rig, foreign)
    assert [taken.source.sid for taken in result.taken] == [FIRST, SECOND, THIRD]
    assert not any(taken.failures or taken.notes for taken in result.taken)
    # rsync does not keep holes unless it is told to, and nobody tells it; a link's owner is its copy's.
    for taken in result.taken:
        out = tmp_path / "out" / taken.source.sid
        out.mkdir(parents=True)
        assert not restored(rig, taken.snapshot, out).failures
        found = compare(foreign.as_was(taken.source.sid), out.joinpath(*source.parts[1:]), ignore=("holes",))
        assert [str(d) for d in found if not (b"to-" in d.path and d.aspect == "owner")] == []
    assert rig.open().warnings() == []


def test_times_names_and_whose_they_are(rig: Rig, foreign: Foreign) -> None:
    foreign.take(FIRST)
    foreign.take(SECOND, name=" before\nthe move ", failed=True)
    first, second = (taken.snapshot for taken in imported(rig, foreign).taken)
    repository = rig.open()
    record, labels = repository.snapshot(second), repository.labels()
    assert record.time_ns == datetime(2025, 1, 31, 12).astimezone().timestamp() * 10**9
    assert (record.profile, record.user, record.parent) == ("docs", foreign.user, first)
    assert record.program.startswith("Back In Time")
    assert (labels[second].name, labels[second].tags) == ("before the move", ("backintime", "failed"))
    assert SECOND in labels[second].note
    assert labels[first].name is None
    own = rig.snap().snapshot
    assert own is not None
    assert rig.open().snapshot(own).parent == second
    assert rig.open().snapshot(own).host_id == record.host_id


def test_snapshots_of_another_machine_are_a_series_of_their_own(rig: Rig, foreign: Foreign) -> None:
    foreign.host = "elsewhere.example.org"
    foreign.take(FIRST)
    (taken,) = imported(rig, foreign).taken
    record = rig.open().snapshot(taken.snapshot)
    assert record.host == "elsewhere"
    own = rig.snap().snapshot
    assert own is not None
    assert rig.open().snapshot(own).parent is None
    assert not imported(rig, foreign).taken[0].is_new


def test_unchanged_files_are_read_once(rig: Rig, foreign: Foreign, source: Path) -> None:
    foreign.take(FIRST)
    foreign.take(SECOND)
    change(source)
    foreign.take(THIRD)
    first, second, third = read(imported(rig, foreign))
    assert first > 10
    assert (second, third) == (0, 2)


def test_it_goes_on_where_it_was_broken_off(rig: Rig, foreign: Foreign, source: Path) -> None:
    foreign.take(FIRST)
    assert [taken.is_new for taken in imported(rig, foreign).taken] == [True]
    foreign.take(SECOND)
    change(source)
    foreign.take(THIRD)
    again = imported(rig, foreign)
    assert [taken.is_new for taken in again.taken] == [False, True, True]
    assert read(again)[1:] == [0, 2]
    assert [taken.is_new for taken in imported(rig, foreign).taken] == [False, False, False]


def test_in_another_zone_or_with_another_note_it_is_known_again(
    rig: Rig, foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign.take(FIRST, failed=True)
    foreign.take(SECOND)
    (_, second) = imported(rig, foreign).taken
    rig.open().set_label(second.snapshot, note="mine")
    assert [taken.is_new for taken in imported(rig, foreign).taken] == [False, False]
    rig.open().set_label(second.snapshot, note=f"Back In Time {SECOND}")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        assert [taken.is_new for taken in imported(rig, foreign).taken] == [False, False]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_cancelled_import_leaves_what_is_committed(
    rig: Rig, foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign.take(FIRST)
    foreign.take(SECOND)
    monkeypatch.setattr("yester.engine.importing.snapshots.UPDATE_INTERVAL_S", 0.0)
    there: list[bool] = []

    def after_the_first() -> bool:
        there.append(bool(rig.open().snapshot_ids()))
        return there[-1]

    with pytest.raises(CancelledError):
        imported(rig, foreign, after_the_first)
    assert [taken.is_new for taken in imported(rig, foreign).taken] == [False, True]


def test_without_notes_the_copies_speak(rig: Rig, foreign: Foreign, source: Path) -> None:
    foreign.take(FIRST, notes=False)
    foreign.take(SECOND)
    (foreign.folder / SECOND / "fileinfo.bz2").write_bytes(b"BZh9 cut short")
    first, second = imported(rig, foreign).taken
    assert first.notes
    assert second.notes
    assert rig.taken(first.snapshot)[source / "run"].mode & 0o7777 == 0o4755


def test_what_is_no_snapshot_is_passed_over(rig: Rig, foreign: Foreign) -> None:
    foreign.take(FIRST)
    for name in ("new_snapshot", "20251399-120000", "20250101-120000-1234", "notes"):
        (foreign.folder / name / "backup").mkdir(parents=True)
    (foreign.folder / "20250102-120000").mkdir()
    assert [taken.source.sid for taken in imported(rig, foreign).taken] == [FIRST]


def test_what_cannot_be_read_is_said_and_marked(
    rig: Rig, foreign: Foreign, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign.take(FIRST)
    bad = os.path.realpath(foreign.backup(FIRST).joinpath(*source.parts[1:]))
    opened = os.open

    def refusing(path: bytes | str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path in (b"plain", b"deep") and dir_fd is not None:
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    (taken,) = imported(rig, foreign).taken
    monkeypatch.undo()
    assert os.path.isdir(bad)
    assert sorted(os.path.basename(failure.path) for failure in taken.failures) == [b"deep", b"plain"]
    entries = rig.taken(taken.snapshot)
    assert entries[source / "plain"].marks
    assert entries[source / "sub/deep"].marks
    assert not entries[source / "zz-plain-too"].marks


def test_fifos_in_the_place_of_notes_are_not_waited_for(rig: Rig, foreign: Foreign) -> None:
    foreign.take(FIRST, notes=False)
    folder = foreign.folder / FIRST
    (folder / "info").unlink()
    for name in ("info", "name", "fileinfo.bz2"):
        os.mkfifo(folder / name)
    (taken,) = imported(rig, foreign).taken
    assert taken.notes
    assert rig.open().labels()[taken.snapshot].name is None


def test_a_top_that_is_a_link_is_refused_in_words(rig: Rig, foreign: Foreign, tmp_path: Path) -> None:
    foreign.take(FIRST)
    os.rename(foreign.backup(FIRST), tmp_path / "elsewhere")
    foreign.backup(FIRST).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(YesterError, match="backup cannot be read"):
        imported(rig, foreign)


def test_importing_costs_what_changed(rig: Rig, foreign: Foreign, source: Path) -> None:
    for number in range(300):
        write(source / f"many/{number:03}", os.urandom(2000))
    foreign.take(FIRST)
    foreign.take(SECOND)
    first, second = imported(rig, foreign).taken
    assert second.statistics.added_size < first.statistics.added_size / 20
    assert time.time_ns() > first.source.time_ns


def test_an_import_that_was_held_dead_does_not_commit(rig: Rig, foreign: Foreign) -> None:
    """A prune took its session and its packs away while the machine slept."""
    foreign.take(FIRST)
    rig.open()
    assert isinstance(rig.store, MemoryStore)
    shared, store = rig.store, Acting(rig.store)
    committed: list[bool] = []

    def slept() -> None:
        for name in [*shared.list("session."), *list_packs(shared)]:
            shared.delete(name)
        store.let("before put", "snap.", lambda: committed.append(bool(list(shared.list("session.")))))

    store.let("after put", "index.", slept)
    imported(replace(rig, store=store), foreign)
    assert committed == [True]
    assert checked(rig, 100).problems == ()
