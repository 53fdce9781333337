"""One run of a profile at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yester.engine.errors import BusyError, YesterError
from yester.engine.profiles.profile import Profile


@contextmanager
def run_lock(state: Path, profile: Profile) -> Iterator[None]:
    """Hold the profile's lock; BusyError, naming the process, when another run holds it. YesterError: it cannot be.

    The kernel lets go of the lock when the process ends, however it ends; the file stays.
    """
    path = state / "locks" / f"{profile.id.hex()}.lock"
    descriptor = _opened(path)
    try:
        _lock(descriptor, profile.name)
        _sign(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise _unwritable(path, problem) from None


def _sign(descriptor: int, path: Path) -> None:
    """Say in the file who holds the lock."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except OSError as problem:
        raise _unwritable(path, problem) from None


def _unwritable(path: Path, problem: OSError) -> YesterError:
    return YesterError(
        f"The lock {path} cannot be written: {problem.strerror}",
        hint="yester keeps its state there; XDG_STATE_HOME moves it elsewhere.",
    )


def _lock(descriptor: int, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise BusyError(
            f"Another run of profile {name} is active" + (f": process {pid}" if pid else ""),
            hint="Wait until it is done, or stop it.",
        ) from None
