"""The guardian of a test: a process that outlives it, and takes away what a killed test has left.

    test ── order, and "over" at its end ──▶ guardian ── once the pipe ends without that ──▶ store

It is started before anything is put, in a session of its own: what kills the test's process group does not kill it too.
It sleeps until the pipe ends, however the test ends. What kills both, such as a power cut, leaves the objects to the
next test there (leftovers.py).
"""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing

import msgspec

from yester.engine.errors import YesterError
from yester.engine.places import Places
from yester.plugins.backends.proving.leftovers import forget, remove
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.opening import Opening

OVER = b"over\n"
"""What a test says that leaves nothing."""

_PAUSES_S = (0.0, 1.0, 5.0, 15.0)
"""Before each look: what was on its way when the test died may arrive after it."""


class Order(msgspec.Struct, frozen=True):
    """What to take away, and where."""

    opening: Opening
    prefix: str
    made: tuple[str, ...]
    """Folders that were made for the test."""


def sweep(order: Order, places: Places, *, sleep: Callable[[float], object] = time.sleep) -> int:
    """Remove every object of the test, until there is none; return how many there were. YesterError."""
    names, removed = Names(order.prefix), 0
    for pause in _PAUSES_S:
        sleep(pause)
        with closing(order.opening.open([*order.made])) as store:
            found = remove(store, names)
        removed += found
        if pause and not found:
            break
    forget(places, names)
    return removed


def _say(text: str) -> None:
    # Whoever read the test's errors may be gone.
    try:
        sys.stderr.write(f"yester: {text}\n")
        sys.stderr.flush()
    except OSError:
        return


def main() -> int:
    """Be that process; the order comes on standard input."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Whoever ends a unit or a session ends all of it, and this goes on. Not ignored: what is started from here
        # would ignore it as well.
        signal.signal(number, lambda *_: None)
    said = sys.stdin.buffer.readline()
    if not said.endswith(b"\n") or sys.stdin.buffer.read() == OVER:
        return 0
    order = msgspec.json.decode(said, type=Order)
    try:
        removed = sweep(order, Places.default())
    except YesterError as problem:
        _say(f"What the killed test put could not all be removed: {problem}")
        _say(f"the next `backend test` there does it; the names begin with {order.prefix}")
        return 1
    _say(f"the test was killed; {removed:,} of its objects were removed, nothing of it is left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
