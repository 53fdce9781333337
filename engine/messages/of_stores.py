"""What stores have to say: of a damaged object that was mended, of a mirror that does not answer.

A store knows of no run, and no person. It writes a warning into the log that is called LOG; who uses stores listens to
it for as long as a person can be told. Where nobody listens the warning goes to standard error.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOG = "yester.store"


class _Ear(logging.Handler):
    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.getMessage())


@contextmanager
def stores_heard(tell: Callable[[str], object]) -> Iterator[None]:
    """Have `tell` called, from any thread, with each warning of a store as long as the block lasts."""
    log, ear = logging.getLogger(LOG), _Ear(tell)
    log.addHandler(ear)
    try:
        yield
    finally:
        log.removeHandler(ear)
