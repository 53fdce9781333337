"""Fetches what a forward reader will want next, on threads, so that reading finds it decoded in memory.

Two threads open, decompress and verify side by side while the event loop answers with what is there; each frame is a
piece of work of its own, since a thread is crossed for frames, never for files.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

THREADS = 2


class Fetcher(Protocol):
    """Who can bring blobs into memory: the reader."""

    def read_ahead(self, ids: Iterable[bytes]) -> None:
        """Fetch the frames of these blobs; what cannot be had is passed over."""
        ...


class ReadAhead:
    """The threads of one mount."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="read-ahead")

    def want(self, ids: Iterable[bytes]) -> None:
        """Bring these blobs into memory soon."""
        for id in ids:
            self._threads.submit(self._fetcher.read_ahead, (id,))

    def close(self) -> None:
        """Drop what is not begun; the rest may be for long in a store that does not answer, and is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
