"""What is on its way to the client: a short queue for each request, emptied in turn, so that none crowds out another.

Whoever answers a request waits while its queue is full: a client that reads slowly makes its own answers wait, and
nothing is held in memory for it. Last lines never wait, or a request that is over could not be forgotten; who takes
requests takes no more while too many of them stand here. One thread writes. When the client is gone all that wait are
let go.
"""

import os
import threading
from collections import OrderedDict, deque
from typing import NamedTuple

from yester.engine.errors import CancelledError

QUEUED = 64
"""Lines of one request that wait to be written."""
ENDS = 64
"""Last lines that wait to be written until no request is taken any more."""

_WORDS = "The request was cancelled"


class _Queued(NamedTuple):
    """A line that waits."""

    line: bytes
    is_last: bool = False


class Outbox:
    """Queues of lines by request. Any thread may put; one calls `write_all`."""

    def __init__(self) -> None:
        self._queues: OrderedDict[int, deque[_Queued]] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closed = self._is_lost = False
        self._dropped: set[int] = set()

    def put(self, id: int, line: bytes) -> None:
        """Queue a line; waits while the queue is full. CancelledError when nobody wants it any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_unwanted(id) or len(self._queues.get(id, ())) < QUEUED)
            if self._is_unwanted(id):
                raise CancelledError(_WORDS)
            self._append(id, _Queued(line))

    def put_last(self, id: int, line: bytes) -> None:
        """Queue the last line of a request, never waiting; what is queued of one that was cancelled is dropped."""
        with self._changed:
            if id in self._dropped:
                self._queues.pop(id, None)
                self._dropped.discard(id)
            self._append(id, _Queued(line, is_last=True))

    def is_crowded(self) -> bool:
        """Whether as many requests are over, and not read, as may be."""
        with self._changed:
            return sum(each.is_last for queue in self._queues.values() for each in queue) >= ENDS

    def drop(self, id: int) -> None:
        """Let nothing more of a request wait but its last line."""
        with self._changed:
            self._dropped.add(id)
            self._changed.notify_all()

    def close(self) -> None:
        """Let `write_all` return when all is written; nothing is put after this but last lines."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def lose(self) -> None:
        """The client is gone: nothing is written any more."""
        with self._changed:
            self._is_lost = True
            self._queues.clear()
            self._changed.notify_all()

    def write_all(self, descriptor: int) -> None:
        """Write lines as they come, until `close` or until the client is gone (OSError)."""
        try:
            while (line := self._next()) is not None:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
        except OSError:
            self.lose()
            raise

    def _is_unwanted(self, id: int) -> bool:
        return self._is_lost or self._is_closed or id in self._dropped

    def _append(self, id: int, queued: _Queued) -> None:
        if not self._is_lost:
            self._queues.setdefault(id, deque()).append(queued)
            self._changed.notify_all()

    def _next(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queues or self._is_closed or self._is_lost)
            if not self._queues:
                return None
            id, queue = self._queues.popitem(last=False)
            line, _ = queue.popleft()
            if queue:
                self._queues[id] = queue  # behind the others
            self._changed.notify_all()
            return line
