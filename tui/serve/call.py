"""One request that is being answered: where its items go, and what ends it when it is wanted no more."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from yester.engine.errors import CancelledError
from yester.tui.serve.outbox import Outbox
from yester.tui.serve.protocol import Failure, encode_line

Answers = Generator[object, None, Any]
"""What answers a request that only looks: yields items, and returns what `done` has to say, or nothing."""


class Call:
    """Answers one request. Any thread may cancel it."""

    def __init__(self, id: int, outbox: Outbox) -> None:
        self.id = id
        self._outbox = outbox
        self.is_cancelled = threading.Event()
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None

    def command(self, words: str) -> None:
        """Say which command is run."""
        self._outbox.put(self.id, encode_line(id=self.id, command=words))

    def item(self, value: object) -> None:
        """Send an item; waits for a slow client. CancelledError when it is wanted no more."""
        self._outbox.put(self.id, encode_line(id=self.id, item=value))

    def done(self, value: object) -> None:
        """Send the last line of a request that was answered."""
        self._outbox.put_last(self.id, encode_line(id=self.id, done=value))

    def fail(self, failure: Failure) -> None:
        """Send the last line of a request that failed."""
        self._outbox.put_last(self.id, encode_line(id=self.id, error=failure))

    def check(self) -> None:
        """CancelledError when the answer is wanted no more."""
        if self.is_cancelled.is_set():
            raise CancelledError("The request was cancelled")

    @contextmanager
    def stopped_by(self, stop: Callable[[], None]) -> Iterator[None]:
        """Have `stop` called, by another thread, when the request is cancelled in the block. CancelledError: it was."""
        with self._lock:
            self.check()
            self._stop = stop
        try:
            yield
        finally:
            with self._lock:
                self._stop = None

    def cancel(self) -> None:
        """End the work, and let nothing more of it wait to be sent."""
        self._outbox.drop(self.id)
        with self._lock:
            self.is_cancelled.set()
            if self._stop is not None:
                self._stop()
