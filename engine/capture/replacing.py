"""The content that a file gets in the place of its own."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

from yester.engine.decisions import Decision

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def replacement(decision: Decision) -> Iterator[Callable[[memoryview], int]]:
    """Give what fills a part of a window with the next bytes, and returns how many; 0 at the end.

    OSError when the file that holds them cannot be read, or is none.
    """
    if decision.content is not None:
        yield BytesIO(decision.content).readinto
        return
    assert decision.content_path is not None
    file = os.open(decision.content_path, _READ)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        yield lambda window: os.readv(file, [window])
    finally:
        os.close(file)
