"""Batches of entries to be made, whose blobs threads fetch ahead."""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from yester.engine.ids import BlobKind
from yester.engine.packs.reading import BlobReader
from yester.engine.store import Buffer

_BATCHES_AHEAD = 4
_BATCH_SIZE = 1 << 20
_BATCH_ITEMS = 128

Job = Callable[[Sequence[Buffer | None]], None]
"""Makes one or more entries out of the blobs that it was queued with, None for each that could not be had."""


@dataclass(slots=True)
class _Batch:
    """Entries that are made together, and all blobs that they need."""

    jobs: list[tuple[Job, int]] = field(default_factory=list)
    """Each with the number of its blobs."""
    blobs: list[bytes] = field(default_factory=list)
    size: int = 0
    """Bytes of them."""
    items: int = 0
    whole_size: int = 0
    """Bytes of the files, holes included."""


class Queue:
    """Jobs are done in the order in which they were added, on the thread that adds them."""

    def __init__(self, pool: Executor, source: BlobReader, tick: Callable[[int], None]) -> None:
        """`tick` is called after each batch with the size of its files, and may raise to stop."""
        self._pool = pool
        self._source = source
        self._tick = tick
        self._open = _Batch()
        self._coming: deque[tuple[_Batch, Future[list[Buffer | None]]]] = deque()

    @property
    def room(self) -> tuple[int, int]:
        """How many bytes and entries the open batch still takes."""
        return _BATCH_SIZE - self._open.size, _BATCH_ITEMS - self._open.items

    def add(self, job: Job, blobs: Collection[bytes], size: int, *, items: int = 1, whole_size: int = 0) -> None:
        """Queue a job that needs these blobs, `size` bytes of them; the oldest batch is made if enough are queued."""
        batch = self._open
        batch.jobs.append((job, len(blobs)))
        batch.blobs.extend(blobs)
        batch.size += size
        batch.items += items
        batch.whole_size += whole_size
        if batch.size >= _BATCH_SIZE or batch.items >= _BATCH_ITEMS:
            self._send()
            if len(self._coming) > _BATCHES_AHEAD:
                self._make()

    def finish(self) -> None:
        """Do all that is queued."""
        self._send()
        while self._coming:
            self._make()

    def drop(self) -> None:
        """Forget what is queued."""
        for _, fetched in self._coming:
            fetched.cancel()

    def _send(self) -> None:
        """Let the blobs of the open batch be fetched."""
        batch, self._open = self._open, _Batch()
        self._coming.append((batch, self._pool.submit(self._source.batch, BlobKind.DATA, batch.blobs)))

    def _make(self) -> None:
        """Do the jobs of the oldest batch."""
        batch, fetched = self._coming.popleft()
        pieces = fetched.result()
        first = 0
        for job, blobs in batch.jobs:
            job(pieces[first : first + blobs])
            first += blobs
        self._tick(batch.whole_size)
