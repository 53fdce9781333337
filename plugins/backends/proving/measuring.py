"""How long a store takes, measured while it is put to the test."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

import msgspec

from yester.engine.errors import StoreError
from yester.engine.store import Buffer, Capabilities, Readiness, Store
from yester.plugins.backends.proving.names import Names

T = TypeVar("T")

_SMALL_SIZE = 64 << 10
_LARGE_SIZE = 4 << 20
_OPERATIONS = ("put", "get", "part", "size", "list", "delete")


class Figure(msgspec.Struct, frozen=True):
    """How long one operation took when nothing else was going on."""

    operation: str
    """One of put, get, part (of an object), size, list, delete."""
    size: int
    """Of the object, bytes; 0 for small ones of any size."""
    times: int
    median_s: float
    slowest_s: float


class Gauge:
    """Collects what was measured; threads share it. Calls beside others are not counted: they would wait for these."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._calls = 0
        self._taken: defaultdict[tuple[str, int], list[float]] = defaultdict(list)

    def begin(self) -> "Call":
        """Say that a call begins."""
        with self._lock:
            self._under_way += 1
            self._calls += 1
            return Call(self._calls, self._under_way == 1, time.perf_counter())

    def end(self, call: "Call", operation: str = "", size: int = 0) -> None:
        """Say that it has ended, and what it was; nothing when it failed."""
        took_s = time.perf_counter() - call.begun
        with self._lock:
            self._under_way -= 1
            is_alone = call.began_alone and call.number == self._calls
            if operation and is_alone and (size <= _SMALL_SIZE or size >= _LARGE_SIZE):
                self._taken[operation, size if size >= _LARGE_SIZE else 0].append(took_s)

    def figures(self) -> list[Figure]:
        """Return what was measured: small objects, and of large ones the largest."""
        with self._lock:
            largest = {name: max(size for each, size in self._taken if each == name) for name, _ in self._taken}
            wanted = [(name, size) for name in _OPERATIONS if name in largest for size in sorted({0, largest[name]})]
            return [
                Figure(name, size, len(taken), median(taken), max(taken))
                for name, size in wanted
                if (taken := self._taken.get((name, size)))
            ]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is under way."""

    number: int
    began_alone: bool
    begun: float


class MeasuredStore:
    """A store with a gauge, of which only the names of one test can be touched. Closes nothing."""

    def __init__(self, store: Store, names: Names, gauge: Gauge) -> None:
        self._store, self._names, self._gauge = store, names, gauge
        self._there: set[str] = set()
        self._puts = 0
        self._is_over = False
        self._change = threading.Condition()

    @property
    def capabilities(self) -> Capabilities:
        """What the store says of itself."""
        return self._store.capabilities

    @property
    def place(self) -> str:
        """Where the store is."""
        return self._store.place

    @property
    def folder(self) -> Path | None:
        """The store's."""
        return self._store.folder

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store an object; StoreError once the test is over."""
        with self._change:
            if self._is_over:
                raise StoreError("The test is over", name=name)
            self._puts += 1
            self._there.add(self._own(name))
        try:
            self._measured(
                "put",
                lambda: self._store.put(name, buffers, if_absent=if_absent, group=group),
                lambda _: sum(memoryview(buffer).nbytes for buffer in buffers),
            )
        finally:
            with self._change:
                self._puts -= 1
                self._change.notify_all()

    def end(self) -> set[str]:
        """Let nothing more be put, wait for what is on its way, and return what may be there, also if no list shows it.

        A thread that was being started when somebody broke the test off is waited for by nobody else.
        """
        with self._change:
            self._is_over = True
            self._change.wait_for(lambda: self._puts == 0)
            return set(self._there)

    def get(self, name: str) -> bytes:
        """Return an object."""
        return self._measured("get", lambda: self._store.get(self._own(name)), len)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of an object. Only small parts are measured: nobody asks for large ones."""
        operation = "part" if size <= _SMALL_SIZE else ""
        return self._measured(operation, lambda: self._store.get_range(self._own(name), offset, size))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield names."""
        call, is_done = self._gauge.begin(), False
        try:
            yield from self._store.list(self._own(prefix))
            is_done = True
        finally:
            self._gauge.end(call, "list" if is_done else "")

    def query(self, name: str) -> int:
        """Return an object's size."""
        return self._measured("size", lambda: self._store.query(self._own(name)))

    def delete(self, name: str) -> None:
        """Remove an object."""
        self._measured("delete", lambda: self._store.delete(self._own(name)))
        self._there.discard(name)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Ask whether objects can be read."""
        return self._store.prepare([self._own(name) for name in names])

    def tidy(self) -> None:
        """Let the store tidy up."""
        self._store.tidy()

    def close(self) -> None:
        """Nothing: whoever opened the store closes it."""

    def _measured(self, operation: str, work: Callable[[], T], size: Callable[[T], int] = lambda _: 0) -> T:
        call = self._gauge.begin()
        try:
            found = work()
        except BaseException:
            self._gauge.end(call)
            raise
        self._gauge.end(call, operation, size(found))
        return found

    def _own(self, name: str) -> str:
        if not name.startswith(self._names.prefix):
            raise ValueError(f"a test touches only its own names, and not {name}")
        return name
