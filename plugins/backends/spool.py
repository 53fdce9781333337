"""The spool: temporary files for backends that want files, never more bytes at once than agreed.

Each call gets a folder of its own, so that what a backend leaves beside a file goes with it. A spool belongs to the
process that holds the lock of its folder; the next one that is made removes those of processes that have ended, also
of such as were killed. Everything in it is sealed by the engine already.
"""

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.places import Places, ensured
from yester.engine.store import Buffer

FOLDER = "spool"


class Spool:
    """Temporary files of one store. For any number of threads."""

    def __init__(self, places: Places, limit_size: int) -> None:
        """YesterError when there can be no such folder."""
        above = ensured(places.cache / FOLDER)
        self._folder = above / f"{os.getpid()}-{os.urandom(4).hex()}"
        with _alone(above):
            _sweep(above)
            self._lock = _held(ensured(self._folder))
        self._limit_size, self._used_size = limit_size, 0
        self._room = threading.Condition()
        self._numbers = count(1)

    @contextmanager
    def folder(self, size: int) -> Iterator[Path]:
        """Give an empty folder for up to `size` bytes; waits for room. What is larger than all room has it alone."""
        size = min(size, self._limit_size)
        with self._room:
            self._room.wait_for(lambda: self._used_size + size <= self._limit_size)
            self._used_size += size
        place = self._folder / str(next(self._numbers))
        try:
            place.mkdir(mode=0o700)
            yield place
        except OSError as problem:
            raise YesterError(
                f"{place} cannot be used for temporary files: {problem.strerror}",
                hint="XDG_CACHE_HOME moves yester's cache elsewhere.",
            ) from None
        finally:
            shutil.rmtree(place, ignore_errors=True)
            with self._room:
                self._used_size -= size
                self._room.notify_all()

    @contextmanager
    def file(self, name: str, buffers: Sequence[Buffer], size: int) -> Iterator[Path]:
        """Give a file of this name that holds the buffers, `size` bytes in all."""
        with self.folder(size) as place:
            path = place / name
            with open(path, "xb", buffering=0) as file:
                for buffer in buffers:
                    rest = memoryview(buffer).cast("B")
                    while rest:
                        rest = rest[file.write(rest) :]
            yield path

    def close(self) -> None:
        """Remove the folder."""
        if self._lock >= 0:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def _sweep(above: Path) -> None:
    """Remove what processes that have ended left behind."""
    for folder in above.iterdir():
        with suppress(BlockingIOError, FileNotFoundError, NotADirectoryError):
            lock = _held(folder)
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


def _held(folder: Path) -> int:
    """Take the lock of a folder; BlockingIOError when its process is alive."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
