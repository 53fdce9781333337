"""A store that sends and fetches no faster than it may.

Objects pass in slices, each of which waits until its bytes are paid for. What is small passes at once and is paid for
by what comes after: a session's sign of life must not wait behind packs, or another host may take its writer for dead.
"""

import threading
import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import overload

from yester.engine.forwarding import ForwardingStore
from yester.engine.limits.bucket import Bucket
from yester.engine.store import Buffer, Store

FREE_SIZE = 64 << 10
"""Objects up to this size never wait."""

LARGEST_SLICED = 64 << 20
"""Objects beyond any pack are left to the store to refuse."""

_STEP_S = 0.1
"""How soon a wait ends when the run is cancelled."""


def limited(store: Store, upload: int | None, download: int | None, hurry: Callable[[], bool] = lambda: False) -> Store:
    """Return the store under these limits, in bytes a second; the store itself when there are none.

    Once `hurry` says so, nothing waits any more: a run that is to stop ends with the pack that is under way.
    """
    if upload is None and download is None:
        return store
    return ThrottledStore(store, Pace(upload, hurry=hurry), Pace(download, hurry=hurry))


class Pace:
    """The rate of one direction, shared by all threads."""

    def __init__(
        self,
        rate: int | None,
        *,
        hurry: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`rate` in bytes a second; None does not limit."""
        self._bucket = None if rate is None else Bucket(rate, clock())
        self._lock = threading.Lock()
        self._hurry, self._clock, self._sleep = hurry, clock, sleep

    def slices(self, size: int) -> range:
        """Return where the slices of so many bytes begin; one when nothing is to wait."""
        if self._bucket is None or size <= FREE_SIZE:
            return range(0, size, max(1, size))
        return range(0, size, self._bucket.slice_size)

    def pass_(self, size: int, *, free: bool = False) -> None:
        """Wait until so many bytes may pass; with `free` only take them down."""
        if self._bucket is None:
            return
        with self._lock:
            self._bucket, wait = self._bucket.take(size, self._clock())
        end = self._clock() + wait
        while not free and (left := end - self._clock()) > 0 and not self._hurry():
            self._sleep(min(left, _STEP_S))


class PacedBuffers(Sequence[Buffer]):
    """Buffers whose slices become there when they may pass: whoever sends them sends at that pace."""

    def __init__(self, buffers: Sequence[Buffer], pace: Pace) -> None:
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        self._pace = pace
        self.total_size = sum(map(len, views))
        self._free = self.total_size <= FREE_SIZE
        steps = [pace.slices(len(view)) for view in views]
        self._slices = list(
            chain.from_iterable(
                (view[start : start + step.step] for start in step) for view, step in zip(views, steps, strict=True)
            )
        )

    def __len__(self) -> int:
        return len(self._slices)

    @overload
    def __getitem__(self, index: int) -> Buffer: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Buffer]: ...

    def __getitem__(self, index: int | slice) -> Buffer | Sequence[Buffer]:
        """Return a slice once it may pass."""
        chosen = self._slices[index]
        for part in [chosen] if isinstance(chosen, memoryview) else chosen:
            self._pace.pass_(len(part), free=self._free)
        return chosen


class ThrottledStore(ForwardingStore):
    """A store behind two paces; all else is the store's."""

    def __init__(self, store: Store, upload: Pace, download: Pace) -> None:
        super().__init__(store)
        self._upload, self._download = upload, download

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store an object, slice by slice."""
        self._store.put(name, PacedBuffers(buffers, self._upload), if_absent=if_absent, group=group)

    def get(self, name: str) -> bytes:
        """Return an object, read slice by slice where the store can, else paid for afterwards."""
        size = self._store.query(name) if self._store.capabilities.ranges else 0
        if FREE_SIZE < size <= LARGEST_SLICED:
            return self.get_range(name, 0, size)
        data = self._store.get(name)
        self._download.pass_(len(data), free=len(data) <= FREE_SIZE)
        return data

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of an object, slice by slice."""
        steps = self._download.slices(size)
        parts = []
        for start in steps:
            length = min(steps.step, size - start)
            self._download.pass_(length, free=size <= FREE_SIZE)
            parts.append(self._store.get_range(name, offset + start, length))
        return b"".join(parts) if parts else self._store.get_range(name, offset, size)
