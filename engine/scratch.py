"""Folders that live as long as their process: each belongs to who holds its lock, and the next one sweeps the dead.

So what a killed process left goes when anybody needs such a folder again, and nothing of a living one does.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from yester.engine.places import ensured


class Scratch:
    """A folder of this process among those of others, `above` which nothing else lies."""

    def __init__(self, above: Path) -> None:
        """Make it, and remove those of processes that have ended. YesterError when there can be no such folder."""
        self.folder = ensured(above) / f"{os.getpid()}-{os.urandom(4).hex()}"
        with _alone(above):
            _sweep(above)
            self._lock = held(ensured(self.folder))

    def close(self) -> None:
        """Remove it."""
        if self._lock >= 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def held(folder: Path) -> int:
    """Take the lock of a folder, and return the descriptor that holds it; BlockingIOError when another one has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _sweep(above: Path) -> None:
    """Remove what processes that have ended left behind."""
    for folder in above.iterdir():
        with suppress(BlockingIOError, FileNotFoundError, NotADirectoryError):
            lock = held(folder)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from sweeping: a folder that is made has no lock for a moment."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
