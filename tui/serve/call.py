"""One request that is being answered: where its items go, and what ends it when it is wanted no more."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from yester.engine.errors import CancelledError
from yester.tui.cli.wording import one_line
from yester.tui.serve.outbox import Outbox
from yester.tui.serve.protocol import Failure, encode_line

Answers = Generator[object, None, Any]
"""What answers a request that only looks: yields items, and returns what `done` has to say, or nothing."""


def refusal(id: int | None, failure: Failure) -> bytes:
    """Return the line that says why a request failed: names in it are printable, as on the command line."""
    told = msgspec.structs.replace(failure, message=one_line(failure.message), hint=one_line(failure.hint))
    return encode_line(id=id, error=told)


class Call:
    """Answers one request. Any thread may cancel it."""

    def __init__(self, id: int, outbox: Outbox) -> None:
        self.id = id
        self._outbox = outbox
        self.is_cancelled = threading.Event()
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self._stops_when_left = True
        self.is_left = False
        """Whether the client is gone."""

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
        self._outbox.put_last(self.id, refusal(self.id, failure))

    def check(self) -> None:
        """CancelledError when the answer is wanted no more."""
        if self.is_cancelled.is_set():
            raise CancelledError("The request was cancelled")

    @contextmanager
    def stopped_by(self, stop: Callable[[], None], *, when_left: bool = True) -> Iterator[None]:
        """Have `stop` called, by another thread, when the request is cancelled in the block. CancelledError: it was.

        `when_left` says whether that is so, too, when the client is gone.
        """
        with self._lock:
            self.check()
            self._stop, self._stops_when_left = stop, when_left
        try:
            yield
        finally:
            with self._lock:
                self._stop = None

    def cancel(self) -> None:
        """End the work, and let nothing more of it wait to be sent."""
        self._end(is_left=False)

    def leave(self) -> None:
        """The client is gone: as `cancel`, but what was begun for good goes on."""
        self._end(is_left=True)

    def _end(self, *, is_left: bool) -> None:
        self._outbox.drop(self.id)
        with self._lock:
            self.is_left = is_left
            self.is_cancelled.set()
            if self._stop is not None and (self._stops_when_left or not is_left):
                self._stop()
