"""Copies of a folder in which somebody may write: in passes, until one finds that nothing has changed.

A pass copies what is not as it was copied, by size and modification time. When a pass copies nothing, then at the
moment at which it began each file held just what its copy holds: the copy is as the folder was at one moment, as if it
had been frozen. That is a proof, not a hope: a file that somebody writes to makes another pass. Times stand still
within a tick of the kernel; a file that was written to that short a time ago counts as not copied yet.

Where the file system can, a copy shares the original's blocks and takes neither time nor room.
"""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from yester.plugins.quiescing.failing import Failed

LeaveOut = Callable[[str, bool], bool]
"""Whether what has this relative path is left out; the second is whether it is a folder."""

_FICLONE = 0x40049409
_TICK_NS = 20_000_000
"""Longer than the kernel's clock for modification times stands still."""


@dataclass(frozen=True, slots=True)
class _Known:
    size: int
    mtime_ns: int


class FolderCopy:
    """A copy that is brought up to date. Owners are kept where that is allowed, and times."""

    def __init__(self, source: Path, target: Path, leave_out: LeaveOut = lambda path, is_folder: False) -> None:
        """Nothing is read. `target` may hold an earlier copy; all else in it goes."""
        self._source, self._target, self._leave_out = source, target, leave_out

    def update(self) -> int:
        """Make one pass; return how many files were not as they had been copied. OSError, Failed."""
        if self._target.resolve().is_relative_to(self._source.resolve()):
            raise Failed(f"{self._target} lies within what it is a copy of, {self._source}")
        changed, there = 0, set[str]()
        _dress(self._target, os.stat(self._source))
        for path, status in self._found("", self._source):
            there.add(path)
            changed += self._taken(path, status)
        for path in self._gone(there):
            changed += 1
            remove(self._target / path)
        return changed

    def settle(self, patience_s: float) -> None:
        """Make passes until the copy is as the folder was at one moment. Failed: somebody goes on writing. OSError."""
        end = time.monotonic() + patience_s
        while changed := self.update():
            if time.monotonic() > end:
                raise Failed(f"{changed} files of {self._source} go on changing while nobody should write to them")
            time.sleep(2 * _TICK_NS / 1e9)

    def _found(self, path: str, folder: Path) -> Iterator[tuple[str, os.stat_result]]:
        """Yield what is there with its path; a folder before what is in it. What vanishes is passed over."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        for entry in entries:
            below = f"{path}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            if self._leave_out(below, is_folder):
                continue
            try:
                yield below, entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if is_folder:
                yield from self._found(f"{below}/", Path(entry.path))

    def _taken(self, path: str, status: os.stat_result) -> bool:
        """Copy something unless it is as it was copied; whether it was not."""
        target, mode = self._target / path, status.st_mode
        if stat.S_ISDIR(mode):
            if not target.is_dir() or target.is_symlink():
                remove(target)
                target.mkdir()
            _dress(target, status)
            return False
        if stat.S_ISLNK(mode):
            return self._linked(path, target)
        if not stat.S_ISREG(mode):
            return False  # sockets and pipes hold nothing
        if _known(target) == _Known(status.st_size, status.st_mtime_ns):
            return False
        return self._copied(path, target)

    def _linked(self, path: str, target: Path) -> bool:
        to = os.readlink(self._source / path)
        if target.is_symlink() and os.readlink(target) == to:
            return False
        remove(target)
        os.symlink(to, target)
        return True

    def _copied(self, path: str, target: Path) -> bool:
        remove(target)
        try:
            began_ns = time.time_ns()
            with open(self._source / path, "rb") as source:
                status = os.fstat(source.fileno())
                with open(target, "xb") as copy:
                    _fill(source.fileno(), copy.fileno())
        except FileNotFoundError:
            return True
        _dress(target, status)
        is_settled = status.st_mtime_ns < began_ns - _TICK_NS
        mtime_ns = status.st_mtime_ns if is_settled else 0  # which no later look takes for the same
        os.utime(target, ns=(mtime_ns, mtime_ns))
        return True

    def _gone(self, there: set[str]) -> list[str]:
        """Return what is in the copy and no longer in the folder, or left out; the deepest first."""
        everything = FolderCopy(self._target, self._target)
        return sorted((path for path, _ in everything._found("", self._target) if path not in there), reverse=True)


def _fill(source: int, target: int) -> None:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:  # another file system, or one that cannot share blocks
        with open(source, "rb", closefd=False) as reader, open(target, "wb", closefd=False) as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)


def _dress(target: Path, status: os.stat_result) -> None:
    """Give a copy its original's rights and, as root, its owner."""
    if os.geteuid() == 0:
        os.chown(target, status.st_uid, status.st_gid)
    os.chmod(target, stat.S_IMODE(status.st_mode))


def _known(target: Path) -> _Known | None:
    try:
        status = os.lstat(target)
    except FileNotFoundError:
        return None
    return _Known(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def remove(target: Path) -> None:
    """Remove a file or a folder with all that is in it; it need not be there."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
