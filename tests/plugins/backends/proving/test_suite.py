"""Each check finds out the store that does not do what it is about."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

import pytest
from tests.plugins.backends.proving.trying import NAMES, trial_of

from yester.engine.errors import Denied, Missing, Offline, Retry
from yester.engine.store import Buffer, Capabilities, Readiness
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.proving.outcome import Verdict
from yester.plugins.backends.proving.suite import CHECKS, FIRST, outcome, tried

BY_NAME = {check.name: check for check in CHECKS}


class Flips(MemoryStore):
    def get(self, name: str) -> bytes:
        content = super().get(name)
        return content[:-1] + bytes([content[-1] ^ 1]) if content else content


class Pads(MemoryStore):
    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        super().put(name, [*buffers, b"" if any(map(len, buffers)) else b"\n"], if_absent=if_absent)


class TakesOnlySmall(MemoryStore):
    def get(self, name: str) -> bytes:
        return super().get(name)[: (1 << 20) + 7]


class DropsFinalDots(MemoryStore):
    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        super().put(name.rstrip("."), buffers)

    def get(self, name: str) -> bytes:
        return super().get(name.rstrip("."))


class KeepsTheFirst(MemoryStore):
    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if name not in self._objects:
            super().put(name, buffers)


class CountsBlocks(MemoryStore):
    def query(self, name: str) -> int:
        return -(-super().query(name) // 512) * 512


class GivesNothingForMissing(MemoryStore):
    def get(self, name: str) -> bytes:
        return super().get(name) if name in self._objects else b""


class DeletesNothing(MemoryStore):
    def delete(self, name: str) -> None:
        pass


class FailsToDeleteMissing(MemoryStore):
    def delete(self, name: str) -> None:
        if name not in self._objects:
            raise Denied(f"{name} cannot be deleted", name=name)
        super().delete(name)


class StopsDeleting(MemoryStore):
    missed = False

    def delete(self, name: str) -> None:
        self.missed = self.missed or name not in self._objects
        if not self.missed:
            super().delete(name)


class ListsLate(MemoryStore):
    """A list shows what was put before the last put."""

    last = ""

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        super().put(name, buffers, if_absent=if_absent)
        self.last = name

    def list(self, prefix: str = "") -> Iterator[str]:
        return (name for name in super().list(prefix) if name != self.last)


class ListsGhosts(MemoryStore):
    def delete(self, name: str) -> None:
        super().delete(name)
        self.ghost = name

    def list(self, prefix: str = "") -> Iterator[str]:
        yield from super().list(prefix)
        if getattr(self, "ghost", "").startswith(prefix):
            yield self.ghost


class ListsAll(MemoryStore):
    def list(self, prefix: str = "") -> Iterator[str]:
        return super().list()


class ListsOnePage(MemoryStore):
    def list(self, prefix: str = "") -> Iterator[str]:
        return (name for name, _ in zip(super().list(prefix), range(1000), strict=False))


class ListsInPeace(MemoryStore):
    deletes = 0

    def delete(self, name: str) -> None:
        super().delete(name)
        self.deletes += 1

    def list(self, prefix: str = "") -> Iterator[str]:
        before = self.deletes
        for name in super().list(prefix):
            if self.deletes > before:
                raise Retry("the list changed")
            yield name


class ShowsHalf(MemoryStore):
    """Whoever looks while a large object is put finds half of it."""

    def __init__(self) -> None:
        super().__init__()
        self.was_seen = threading.Event()

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        whole = b"".join(buffers)
        if len(whole) > 100_000 and "atomic" in name:
            self.was_seen.clear()
            super().put(name, [whole[: len(whole) // 2]])
            self.was_seen.wait(10)
        super().put(name, [whole])

    def get(self, name: str) -> bytes:
        found = super().get(name)
        self.was_seen.set()
        return found


class RemovesFirst(MemoryStore):
    """A replacing put takes the old object away, and is slow with the new one."""

    def __init__(self) -> None:
        super().__init__()
        self.was_missed = threading.Event()

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if self._objects.pop(name, None) is not None and not self.was_missed.is_set():
            self.was_missed.wait(10)
        super().put(name, buffers)

    def get(self, name: str) -> bytes:
        if name not in self._objects:
            self.was_missed.set()
        return super().get(name)


class SaysHalf(MemoryStore):
    """While something is replaced it has another size for a while."""

    def query(self, name: str) -> int:
        return super().query(name) // 2


class ServesOneThread(MemoryStore):
    def get(self, name: str) -> bytes:
        return super().get(name) if threading.current_thread() is threading.main_thread() else b"of another"


class CountsFromOne(MemoryStore):
    def get_range(self, name: str, offset: int, size: int) -> bytes:
        return super().get(name)[max(0, offset - 1) :][:size]


class CutsShort(MemoryStore):
    def get_range(self, name: str, offset: int, size: int) -> bytes:
        return super().get(name)[offset : offset + size]


class FetchesAll(MemoryStore):
    capabilities = Capabilities(ranges=False, if_absent=True)


class IgnoresTheCondition(MemoryStore):
    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        super().put(name, buffers)


class LooksFirst(MemoryStore):
    """Both of two writers look before either puts."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        there = name in self._objects
        if if_absent:
            self.both.wait(10)
        super().put(name, buffers, if_absent=there)


class RefusesBoth(MemoryStore):
    """Of two that create both are told that the other did; what is there is the first's."""

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if if_absent:
            self._objects.setdefault(name, b"".join(buffers))
        super().put(name, buffers, if_absent=if_absent)


class SpeaksOfOthers(MemoryStore):
    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        return {}


class SaysReady(MemoryStore):
    def get(self, name: str) -> bytes:
        if "ready" in name:
            raise Offline("It is frozen", name=name)
        return super().get(name)


class TidiesAway(MemoryStore):
    def tidy(self) -> None:
        self._objects.clear()


LIARS: list[tuple[str, type[MemoryStore], str]] = [
    ("round trip", Flips, "came back as others"),
    ("empty object", Pads, "1 bytes"),
    ("big object", TakesOnlySmall, "other bytes"),
    ("names", DropsFinalDots, "not listed as it is"),
    ("overwrite", KeepsTheFirst, "put first came back"),
    ("size", CountsBlocks, "12,345 bytes are said to be 12,800"),
    ("missing", GivesNothingForMissing, "get of a missing object"),
    ("delete", DeletesNothing, "get still gives"),
    ("delete nothing", FailsToDeleteMissing, "cannot be deleted"),
    ("delete some", StopsDeleting, "1 stayed"),
    ("shown at once", ListsLate, "lacks it"),
    ("gone at once", ListsGhosts, "still listed"),
    ("list by beginning", ListsAll, "names"),
    ("list while changing", ListsInPeace, "the list changed"),
    ("long list", ListsOnePage, "200 of 1,200 names are missing"),
    ("whole or nothing", ShowsHalf, "of 524,288 bytes"),
    ("whole or nothing", SaysHalf, "said to have 262,144 of 524,288"),
    ("old or new", RemovesFirst, "nothing"),
    ("at the same time", ServesOneThread, "another had put"),
    ("parts", CountsFromOne, "came as others"),
    ("parts that are not", CutsShort, "1,000 bytes"),
    ("only parts", FetchesAll, "whole object is fetched"),
    ("only parts", CountsFromOne, "came as others"),
    ("create only", IgnoresTheCondition, "it was replaced"),
    ("create only", RefusesBoth, "already there"),
    ("one creator", IgnoresTheCondition, "0 of 30"),
    ("one creator", LooksFirst, "0 of 30"),
    ("one creator", RefusesBoth, "0 of 30"),
    ("readiness", SpeaksOfOthers, "spoke of others"),
    ("readiness", SaysReady, "lies in a cold place"),
    ("tidy", TidiesAway, "There is no"),
]


@pytest.mark.parametrize(("check", "liar", "words"), LIARS, ids=lambda value: getattr(value, "__name__", None))
def test_finds_the_liar_out(check: str, liar: type[MemoryStore], words: str) -> None:
    found = outcome(BY_NAME[check], trial_of(liar()))
    assert found.verdict is Verdict.NO
    assert words in found.note


def test_every_check_has_found_a_liar_out() -> None:
    assert {check for check, _, _ in LIARS} == set(BY_NAME)


def test_finds_nothing_wrong_with_an_honest_store() -> None:
    store = MemoryStore()
    assert all(found.holds for _, found in tried(trial_of(store)))
    assert all(name.startswith(NAMES.prefix) for name in store.list())


def test_a_store_that_takes_nothing_is_tried_once() -> None:
    class ReadOnly(MemoryStore):
        def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
            raise Denied("It is read-only", hint="Ask its owner.")

    found = dict(tried(trial_of(ReadOnly())))
    assert (found[FIRST].verdict, found[FIRST].note, found[FIRST].hint) == (
        Verdict.NO,
        "It is read-only",
        "Ask its owner.",
    )
    assert {each.verdict for check, each in found.items() if check is not FIRST} == {Verdict.UNTRIED}


def test_a_delete_of_nothing_may_pass_in_silence() -> None:
    class Silent(MemoryStore):
        def delete(self, name: str) -> None:
            try:
                super().delete(name)
            except Missing:
                return

    found = outcome(BY_NAME["delete nothing"], trial_of(Silent()))
    assert (found.holds, found.note) == (True, "passed over in silence")


def test_a_slow_store_is_not_given_ten_thousand_objects() -> None:
    seconds = count()
    store = MemoryStore()
    trial = trial_of(store, clock=lambda: float(next(seconds)), many=10_000, many_s=8.0)
    found = outcome(BY_NAME["long list"], trial)
    assert found.holds
    assert "2,600 names" in found.note and "in 8 s" in found.note
    assert list(store.list()) == []
