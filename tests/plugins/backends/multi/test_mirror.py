"""Mirrors: every object in every store, whatever befalls one of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from tests.backend_contract import BackendContract
from tests.living import wait_for
from tests.plugins.backends.multi.conftest import Make, listing

from yester.engine.errors import Broken, Denied, Exists, Missing, Retry, StoreError
from yester.engine.store import Store, let_go
from yester.plugins.backends.multi.description import OnFail
from yester.plugins.backends.multi.member import Member
from yester.plugins.backends.multi.mirror import MirrorStore
from yester.plugins.backends.registry import open_store

CONTENT = os.urandom(1000)
NAME = f"data.{blake3(CONTENT).hexdigest()}"


class TestMirrorStore(BackendContract):
    MANY = 100

    @pytest.fixture
    def store(self, home: Path, tmp_path: Path) -> Iterator[Store]:
        file = listing(tmp_path / "stores.json", *(f"{tmp_path.as_uri()}/{name}" for name in ("one", "two")))
        opened = open_store(f"multi://{file}?mode=mirror&onfail=abort", create=True)
        yield opened
        opened.close()


def test_every_store_has_every_object(make: Make) -> None:
    three = make(3)
    store = three.mirror()
    store.put(NAME, [CONTENT])
    assert [each.read(NAME) for each in three.stores] == [CONTENT] * 3
    store.delete(NAME)
    assert not any(each.has(NAME) for each in three.stores)
    with pytest.raises(Missing):
        store.delete(NAME)


@pytest.mark.usefixtures("never_again")
@pytest.mark.parametrize("away", [0, 1])
def test_one_may_be_away_and_that_is_said_once(make: Make, away: int, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.mirror()
    store.put("snap.1", [b"before"])
    two.stores[away].is_away = True
    store.put("snap.2", [b"x"])
    store.put("snap.3", [b"y"])
    assert store.get("snap.1") == b"before"
    assert store.get_range("snap.3", 0, 1) == b"y"
    assert store.query("snap.2") == 1
    assert sorted(store.list("snap.")) == ["snap.1", "snap.2", "snap.3"]
    with pytest.raises(Exists):
        store.put("snap.2", [b"z"], if_absent=True)
    with pytest.raises(Retry):
        store.put("snap.4", [b"z"], if_absent=True)
    assert caplog.text.count(f"store-{away} does not answer") == 1
    store.close()
    assert f"store-{away} lacks what was stored now (2)" in caplog.text


@pytest.mark.usefixtures("never_again")
def test_one_may_be_away_from_the_first(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    two.stores[0].is_away = True
    store = two.mirror()
    store.put(NAME, [CONTENT])
    assert store.get(NAME) == CONTENT
    assert "store-0 does not answer" in caplog.text


@pytest.mark.usefixtures("never_again")
def test_with_abort_none_may(make: Make) -> None:
    two = make(2)
    store = two.mirror(OnFail.ABORT)
    store.put(NAME, [CONTENT])
    two.stores[1].is_away = True
    with pytest.raises(Retry):
        store.put("snap.1", [b"x"])
    assert store.get(NAME) == CONTENT


@pytest.mark.usefixtures("never_again")
def test_all_away_is_a_failure(make: Make) -> None:
    two = make(2)
    store = two.mirror()
    for each in two.stores:
        each.is_away = True
    for ask in (store.get, store.query, store.delete, store.list, lambda name: store.put(name, [b"x"])):
        with pytest.raises(Retry):
            ask("snap.1")
    with pytest.raises(Retry):
        store.prepare(["snap.1"])


@pytest.mark.usefixtures("never_again")
def test_nothing_is_missing_while_one_that_may_have_it_is_away(make: Make) -> None:
    two = make(2)
    store = two.mirror()
    two.stores[0].is_away = True
    for name in (NAME, "config"):
        with pytest.raises(Retry, match="one store does not answer"):
            store.get(name)
    with pytest.raises(Missing):
        store.query("session.1.0")


@pytest.mark.usefixtures("never_again")
def test_what_would_come_back_is_not_deleted_while_one_is_away(make: Make) -> None:
    two = make(2)
    store = two.mirror()
    for name in (NAME, "session.1.0", "snap.1"):
        store.put(name, [CONTENT])
    two.stores[1].is_away = True
    with pytest.raises(Missing):
        store.query("mark.1")
    with pytest.raises(Retry, match="is not deleted while one store does not answer"):
        store.delete(NAME)
    assert two.stores[0].has(NAME)
    store.delete("session.1.0")
    store.delete("snap.1")
    assert not two.stores[0].has("session.1.0")


@pytest.mark.usefixtures("soon_again")
def test_what_is_back_gets_what_it_missed(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.mirror()
    two.stores[1].is_away = True
    store.put(NAME, [CONTENT])
    assert not two.stores[1].has(NAME)
    two.stores[1].is_away = False
    wait_for(lambda: "store-1 answers again" in caplog.text)
    assert two.stores[1].read(NAME) == CONTENT
    store.put("snap.1", [b"x"])
    assert two.stores[1].has("snap.1")
    store.close()
    assert "lacks" not in caplog.text


@pytest.mark.usefixtures("soon_again")
def test_who_has_not_seen_all_deletes_nothing_either(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.mirror()
    store.put(NAME, [CONTENT])
    two.stores[1].write("snap.1", b"needs that")
    two.stores[1].is_away = True
    assert list(store.list("snap.")) == []
    two.stores[1].is_away = False
    wait_for(lambda: "store-1 answers again" in caplog.text)
    with pytest.raises(Broken, match="store-1 was away meanwhile"):
        store.delete(NAME)
    assert all(each.has(NAME) for each in two.stores)
    store.delete("snap.1")


@pytest.mark.usefixtures("soon_again")
def test_what_comes_back_as_another_stays_away(make: Make) -> None:
    two = make(2)
    store = two.mirror()
    asked = []

    def check(opened: Store) -> None:
        asked.append(opened)
        raise Denied("another repository")

    two.members[1].check = check
    two.stores[1].is_away = True
    store.put(NAME, [CONTENT])
    two.stores[1].is_away = False
    wait_for(lambda: len(asked) > 2)
    assert two.members[1].is_away()
    assert not two.stores[1].has(NAME)


def test_one_that_is_full_is_still_read_and_deleted_from(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.mirror()
    store.put("snap.1", [b"x"])
    two.stores[0].is_full = True
    store.put("snap.2", [b"y"])
    store.put("snap.3", [b"y"])
    assert store.get("snap.2") == b"y"
    store.delete("snap.1")
    assert not two.stores[0].has("snap.1")
    assert caplog.text.count("store-0 does not take what is stored") == 1


# Damage


def test_a_damaged_copy_is_mended_from_another(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.mirror()
    store.put(NAME, [CONTENT])
    two.stores[0].write(NAME, CONTENT[:-1] + b"?")
    assert store.get(NAME) == CONTENT
    assert two.stores[0].read(NAME) == CONTENT
    assert "store-0 was damaged, and is mended" in caplog.text


def test_so_it_is_when_only_the_reader_knows(make: Make) -> None:
    two = make(2)
    store = two.mirror()
    store.put(NAME, [CONTENT])
    assert not let_go(store, NAME)
    two.stores[0].write(NAME, b"?" + CONTENT[1:])
    assert store.get_range(NAME, 0, 1) == b"?"
    assert let_go(store, NAME)
    assert store.get_range(NAME, 0, 1) == CONTENT[:1]


def test_a_copy_that_ends_too_early_is_mended_when_its_end_is_read(make: Make) -> None:
    two = make(2)
    store = two.mirror()
    store.put(NAME, [CONTENT])
    two.stores[0].write(NAME, CONTENT[:500])
    assert store.get_range(NAME, 900, 100) == CONTENT[900:]
    assert two.stores[0].read(NAME) == CONTENT


def test_of_what_no_name_proves_another_copy_is_read(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.mirror()
    store.put("session.1.0", [b"right"])
    two.stores[0].write("session.1.0", b"wrong")
    assert store.get("session.1.0") == b"wrong"
    assert let_go(store, "session.1.0")
    assert store.get("session.1.0") == b"right"
    assert "session.1.0 in store-0 is damaged" in caplog.text


def test_all_copies_are_compared_where_that_is_said(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    store = two.mirror(compares=True)
    for name in (NAME, "session.1.0"):
        store.put(name, [CONTENT])
        two.stores[1].write(name, b"rotten")
        assert store.get(name) == CONTENT
    assert two.stores[1].read(NAME) == CONTENT
    assert two.stores[1].read("session.1.0") == b"rotten"
    assert "session.1.0 in store-1 differs" in caplog.text


def test_damage_in_all_copies_is_left_to_the_reader(make: Make) -> None:
    two = make(2)
    store = two.mirror()
    for each in two.stores:
        each.write(NAME, b"rotten")
    assert store.get(NAME) == b"rotten"
    assert not let_go(store, NAME)


# Becoming the same again


def test_a_store_that_lacks_something_is_noticed_and_gets_it(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    two = make(2)
    two.stores[0].write("snap.1", b"x")
    two.stores[0].write(NAME, CONTENT)
    two.stores[1].write("snap.2", b"y")
    store = two.mirror()
    for _ in range(2):
        assert sorted(store.list("snap.")) == ["snap.1", "snap.2"]
    assert caplog.text.count("store-0 lacks what") == caplog.text.count("store-1 lacks what") == 1
    assert (store.get("snap.1"), store.get("snap.2")) == (b"x", b"y")
    store.tidy()
    for each in two.stores:
        assert sorted(each.list()) == sorted(["snap.1", "snap.2", NAME])
    assert "store-1 lacked objects, and has them now: 2" in caplog.text


def test_a_damaged_object_is_not_copied(make: Make) -> None:
    two = make(2)
    two.stores[0].write(NAME, b"rotten")
    two.mirror().tidy()
    assert not two.stores[1].has(NAME)


def test_prefixes_say_where_objects_go(make: Make) -> None:
    two = make(3)
    two.members[1] = Member("store-1", ("data.",), two.stores[1].opened)
    store = two.mirror()
    store.put(NAME, [CONTENT])
    store.put("snap.1", [b"x"])
    store.put("config", [b"x"], if_absent=True)
    assert [sorted(each.list()) for each in two.stores] == [
        ["config", "snap.1"],
        ["config", NAME],
        ["config", "snap.1"],
    ]
    assert store.get(NAME) == CONTENT
    store.tidy()
    assert not two.stores[0].has(NAME)
    store.delete(NAME)
    assert not two.stores[1].has(NAME)


# What it says of itself


def test_creating_is_atomic_only_where_the_first_must_answer(make: Make) -> None:
    assert not make(2).mirror().capabilities.if_absent
    assert make(2).mirror(OnFail.ABORT).capabilities.if_absent


def test_failures_that_are_no_failures_of_stores_are_passed_on(make: Make) -> None:
    two = make(2)
    store: MirrorStore = two.mirror()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    two.stores[1].put = fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        store.put("snap.1", [b"x"])
    with pytest.raises(StoreError):
        store.get("snap.2")
