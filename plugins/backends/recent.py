"""The objects that were read last, whole, for stores that can read no part of one.

Several threads that want the same object fetch it once. Bounded in bytes; for any number of threads.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

LIMIT_SIZE = 64 << 20
"""Bytes that are kept: a handful of packs."""


class Recent:
    """Keeps what was fetched last."""

    def __init__(self, fetch: Callable[[str], bytes], limit_size: int = LIMIT_SIZE) -> None:
        self._fetch, self._limit_size = fetch, limit_size
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._coming: dict[str, Future[bytes]] = {}

    def get(self, name: str) -> bytes:
        """Return an object. Whatever fetching it raises reaches all who wait for it."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
            coming = self._coming.get(name)
            if coming is None:
                mine: Future[bytes] = Future()
                self._coming[name] = mine
        return coming.result() if coming is not None else self._fetched(name, mine)

    def forget(self, name: str) -> None:
        """The object is another one from now on, or none."""
        with self._lock:
            self._coming.pop(name, None)
            self._size -= len(self._kept.pop(name, b""))

    def _fetched(self, name: str, mine: "Future[bytes]") -> bytes:
        try:
            content = self._fetch(name)
        except BaseException as problem:
            with self._lock:
                self._done(name, mine)
            mine.set_exception(problem)
            raise
        with self._lock:
            if self._done(name, mine):
                self._keep(name, content)
        mine.set_result(content)
        return content

    def _done(self, name: str, mine: "Future[bytes]") -> bool:
        """Let nobody wait for this any more; False when what came may be what was there before."""
        if self._coming.get(name) is not mine:
            return False
        del self._coming[name]
        return True

    def _keep(self, name: str, content: bytes) -> None:
        if len(content) > self._limit_size:
            return
        self._kept[name] = content
        self._size += len(content)
        while self._size > self._limit_size:
            _, old = self._kept.popitem(last=False)
            self._size -= len(old)
