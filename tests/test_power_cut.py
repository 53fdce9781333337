"""Power cuts: of what was not made durable any part may be lost, in any order. No committed snapshot is.

The folder backend writes into a real folder through an `os` that keeps book: a file's bytes are durable once it was
fsynced, its name once the folder was. When the power goes, a folder is made of what a disk may then hold: durable
bytes and names, and of everything else what the dice say (a name that is there or not, old or new; a file that is
empty, torn or zeros).
"""

import os
import random
import shutil
import stat
import threading
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.engine.capture.test_keeping import HALF_AN_HOUR, LongRun, snap
from tests.rig import Rig, write

from yester.engine.check.checking import check
from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.progress import NoProgress
from yester.plugins.backends import folder, folder_opening
from yester.plugins.backends.folder import FolderStore

pytestmark = pytest.mark.usefixtures("settled")

_CHANGES = ("open", "write", "fsync", "rename", "link", "unlink", "mkdir")


class PowerCut(BaseException):
    """The machine is off."""


class Disk(ModuleType):
    """An `os` for the backend: passes everything on and notes what is durable of one folder."""

    def __init__(self, top: Path) -> None:
        super().__init__("os")
        self.top = top
        self.calls, self.off_at = 0, -1
        self._lock = threading.RLock()
        self._files: dict[int, bytes] = {}
        """Durable bytes by inode."""
        self._names: dict[int, dict[str, int]] = {}
        """Durable entries of folders by inode."""
        self.kept: dict[int, bytes] = {}
        """The bytes of files that lost their name, which may come back, by inode."""

    def __getattr__(self, name: str) -> Any:
        honest = getattr(os, name)
        if name not in _CHANGES:
            return honest

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                self.calls += 1
                if 0 <= self.off_at < self.calls:
                    raise PowerCut
                if name == "unlink":
                    self._keep(*arguments, **named)
                result = honest(*arguments, **named)
                if name == "fsync":
                    self._note(arguments[0])
                return result

        return call

    def _keep(self, path: str, *, dir_fd: int) -> None:
        try:
            status = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
        except OSError:
            return
        self.kept[status.st_ino] = Path(f"/proc/self/fd/{dir_fd}", path).read_bytes()

    def _note(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(descriptor) as entries:
                self._names[status.st_ino] = {entry.name: entry.inode() for entry in entries}
        else:
            self._files[status.st_ino] = Path(f"/proc/self/fd/{descriptor}").read_bytes()

    def settle(self) -> None:
        """All that is there by now is durable."""
        for place, _, files in os.walk(self.top):
            descriptor = os.open(place, os.O_RDONLY)
            self._note(descriptor)
            os.close(descriptor)
            for name in files:
                descriptor = os.open(Path(place, name), os.O_RDONLY)
                self._note(descriptor)
                os.close(descriptor)

    def after(self, place: Path, dice: random.Random) -> None:
        """Make at `place` what the disk may hold when the power is back."""
        inodes = {path.stat().st_ino: path for path in [self.top, *self.top.rglob("*")]}
        self._after(self.top.stat().st_ino, place, inodes, dice)

    def _after(self, folder: int, place: Path, inodes: dict[int, Path], dice: random.Random) -> None:
        place.mkdir(mode=0o700)
        now = {path.name: path.stat().st_ino for path in inodes[folder].iterdir()}
        durable = self._names.get(folder, {})
        for name in sorted(now.keys() | durable.keys()):
            sure = now.get(name) == durable.get(name)
            inode = now[name] if sure else dice.choice([now.get(name), durable.get(name)])
            if inode is None:
                continue
            path = inodes.get(inode)
            if path is not None and path.is_dir():
                self._after(inode, place / name, inodes, dice)
            else:
                (place / name).write_bytes(self._content(inode, path, dice))

    def _content(self, inode: int, path: Path | None, dice: random.Random) -> bytes:
        if inode in self._files:
            return self._files[inode]
        there = path.read_bytes() if path is not None else self.kept.get(inode, b"")
        torn = there[: dice.randrange(len(there) + 1)]
        return dice.choice([b"", torn, bytes(len(there)), torn + bytes(len(there) - len(torn))])


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk(tmp_path / "repository")
    for module in (folder, folder_opening):
        monkeypatch.setattr(module, "os", found)
    return found


@pytest.fixture
def source(folder: Path) -> Path:
    dice = random.Random(2)
    for row in range(30):
        write(folder / f"{row % 3}" / f"f{row:02}", dice.randbytes(dice.choice((50, 5_000, 60_000))))
    return folder


def run(rig: Rig) -> SnapshotId | None:
    return snap(rig, LongRun(HALF_AN_HOUR / 4)).snapshot


def test_the_book_keeping_knows_what_is_not_durable(disk: Disk, tmp_path: Path) -> None:
    """Else the other tests would prove nothing."""
    store = FolderStore(disk.top, create=True)
    store.put("data." + "a" * 64, [b"durable"])
    path = f"data/aa/data.{'b' * 64}"
    file = disk.open(path, os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=store._top)
    disk.write(file, b"not durable")
    os.close(file)
    seen = set()
    for seed in range(30):
        place = tmp_path / f"after-{seed}"
        disk.after(place, random.Random(seed))
        assert (place / "data" / "aa" / ("data." + "a" * 64)).read_bytes() == b"durable"
        there = place / path
        seen.add(there.read_bytes() if there.exists() else None)
    assert {None, b"", bytes(11)} < seen and len(seen) > 4


@pytest.mark.timeout(300)
def test_no_committed_snapshot_is_harmed_by_a_power_cut(home: Path, source: Path, disk: Disk, tmp_path: Path) -> None:
    rig = replace(Rig.of(home, source), store=FolderStore(disk.top, create=True))
    first = run(rig)
    (source / "0" / "f00").write_bytes(b"changed")
    write(source / "1" / "f-new", os.urandom(100_000))
    disk.settle()
    saved = tmp_path / "saved"
    shutil.copytree(disk.top, saved)
    disk.calls = 0
    committed = [first, run(rig)]
    calls = disk.calls
    assert calls > 60
    dice = random.Random(4)
    for at in sorted({*dice.sample(range(1, calls), 20), calls - 1, calls}):
        shutil.rmtree(disk.top)
        shutil.copytree(saved, disk.top)
        disk.settle()
        shutil.rmtree(rig.places.cache, ignore_errors=True)
        disk.calls, disk.off_at = 0, -1
        done: SnapshotId | None = None
        with closing(FolderStore(disk.top)) as store, suppress(PowerCut):
            disk.off_at = at
            done = run(replace(rig, store=store))
        disk.off_at = -1
        for seed in range(2):
            place = tmp_path / f"after-{at}-{seed}"
            disk.after(place, random.Random(seed * 1000 + at))
            with closing(FolderStore(place)) as store:
                assert_whole_after(replace(rig, store=store), source, first, done)
            shutil.rmtree(place)
    assert None not in committed


def assert_whole_after(rig: Rig, source: Path, first: SnapshotId | None, done: SnapshotId | None) -> None:
    """What was committed is there and whole; what is there is whole; the next run completes."""
    ids = rig.open().snapshot_ids()
    assert {first, done} - {None} <= ids
    report = check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert [problem for problem in report.problems if problem.hits] == []
    shutil.rmtree(rig.places.cache, ignore_errors=True)
    result = snap(rig, LongRun(0))
    taken = rig.taken(result.snapshot)
    assert all(taken.content(path) == path.read_bytes() for path in source.rglob("*") if path.is_file())
