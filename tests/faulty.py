"""A store of which one call goes wrong, in a way that is chosen: what networks, servers and disks do to a client."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from yester.engine.errors import Broken, Missing, Retry
from yester.engine.store import Buffer, Capabilities, Readiness
from yester.plugins.backends.memory import MemoryStore

CALLS_LATER = 3
"""After so many further calls comes what was held back."""
LONGEST_STALL_S = 0.02
"""A call that stalls lets others overtake it, if any come in this time."""

READS = frozenset({"get", "get_range"})
VERBS = READS | {"put", "list", "query", "delete"}


@dataclass(frozen=True)
class Call:
    """A call of the store, and how to carry it out."""

    verb: str
    name: str
    do: Callable[[], Any]
    buffers: Sequence[Buffer] = ()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call of these verbs."""

    name: str
    verbs: frozenset[str]
    strike: "Callable[[FaultyStore, Call], Any]"


class FaultyStore:
    """The objects of another store. Call number `at` since `arm` meets the fault."""

    folder = None
    capabilities = Capabilities(ranges=True, if_absent=True)

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.place = "faulty"
        self.calls: list[tuple[str, str]] = []
        self.stale: tuple[str, ...] = ()
        """The names that a list shows which is not up to date."""
        self.struck = ""
        """The call that met the fault, in words."""
        self._fault: Fault | None = None
        self._at = -1
        self._later: list[tuple[int, Callable[[], object]]] = []
        self._moved = threading.Condition()

    def arm(self, fault: Fault, at: int) -> None:
        """Let a call meet a fault, counted from here on; only of the fault's verbs."""
        self._fault, self._at = fault, at

    def disarm(self) -> None:
        """Let all calls be honest, and what was held back come."""
        self._fault = None
        for _, work in self._later:
            work()
        self._later.clear()

    def later(self, work: Callable[[], object]) -> None:
        """Let something happen a few calls later."""
        self._later.append((len(self.calls) + CALLS_LATER, work))

    def overtaken(self) -> None:
        """Return when some other calls have come, or none come."""
        with self._moved:
            goal = len(self.calls) + CALLS_LATER
            self._moved.wait_for(lambda: len(self.calls) >= goal, LONGEST_STALL_S)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        kept = [bytes(memoryview(buffer).cast("B")) for buffer in buffers]
        self._call(Call("put", name, lambda: self.store.put(name, kept, if_absent=if_absent, group=group), kept))

    def get(self, name: str) -> bytes:
        found: bytes = self._call(Call("get", name, lambda: self.store.get(name)))
        return found

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        found: bytes = self._call(Call("get_range", name, lambda: self.store.get_range(name, offset, size)))
        return found

    def list(self, prefix: str = "") -> Iterator[str]:
        def do() -> Iterator[str]:
            return iter(sorted(self.store.list(prefix)))

        found: Iterator[str] = self._call(Call("list", prefix, do))
        return found

    def query(self, name: str) -> int:
        found: int = self._call(Call("query", name, lambda: self.store.query(name)))
        return found

    def delete(self, name: str) -> None:
        self._call(Call("delete", name, lambda: self.store.delete(name)))

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        return self.store.prepare(names)

    def tidy(self) -> None:
        self.store.tidy()

    def close(self) -> None:
        self.store.close()

    def _call(self, call: Call) -> Any:
        with self._moved:
            self.calls.append((call.verb, call.name))
            number = len(self.calls)
            self._moved.notify_all()
            due = [work for when, work in self._later if when <= number]
            self._later = [(when, work) for when, work in self._later if when > number]
            fault = self._fault
            if fault is not None and call.verb in fault.verbs:
                self._at -= 1
                if self._at == -1:
                    self.struck = f"{call.verb} {call.name}"
                else:
                    fault = None
            else:
                fault = None
        for work in due:
            work()
        return call.do() if fault is None else fault.strike(self, call)


def _refused(store: FaultyStore, call: Call) -> Any:
    raise Broken(f"The store cannot {call.verb} {call.name}", name=call.name)


def _lost_before(store: FaultyStore, call: Call) -> Any:
    raise Retry(f"The connection was lost before {call.verb} {call.name}", name=call.name)


def _lost_after(store: FaultyStore, call: Call) -> Any:
    found = call.do()
    if call.verb != "list":
        raise Retry(f"The connection was lost after {call.verb} {call.name}", name=call.name)

    def half() -> Iterator[str]:
        names = tuple(found)
        yield from names[: len(names) // 2]
        raise Retry(f"The connection was lost while {call.name} was listed")

    return half()


def _stalled(store: FaultyStore, call: Call) -> Any:
    store.overtaken()
    return call.do()


def _cut_short(store: FaultyStore, call: Call) -> Any:
    return (found := call.do())[: len(found) // 2]


def _twice(store: FaultyStore, call: Call) -> Any:
    if call.verb == "list":
        names = tuple(call.do())
        return iter(names + names)
    found = call.do()
    with suppress(Missing):  # the first delete did it
        call.do()
    return found


def _once_more_later(store: FaultyStore, call: Call) -> Any:
    found = call.do()
    store.later(lambda: store.store.put(call.name, call.buffers))
    return found


def _stored_short(store: FaultyStore, call: Call) -> Any:
    whole = b"".join(call.buffers)
    call.do()
    store.store.put(call.name, [whole[: len(whole) // 2]])


def _late(store: FaultyStore, call: Call) -> Any:
    store.later(call.do)


def _out_of_order(store: FaultyStore, call: Call) -> Any:
    return iter(sorted(call.do(), reverse=True))


def _stale(store: FaultyStore, call: Call) -> Any:
    return iter([name for name in store.stale if name.startswith(call.name)])


def _wrong(store: FaultyStore, call: Call) -> Any:
    found = bytearray(call.do())
    if found:
        found[len(found) // 2] ^= 1
    return bytes(found)


FAULTS = (
    Fault("refused", VERBS, _refused),
    Fault("lost before", VERBS, _lost_before),
    Fault("lost after", VERBS, _lost_after),
    Fault("stalled", VERBS, _stalled),
    Fault("cut short", READS, _cut_short),
    Fault("twice", frozenset({"put", "delete", "list"}), _twice),
    Fault("once more later", frozenset({"put"}), _once_more_later),
    Fault("stored short", frozenset({"put"}), _stored_short),
    Fault("late", frozenset({"put", "delete"}), _late),
    Fault("out of order", frozenset({"list"}), _out_of_order),
    Fault("stale", frozenset({"list"}), _stale),
    Fault("wrong bytes", READS, _wrong),
)
