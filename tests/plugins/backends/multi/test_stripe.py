"""Stripes: each object in one of several stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from tests.backend_contract import BackendContract
from tests.plugins.backends.multi.conftest import Make, listing

from yester.engine.errors import Denied, Missing, Retry
from yester.engine.store import Store
from yester.plugins.backends.multi.description import OnFail
from yester.plugins.backends.registry import open_store

CONTENTS = {f"data.{blake3(bytes([number])).hexdigest()}": bytes([number]) for number in range(60)}


class TestStripeStore(BackendContract):
    MANY = 100

    @pytest.fixture
    def store(self, home: Path, tmp_path: Path) -> Iterator[Store]:
        file = listing(tmp_path / "stores.json", *(f"{tmp_path.as_uri()}/{name}" for name in ("one", "two", "three")))
        opened = open_store(f"multi://{file}?onfail=abort", create=True)
        yield opened
        opened.close()


def test_objects_are_spread(make: Make) -> None:
    three = make(3)
    store = three.stripe()
    for name, content in CONTENTS.items():
        store.put(name, [content])
    assert sorted(store.list()) == sorted(CONTENTS)
    sizes = [len(list(each.list())) for each in three.stores]
    assert sum(sizes) == 60
    assert min(sizes) > 8
    assert {name: store.get(name) for name in CONTENTS} == CONTENTS


def test_the_config_is_in_all(make: Make) -> None:
    three = make(3)
    store = three.stripe()
    store.put("config", [b"x"], if_absent=True)
    assert all(each.has("config") for each in three.stores)
    assert list(store.list()) == ["config"]


@pytest.mark.usefixtures("never_again")
def test_another_takes_what_one_does_not(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.stripe()
    two.stores[0].is_full = True
    for name, content in CONTENTS.items():
        store.put(name, [content])
    assert sorted(two.stores[1].list()) == sorted(CONTENTS)
    assert caplog.text.count("store-0 does not take what is stored") == 1
    two.stores[0].is_full = False
    for name in CONTENTS:
        store.delete(name)
    assert list(store.list()) == []


def test_with_abort_none_does(make: Make) -> None:
    two = make(2)
    store = two.stripe(OnFail.ABORT)
    for each in two.stores:
        each.is_full = True
    with pytest.raises(Denied):
        store.put("data.1", [b"x"])


def test_a_replacement_goes_where_the_object_is(make: Make) -> None:
    three = make(3)
    store = three.stripe()
    for number in range(3):
        three.stores[number].write(f"session.{number}", b"old")
    for number in range(3):
        store.put(f"session.{number}", [b"new"])
        assert three.stores[number].read(f"session.{number}") == b"new"
        assert sum(each.has(f"session.{number}") for each in three.stores) == 1


@pytest.mark.usefixtures("never_again")
def test_without_one_nothing_is_listed_missing_or_deleted(make: Make) -> None:
    two = make(2)
    store = two.stripe()
    for name, content in CONTENTS.items():
        store.put(name, [content])
    two.stores[0].is_away = True
    with pytest.raises(Retry):
        list(store.list("data."))
    for name in CONTENTS:
        if two.stores[1].has(name):
            assert store.get(name) == CONTENTS[name]
            with pytest.raises(Retry):
                store.delete(name)
        else:
            with pytest.raises(Retry):
                store.get(name)
    with pytest.raises(Missing):
        store.get("session.1")
