"""Turns: what the processes of one client do one after another, whatever profiles they work for."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yester.engine.places import unwritable

_LOCK = "turn"


@contextmanager
def turn(state: Path) -> Iterator[None]:
    """Wait for the turn of whoever uses this repository with this state folder, and hold it.

    For moments, never while anything is read or stored at length. The kernel lets go of it when the process ends.
    Threads take turns as well. YesterError when the folder does not hold a lock and takes none.
    """
    path = state / _LOCK
    try:
        # For reading: a folder on a full or read-only disk serves as long as the file is there.
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
