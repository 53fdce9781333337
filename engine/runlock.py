"""One run of a profile at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from shlex import quote

from yester.engine.errors import BusyError, YesterError
from yester.engine.profiles.profile import Profile


@contextmanager
def run_lock(state: Path, profile: Profile, *spare: Path) -> Iterator[None]:
    """Hold the profile's lock; BusyError, naming the process, when another run holds it. YesterError: it cannot be.

    The kernel lets go of the lock when the process ends, however it ends; the file stays. It is held in each of the
    folders where it can be: one in `spare` stands in for a state folder that is full or read-only, and also keeps out
    a run that begins once there is room again.
    """
    paths = [folder / "locks" / f"{profile.id.hex()}.lock" for folder in dict.fromkeys((state, *spare))]
    with ExitStack() as held:
        problems = [problem for path in paths if (problem := _hold(path, profile.name, held)) is not None]
        if len(problems) == len(paths):
            raise YesterError(
                f"The lock {paths[0]} cannot be written: {problems[0].strerror}",
                hint="yester keeps its state there; XDG_STATE_HOME moves it elsewhere.",
            )
        yield


def _hold(path: Path, name: str, held: ExitStack) -> OSError | None:
    """Lock a file until `held` ends; return why it cannot be had, if so."""
    try:
        descriptor = _opened(path)
    except OSError as problem:
        return problem
    held.callback(os.close, descriptor)
    _lock(descriptor, name)
    with suppress(OSError):  # a courtesy to whoever finds it locked
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return None


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        # One that is there is locked as well where nothing can be written.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _lock(descriptor: int, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise BusyError(
            f"Another run of profile {name} is active" + (f": process {pid}" if pid else ""),
            hint=f"Wait until it is done, or stop it: yester cancel {quote(name)}",
        ) from None
