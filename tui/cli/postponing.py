"""Signals that arrive while plugins hear of something outside of supervised work: of a drive that is let go of."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from yester.engine.runs.control import RunControl


@contextmanager
def signals_postponed(control: RunControl) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM only ask `control` to stop, and have its effect when the block has ended.

    The next one has its effect at once, as has each when `control` was asked before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # One that is ignored, as in the background of a shell, stays so.
    handlers = {
        number: handler for number in (signal.SIGINT, signal.SIGTERM) if callable(handler := signal.getsignal(number))
    }
    came: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        if control.signal:
            handlers[signal.Signals(number)](number, frame)
        came.append(number)
        control.cancel(number)

    for number in handlers:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for each in came:
        handlers[signal.Signals(each)](each, None)
