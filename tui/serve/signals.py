"""Signals that end the server: heard where it waits for requests, so that none cuts into the work around a request.

A handler that raises does so wherever the main thread is. That may be between a request that is on the books and the
beginning of the thread that answers it, on a busy machine for long: the end would wait for a thread that never began.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def signals_heard(came: list[int]) -> Iterator[int]:
    """Keep the signals that come in the block; yields a descriptor that can be read once one came. Main thread only.

    Who asked for it ends in order, and then gives the first one its effect: `signal.raise_signal`.
    """
    reading, writing = os.pipe()

    def hear(number: int, frame: FrameType | None) -> None:
        if not came:
            os.write(writing, b"!")
        came.append(number)

    # One that is ignored, as in the background of a shell, stays so.
    before = {number: handler for number in _ENDING if (handler := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, hear)
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)
