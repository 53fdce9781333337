"""One run of a profile at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yester.engine.errors import BusyError
from yester.engine.profiles import Profile


@contextmanager
def run_lock(state: Path, profile: Profile) -> Iterator[None]:
    """Hold the profile's lock; BusyError, naming the process, when another run holds it.

    The kernel lets go of the lock when the process ends, however it ends; the file stays.
    """
    folder = state / "locks"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / f"{profile.id.hex()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, profile.name)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise BusyError(
            f"another run of profile {name} is active" + (f": process {pid}" if pid else ""),
            hint="wait until it is done, or stop it",
        ) from None
