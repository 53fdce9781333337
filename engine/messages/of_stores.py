"""What stores have to say: of a damaged object that was mended, of a mirror that does not answer.

A store knows of no run, and no person. It writes a warning into the log that is called LOG; who uses stores listens to
it for as long as a person can be told. Where nobody listens the warning goes to standard error.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

LOG = "yester.store"


class _Ear(logging.Handler):
    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.getMessage())


def _say(text: str) -> None:
    # Names of places come from the person, and those of objects from the store: none of them may move the cursor.
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    with suppress(OSError):
        sys.stderr.write(f"yester: {shown}\n")


_NOBODY = _Ear(_say)
_log = logging.getLogger(LOG)
_log.addHandler(_NOBODY)


@contextmanager
def stores_heard(tell: Callable[[str], object]) -> Iterator[None]:
    """Have `tell` called, from any thread, with each warning of a store as long as the block lasts."""
    ear = _Ear(tell)
    _log.addHandler(ear)
    _log.removeHandler(_NOBODY)
    try:
        yield
    finally:
        _log.addHandler(_NOBODY)
        _log.removeHandler(ear)
