"""Whether a run trusts what it should not: caches of other runs, packs that went, what the system will not tell."""

import errno
import mmap
import os
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from tests.rig import Rig, write

from yester.engine.capture import listing
from yester.engine.capture.statx import Probe
from yester.engine.errors import YesterError
from yester.engine.events import Message
from yester.engine.repository import Repository
from yester.engine.store import Buffer
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")


def listdir_breaking_at(patch: pytest.MonkeyPatch, folder: Path, error: BaseException) -> None:
    honest, inode = os.listdir, folder.stat().st_ino

    def breaking(fd: int) -> list[str]:
        if os.fstat(fd).st_ino == inode:
            raise error
        return honest(fd)

    patch.setattr(os, "listdir", breaking)


def test_what_a_killed_run_recorded_is_not_trusted_as_if_it_were_of_the_next(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = folder.parent / "away"
    write(folder / "a" / "file", b"content of a")
    write(folder / "z" / "file", b"content of z")
    rig = Rig.of(home, folder)
    with monkeypatch.context() as patch:
        listdir_breaking_at(patch, folder / "z", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            rig.snap()
    (folder / "a").rename(away)
    rig.snap()
    away.rename(folder / "a")
    result = rig.snap()
    assert rig.taken(result.snapshot).content(folder / "a/file") == b"content of a"


def test_a_folder_that_a_killed_run_could_not_read_is_not_left_out_after_it(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "top/child/sub/file", b"content")
    rig = Rig.of(home, folder)
    rig.snap()
    write(folder / "new")

    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        listdir_breaking_at(patch, folder / "top/child/sub", OSError(errno.EIO, "Input/output error"))
        patch.setattr(Repository, "commit_snapshot", interrupted)
        with pytest.raises(KeyboardInterrupt):
            rig.snap()
    result = rig.snap()
    assert rig.taken(result.snapshot).content(folder / "top/child/sub/file") == b"content"


def test_an_entry_that_cannot_be_looked_at_does_not_hide_its_neighbours(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mount whose server died (ENOTCONN), or one that another user forbids to all others (EACCES)."""
    write(folder / "a", b"1")
    (folder / "dead").mkdir()
    write(folder / "z", b"2")
    real = Probe._row

    def row(self: Probe, fd: int, name: bytes) -> bytes:
        if name == b"dead":
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return real(self, fd, name)

    monkeypatch.setattr(Probe, "_row", row)
    monkeypatch.setattr(Probe, "statuses", Probe._those_there)
    rig = Rig.of(home, folder)
    for _ in range(2):
        rig.hooks.events.clear()
        result = rig.snap()
        taken = rig.taken(result.snapshot)
        assert (taken.content(folder / "a"), taken.content(folder / "z")) == (b"1", b"2")
        assert [failure.path for failure in result.failures] == [os.fsencode(folder / "dead")]
        told = [event.path for event in rig.hooks.events if isinstance(event, Message)]
        assert told == [str(folder / "dead")]
    monkeypatch.undo()
    result = rig.snap()
    assert (result.failures, folder / "dead" in rig.taken(result.snapshot)) == ((), True)


def test_a_file_changed_in_the_tick_of_the_last_snapshot_is_read_though_the_cache_is_lost(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "a", b"one")
    status = path.stat()
    rig = Rig.of(home, folder)
    rig.snap()
    for file in rig.places.cache.rglob("files-*"):
        file.unlink()
    path.write_bytes(b"two")
    row = Probe._row

    def as_before(self: Probe, fd: int, name: bytes) -> bytes:
        """The clock has not ticked: times are as they were."""
        found = row(self, fd, name)
        return found if name != b"a" and os.fstat(fd).st_ino != status.st_ino else _with_times(found, status)

    monkeypatch.setattr(listing, "TICK_NS", 3_600_000_000_000)
    monkeypatch.setattr(Probe, "_row", as_before)
    monkeypatch.setattr(Probe, "statuses", Probe._those_there)
    monkeypatch.setattr(Probe, "is_still", lambda *_: True)
    assert rig.taken(rig.snap().snapshot).content(path) == b"two"


def _with_times(row: bytes, status: os.stat_result) -> bytes:
    """A statx structure with the change and modification times of `status`."""
    ctime = struct.pack("<qI", *divmod(status.st_ctime_ns, 10**9))
    mtime = struct.pack("<qI", *divmod(status.st_mtime_ns, 10**9))
    return row[:96] + ctime + row[108:112] + mtime + row[124:]


class Forgetful(MemoryStore):
    """Loses packs when a snapshot is put, as when a prune took the writer for dead."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.stored: list[str] = []

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        super().put(name, buffers, if_absent=if_absent, group=group)
        self.stored.append(name)
        if name.startswith("snap.") and self.times:
            self.times -= 1
            for pack in [name for name in self.stored if name.startswith(("data.", "meta."))]:
                self.delete(pack)
            self.stored.clear()


def test_packs_of_this_run_that_go_before_its_end_are_stored_again(home: Path, folder: Path) -> None:
    path = write(folder / "a", b"content")
    rig = Rig.of(home, folder)
    rig.store = Forgetful(1)
    result = rig.snap()
    assert rig.taken(result.snapshot).content(path) == b"content"
    assert (result.statistics.new, len(rig.open().snapshots())) == (1, 1)


def test_what_was_lost_together_with_its_index_is_stored_again(home: Path, folder: Path) -> None:
    path = write(folder / "a", b"content")
    rig = Rig.of(home, folder)
    rig.snap()
    for name in list(rig.store.list("data.")) + list(rig.store.list("index.")):
        rig.store.delete(name)
    result = rig.snap()
    assert rig.taken(result.snapshot).content(path) == b"content"


def test_a_folder_that_is_no_longer_the_state_folder_is_entered(home: Path, folder: Path) -> None:
    rig = Rig.of(home, folder)
    state = folder / "state"
    path = write(state / "file", b"content")
    places = rig.places
    rig.places = replace(places, state=state)
    write(folder / "z", b"z")
    assert path not in rig.taken(rig.snap().snapshot)
    rig.places = places
    for _ in range(2):
        taken = rig.taken(rig.snap().snapshot)
        assert taken.content(path) == b"content"
        assert not taken[state].marks


def test_memory_that_runs_out_ends_the_run(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no error of the file that is read at that moment, and what waits to be stored must not be forgotten."""
    for number in range(100):
        write(folder / f"{number:03}", os.urandom(60_000))

    honest = mmap.mmap

    def full(file: int, size: int, **rest: int) -> mmap.mmap:
        if file == -1:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        return honest(file, size, **rest)

    rig = Rig.of(home, folder)
    with monkeypatch.context() as patch:
        patch.setattr("yester.engine.packs.writing.mmap.mmap", full)
        with pytest.raises(YesterError, match="memory"):
            rig.snap()
    assert rig.open().snapshots() == []
    assert rig.snap().failures == ()


def test_each_name_of_an_unreadable_file_is_reported(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.link(write(folder / "a"), folder / "b")
    honest = os.open

    def refusing(path: str | bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path in (b"a", b"b"):
            raise OSError(errno.EIO, "Input/output error")
        return honest(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    failures = Rig.of(home, folder).snap().failures
    assert [failure.path for failure in failures] == [os.fsencode(folder / name) for name in ("a", "b")]


def test_a_sparse_file_that_is_cut_off_while_its_holes_are_asked_for_is_read_again(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "sparse"
    with path.open("wb") as file:
        file.seek(1 << 20)
        file.write(b"data")
    honest = os.lseek

    def cutting(fd: int, position: int, how: int) -> int:
        if how == os.SEEK_HOLE:
            os.truncate(path, 10)
        return honest(fd, position, how)

    monkeypatch.setattr(os, "lseek", cutting)
    rig = Rig.of(home, folder)
    result = rig.snap()
    assert (result.failures, rig.taken(result.snapshot).content(path)) == ((), bytes(10))
