"""Fetches what a forward reader will want next, on threads, so that reading finds it decoded in memory.

Two threads open, decompress and verify side by side while the event loop answers with what is there. A thread is
crossed for a few frames at a time: to wake one, and to pass the interpreter on, takes a fifth as long as to open one.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Protocol

THREADS = 2
TOGETHER = 4
"""Blobs that one thread fetches, by one read where they lie side by side: a megabyte or so. With single ones a reader
of what cannot be compressed was slower by a sixth; with eight another tenth is gained, and up to 40 MB more held."""


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
        rest = iter(ids)
        while some := tuple(islice(rest, TOGETHER)):
            self._threads.submit(self._fetcher.read_ahead, some)

    def close(self) -> None:
        """Drop what is not begun; the rest may be for long in a store that does not answer, and is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
