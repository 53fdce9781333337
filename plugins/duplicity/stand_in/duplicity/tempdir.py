"""Temporary files of a backend, in one folder that goes when the worker does."""

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from typing import IO

_default: "TemporaryDirectory | None" = None


def default() -> "TemporaryDirectory":
    """Return the one folder of this process; it is made when it is first asked for."""
    global _default
    if _default is None or not os.path.isdir(_default.dir()):
        _default = TemporaryDirectory()
        atexit.register(_default.cleanup)
    return _default


class TemporaryDirectory:
    """A folder, and the files in it that have not been forgotten."""

    def __init__(self, temproot: str | bytes | None = None) -> None:
        root = os.fsdecode(temproot) if temproot else None
        self._dir = tempfile.mkdtemp(prefix="duplicity-", suffix="-tempdir", dir=root)
        self._pending: set[str] = set()

    def dir(self) -> bytes:
        """Return the folder."""
        return os.fsencode(self._dir)

    def mktemp(self) -> str:
        """Return the name of a file that is not there."""
        name = tempfile.mktemp(prefix="mktemp-", dir=self._dir)
        self._pending.add(name)
        return name

    def mkstemp(self) -> tuple[int, str]:
        """Make a file, and return its descriptor and name."""
        descriptor, name = tempfile.mkstemp(prefix="mkstemp-", dir=self._dir)
        self._pending.add(name)
        return descriptor, name

    def mkstemp_file(self) -> tuple[IO[str], str]:
        """Make a file, and return it open for writing text, and its name."""
        descriptor, name = self.mkstemp()
        return os.fdopen(descriptor, "w+"), name

    def forget(self, fname: str | bytes) -> None:
        """The file is somebody else's now, or gone."""
        self._pending.discard(os.fsdecode(fname))

    def cleanup(self) -> None:
        """Take away the folder with all that is in it."""
        with suppress(OSError):
            shutil.rmtree(self._dir)
        self._pending.clear()
