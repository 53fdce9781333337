"""A store that tries again what failed for now: a lost connection, a server that does not answer.

A call that failed may have been done all the same. So when it is tried again, an object that is there already with the
very bytes was put by the first try, and one that is missing was deleted by it.

This is the outermost of what stands around every backend, so it is also where calls are counted.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from yester.engine.errors import Exists, Missing, Overloaded, StoreError
from yester.engine.forwarding import ForwardingStore
from yester.engine.store import Buffer, Readiness, Store, size_of
from yester.engine.tally import Tally

TRIES = 6
"""How often a call is made before its failure is passed on."""
FIRST_DELAY_S = 1.0
"""The wait before the second try; each one after is twice as long: half a minute in all."""
LONGEST_DELAY_S = 30.0
OVERLOADED_PAUSES = 3
"""How many pauses the wait is as long as when the store asks to be left alone and does not say for how long."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and with what waits; `sleep` is the port for time."""

    tries: int = TRIES
    first_delay_s: float = FIRST_DELAY_S
    longest_delay_s: float = LONGEST_DELAY_S
    sleep: Callable[[float], object] | None = None

    def delay_s(self, failures: int, problem: StoreError | None = None) -> float:
        """Return how long to wait after so many failures, the last of which was this one."""
        pause_s = float(min(self.first_delay_s * 2 ** (failures - 1), self.longest_delay_s))
        if isinstance(problem, Overloaded):
            return max(problem.after_s, OVERLOADED_PAUSES * pause_s)
        return pause_s


@dataclass(slots=True)
class _Call:
    """A call on its way, with all its tries."""

    verb: str
    size: int = 0
    time_ns: int = 0
    retries: int = 0
    has_failed: bool = False


class RetryingStore(ForwardingStore):
    """A store behind retries; what failed for good is passed on at once."""

    def __init__(
        self,
        store: Store,
        patience: Patience | None = None,
        *,
        between: Callable[[], object] = lambda: None,
        tally: Tally | None = None,
    ) -> None:
        """`between` is called after each pause, before the next try. Calls are counted in the tally."""
        super().__init__(store)
        self._patience, self._between = patience or Patience(), between
        self._tally = tally or Tally()
        self._closed = threading.Event()
        self._sleep = self._patience.sleep or self._closed.wait

    @property
    def inner(self) -> Store:
        """The store behind the retries."""
        return self._store

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store the object; Exists is what another has put."""
        size = size_of(buffers)

        def put(again: bool) -> None:
            try:
                self._store.put(name, buffers, if_absent=if_absent, group=group)
            except Exists:
                if not again or self._store.get(name) != b"".join(buffers):
                    raise

        self._persist("put", put, lambda _: size)

    def get(self, name: str) -> bytes:
        """Return the whole object."""
        return self._persist("get", lambda _: self._store.get(name), len)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of the object."""
        return self._persist("get_range", lambda _: self._store.get_range(name, offset, size), len)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names; a list that broke off begins anew, without those that were given."""
        call = _Call("list")
        names = self._names(prefix, call)
        try:
            while (name := self._next(names, call)) is not None:
                yield name
        finally:
            self._count(call)

    def query(self, name: str) -> int:
        """Return the object's size."""
        return self._persist("query", lambda _: self._store.query(name))

    def delete(self, name: str) -> None:
        """Remove the object."""

        def delete(again: bool) -> None:
            try:
                self._store.delete(name)
            except Missing:
                if not again:
                    raise

        self._persist("delete", delete)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Begin to make objects readable, and say how far that is."""
        return self._persist("prepare", lambda _: self._store.prepare(names))

    def close(self) -> None:
        """Close the store; whoever waits for a try stops waiting."""
        self._closed.set()
        self._store.close()

    def _persist(self, verb: str, attempt: Callable[[bool], T], size: Callable[[T], int] = lambda _: 0) -> T:
        """Make a call, and again while it fails for now; its argument: whether it is made again."""
        call = _Call(verb)
        begun_ns = time.monotonic_ns()
        try:
            while True:
                try:
                    found = attempt(call.retries > 0)
                except StoreError as problem:
                    self._bear(problem, call.retries + 1, call)
                else:
                    call.size = size(found)
                    return found
        finally:
            call.time_ns = time.monotonic_ns() - begun_ns
            self._count(call)

    def _names(self, prefix: str, call: _Call) -> Iterator[str]:
        given: set[str] = set()
        failures = 0
        while True:
            try:
                for name in self._store.list(prefix):
                    if name not in given:
                        given.add(name)
                        failures = 0
                        yield name
            except StoreError as problem:
                failures += 1
                self._bear(problem, failures, call)
            else:
                return

    def _next(self, names: Iterator[str], call: _Call) -> str | None:
        """Return the next name, and count the time that it took; not what happens between two."""
        begun_ns = time.monotonic_ns()
        try:
            return next(names, None)
        finally:
            call.time_ns += time.monotonic_ns() - begun_ns

    def _bear(self, problem: StoreError, failures: int, call: _Call) -> None:
        """Wait for the next try; raise what is for good, what has failed too often, and all once closed."""
        if not problem.transient or failures >= self._patience.tries or self._closed.is_set():
            # That there is no such object, or one already, is an answer.
            call.has_failed = not isinstance(problem, Missing | Exists)
            raise problem
        self._sleep(self._patience.delay_s(failures, problem))
        self._between()
        call.retries += 1

    def _count(self, call: _Call) -> None:
        self._tally.add(
            self.place,
            call.verb,
            size=call.size,
            time_ns=call.time_ns,
            retries=call.retries,
            has_failed=call.has_failed,
        )
