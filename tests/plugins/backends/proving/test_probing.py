"""What is believed of a store: that it cannot, and what it was seen to do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from tests.plugins.backends.proving.test_suite import CountsFromOne, IgnoresTheCondition

from yester.engine.errors import Broken, Denied, Exists, Offline, Retry
from yester.engine.places import Places
from yester.engine.store import Buffer, Capabilities, Readiness
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.proving.names import TESTING
from yester.plugins.backends.proving.probing import probe
from yester.plugins.backends.proving.proved import ProvedStore, as_proved, learned
from yester.plugins.backends.proving.remembered import Probed, kept


@pytest.fixture
def places(home: Path) -> Places:
    return Places.default()


class SaysNo(MemoryStore):
    capabilities = Capabilities(ranges=False, if_absent=False)


class NoParts(MemoryStore):
    asked = 0

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        self.asked += 1
        raise Broken("The server sends all of it")


class NoDeletes(MemoryStore):
    def delete(self, name: str) -> None:
        raise Denied(f"{name} is kept for ever", name=name)


class NoPuts(MemoryStore):
    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        raise Denied(f"{name} could not be written", name=name)


class Cold(MemoryStore):
    """Has objects in a cold place, and says so."""

    state = Readiness.PENDING
    capabilities = replace(MemoryStore.capabilities, tier=True)

    def get(self, name: str) -> bytes:
        if "ready" in name:
            raise Offline("It is frozen", name=name)
        return super().get(name)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        return dict.fromkeys(names, self.state)


class ColdAndWrong(Cold):
    state = Readiness.READY


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (Cold, Probed(ranges=True, if_absent=True, tier=True)),
        (ColdAndWrong, Probed(ranges=True, if_absent=True, tier=False)),
        (MemoryStore, Probed(ranges=True, if_absent=True)),
        (SaysNo, Probed(ranges=False, if_absent=False)),
        (NoParts, Probed(ranges=False, if_absent=True)),
        (CountsFromOne, Probed(ranges=False, if_absent=True)),
        (IgnoresTheCondition, Probed(ranges=True, if_absent=False)),
    ],
)
def test_probes(kind: type[MemoryStore], found: Probed, places: Places) -> None:
    store = kind()
    store.put("config", [b"of a repository"])
    assert probe(store, places) == found
    assert list(store.list()) == ["config"]


def test_where_nothing_can_be_deleted_one_empty_object_stays(places: Places) -> None:
    store = NoDeletes()
    assert probe(store, places) is None
    (left,) = store.list()
    assert left.startswith(TESTING) and store.query(left) == 0


def test_a_store_that_takes_nothing_says_so(places: Places) -> None:
    with pytest.raises(Denied, match="could not be written"):
        probe(NoPuts(), places)


# Opened

T = TypeVar("T", bound=MemoryStore)


def repository(store: T) -> T:
    MemoryStore.put(store, "config", [bytes(range(256))])
    return store


def test_without_a_record_parts_are_tried_by_reading_and_creating_is_not_believed(places: Places) -> None:
    store = as_proved(repository(NoPuts()), places)
    assert store.capabilities == Capabilities(ranges=True, if_absent=False, local=True)
    assert kept(places, "memory") == Probed(ranges=True, if_absent=False)


@pytest.mark.parametrize("kind", [NoParts, CountsFromOne])
def test_a_store_that_gives_no_parts_is_read_whole(kind: type[MemoryStore], places: Places) -> None:
    inner = repository(kind())
    for _ in range(2):
        store = as_proved(inner, places)
        assert not store.capabilities.ranges
        assert store.get_range("config", 100, 20) == bytes(range(100, 120))
        with pytest.raises(Broken, match="ends before"):
            store.get_range("config", 250, 7)
        with pytest.raises(ValueError, match="range"):
            store.get_range("config", -1, 7)
    assert getattr(inner, "asked", 1) == 1


def test_a_failure_for_now_proves_nothing(places: Places) -> None:
    class Down(MemoryStore):
        def get_range(self, name: str, offset: int, size: int) -> bytes:
            raise Retry("no answer")

    store = repository(Down())
    assert as_proved(store, places) is store
    assert kept(places, "memory") is None
    assert as_proved(MemoryStore(), places).capabilities.ranges
    assert kept(places, "memory") is None


def test_what_was_proved_once_is_not_tried_again_at_that_address(places: Places) -> None:
    learned(MemoryStore(), Probed(ranges=True, if_absent=True), places)
    inner = repository(NoParts())
    assert as_proved(inner, places).capabilities.if_absent
    assert inner.asked == 0
    inner.place = "elsewhere"
    assert not as_proved(inner, places).capabilities.ranges
    assert inner.asked == 1


def test_where_creating_is_not_proved_it_is_looked_first(places: Places) -> None:
    inner = IgnoresTheCondition()
    store = ProvedStore(inner, Probed(ranges=True, if_absent=False))
    store.put("config", [b"first"], if_absent=True)
    with pytest.raises(Exists):
        store.put("config", [b"second"], if_absent=True)
    assert inner.get("config") == b"first"
    store.put("config", [b"third"])
    assert inner.get("config") == b"third"


def test_a_record_that_cannot_be_read_is_made_anew(places: Places) -> None:
    as_proved(repository(MemoryStore()), places)
    (record,) = (places.cache / "stores").iterdir()
    record.write_bytes(b"\xff{")
    assert kept(places, "memory") is None
    as_proved(repository(MemoryStore()), places)
    assert kept(places, "memory") is not None


def test_where_nothing_can_be_kept_the_store_is_used_all_the_same(places: Places) -> None:
    places.cache.mkdir(parents=True, exist_ok=True)
    (places.cache / "stores").write_bytes(b"a file in the way")
    assert as_proved(repository(NoParts()), places).get_range("config", 0, 2) == b"\0\1"
