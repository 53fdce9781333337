"""The spool: temporary files for backends that want files, never more bytes at once than agreed.

Each call gets a folder of its own, so that what a backend leaves beside a file goes with it. What
a killed process left is removed by the next one (engine/scratch.py). Everything in it is sealed by the engine already.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.places import Places
from yester.engine.scratch import Scratch
from yester.engine.store import Buffer

FOLDER = "spool"


class Spool:
    """Temporary files of one store. For any number of threads."""

    def __init__(self, places: Places, limit_size: int) -> None:
        """YesterError when there can be no such folder."""
        self._scratch = Scratch(places.cache / FOLDER)
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
        place = self._scratch.folder / str(next(self._numbers))
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
        self._scratch.close()
