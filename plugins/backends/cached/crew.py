"""A few threads that work in the background, and that nobody waits for when the program ends."""

import threading
from collections import deque
from collections.abc import Callable


class Crew:
    """Threads that are there while there is something to do."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._work: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._threads = 0
        self._is_over = False

    def do(self, work: Callable[[], None]) -> None:
        """Do this soon. It must not raise."""
        with self._lock:
            if self._is_over:
                return
            self._work.append(work)
            if self._threads == self._most:
                return
            self._threads += 1
        threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def close(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._is_over = True
            self._work.clear()

    def _serve(self) -> None:
        while True:
            with self._lock:
                if not self._work:
                    self._threads -= 1
                    return
                work = self._work.popleft()
            work()
