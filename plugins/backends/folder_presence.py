"""Whether the folder that a store holds open still has its repository, and taking it up again where it came back.

A disk that was unmounted or pulled leaves an empty folder, or one that answers nothing. To a reader that would look as
does a repository without snapshots; and the folder that is held open stays dead when the disk is there again.

What is there again may be another disk with a copy of the repository, or the same as of an earlier time: a run that
reads from one and writes to the other would commit what refers to packs that are not there, or remove packs for the
sake of others that are not. So the folder is taken up again only by who has written nothing, and who has taken it up
writes nothing.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

from yester.engine.errors import Broken
from yester.plugins.backends.folder_layout import TOP

_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_LARGEST = 1 << 20


class Presence:
    """Knows a repository by its first object. Threads share it."""

    def __init__(self, path: Path, top: int) -> None:
        """`top` is the folder's descriptor; with no repository in it yet it counts as there."""
        self._path, self._top = path, top
        self._known = _first(top)
        self._lock = threading.Lock()
        self._writes = self._returned = False

    @property
    def holds(self) -> bool:
        """Whether the repository is in the folder that is held open."""
        if self._known is None:
            return True
        with suppress(OSError):
            os.stat(TOP, dir_fd=self._top, follow_symlinks=False)
            return True
        return False

    def require(self) -> None:
        """Hold the folder open that is at the path now, when the same repository is in it. Broken when it is not."""
        if self.holds:
            return
        with self._lock:
            if not self._writes and self._taken_up():
                self._returned = True
                return
        raise self._gone()

    def held(self) -> None:
        """Broken when the repository is no longer in the folder: what was just listed may lack what went with it."""
        if not self.holds:
            raise self._gone()

    def write(self) -> None:
        """Something is to be written or deleted: Broken when the folder is not the one that was opened."""
        with self._lock:
            self._writes = True
            if not self._returned:
                return
        raise Broken(
            f"The repository at {self._path} was away and came back",
            hint="Run the command again: what it had read may be of another disk.",
        )

    def close(self) -> None:
        """The folder's descriptor is about to be closed, and may then be anybody's."""
        with self._lock:
            self._top = -1

    def _gone(self) -> Broken:
        return Broken(
            f"The repository at {self._path} is no longer there",
            hint="Was the drive pulled out, or the network mount lost? Connect it: what was stored stays, and is used.",
        )

    def _taken_up(self) -> bool:
        with suppress(OSError):
            found = os.open(self._path, _FOLDER)
            try:
                if self._top >= 0 and _first(found) == self._known:
                    os.dup2(found, self._top, inheritable=False)
                    return True
            finally:
                os.close(found)
        return False


def _first(folder: int) -> bytes | None:
    """Return the repository's first object; None when there is none, or it cannot be read."""
    try:
        file = os.open(TOP, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        return None
    with open(file, "rb") as opened, suppress(OSError):
        return opened.read(_LARGEST)
    return None
