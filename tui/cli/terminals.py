"""The terminal that a run was started from, which may go away while it works."""

import os
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import POLLERR, POLLHUP, POLLOUT, poll


@contextmanager
def outliving_terminal() -> Iterator[None]:
    """Let the closing of the terminal, or of the connection that it came by, not end the work; nor what it starts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def leave_dead_terminal() -> None:
    """Let what was connected to a terminal that is gone lead nowhere: to write to it is no failure then."""
    for descriptor in (0, 1, 2):
        if _is_dead(descriptor):
            lead_nowhere(descriptor)


def lead_nowhere(descriptor: int) -> None:
    """Connect a standard stream to /dev/null."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, descriptor)
    os.close(null)


def terminal_width() -> int | None:
    """Return how many columns the terminal on standard output has; None where there is no terminal."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def _is_dead(descriptor: int) -> bool:
    with suppress(OSError):
        if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            return False
        asked = poll()
        asked.register(descriptor, POLLOUT)
        return any(events & (POLLHUP | POLLERR) for _, events in asked.poll(0))
    return False
