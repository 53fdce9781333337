"""Threads for what may take long, which nobody waits for when the program ends."""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Workers:
    """At most `limit` threads, begun when there is work for them."""

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._is_open = True

    def submit(self, work: Callable[[], None]) -> None:
        """Do something soon, on a thread; it must not raise. After `close` it is not done."""
        with self._lock:
            if not self._is_open:
                return
            if self._idle:
                self._idle -= 1
            elif self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
            self._work.put(work)

    def close(self) -> None:
        """Drop what is not begun."""
        with self._lock:
            self._is_open = False
            threads = self._threads
        while not self._work.empty():
            self._work.get()
        for _ in range(threads):
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            with self._lock:
                # Else this thread goes on with what is waiting, and nobody may count on it.
                self._idle += self._work.empty()
