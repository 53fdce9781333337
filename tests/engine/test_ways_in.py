"""Ways into a repository: never fewer than before a change, never a whole new key for an old passphrase."""

from pathlib import Path

import pytest

from yester.engine.errors import RepositoryError, UsageError, YesterError
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.keyslots import SlotKind, parse_recovery_key
from yester.engine.sealed.records import Label
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.store import Store
from yester.engine.ways_in import (
    NewWay,
    add_recovery,
    add_way,
    lost_by_rotation,
    opened_by,
    remove_way,
    replace_way,
    rotate,
    way_meant,
    ways_in,
)
from yester.plugins.backends.memory import MemoryStore


def passphrase(secret: bytes, label: str = "") -> NewWay:
    return NewWay(SlotKind.PASSPHRASE, secret, label)


def opened(store: Store, secret: bytes, places: Places) -> Repository:
    repository = Repository.open(store, lambda: secret, places=places)
    repository.unlock()
    return repository


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path / "mine")


@pytest.fixture
def store(places: Places) -> MemoryStore:
    store = MemoryStore()
    Repository.create(store, b"one", places=places, label="first")
    return store


def test_what_is_listed(store: MemoryStore, places: Places) -> None:
    repository = opened(store, b"one", places)
    added = add_way(repository, passphrase(b"two", "second"))
    assert [(way.label, way.kind, way.in_use, way.opens_all) for way in ways_in(repository)] == [
        ("first", "passphrase", True, True),
        ("second", "passphrase", False, True),
    ]
    assert [way.label for way in ways_in(opened(store, b"two", places)) if way.in_use] == ["second"]
    assert opened_by(repository, b"two") == added
    assert opened_by(repository, b"three") is None


def test_a_broken_slot_is_listed_and_counts_as_no_way_in(store: MemoryStore, places: Places) -> None:
    repository = opened(store, b"one", places)
    store.put("key." + "0" * 64, [b"yesterday's noise"])
    broken, whole = sorted(ways_in(repository), key=lambda way: way.name.startswith("key.000") is False)
    assert broken.problem and not broken.opens_all
    with pytest.raises(UsageError, match="the last key"):
        remove_way(repository, whole)
    remove_way(repository, broken)


def test_a_way_is_meant_by_the_beginning_of_its_id_or_its_label(store: MemoryStore, places: Places) -> None:
    repository = opened(store, b"one", places)
    add_way(repository, passphrase(b"two", "same"))
    add_way(repository, passphrase(b"three", "same"))
    ways = ways_in(repository)
    assert way_meant(ways, ways[0].id) == way_meant(ways, ways[0].id.upper()) == way_meant(ways, "first") == ways[0]
    for wrong in ("same", "none", "", "key"):
        with pytest.raises(UsageError):
            way_meant(ways, wrong)


def test_the_same_passphrase_is_not_added_twice(store: MemoryStore, places: Places) -> None:
    with pytest.raises(UsageError, match="already"):
        add_way(opened(store, b"one", places), passphrase(b"one"))
    with pytest.raises(UsageError, match="empty"):
        add_way(opened(store, b"one", places), passphrase(b""))


def test_a_removed_passphrase_opens_no_more(store: MemoryStore, places: Places) -> None:
    repository = opened(store, b"one", places)
    second = add_way(repository, passphrase(b"two"))
    remove_way(repository, second)
    remove_way(repository, second)
    with pytest.raises(RepositoryError, match="Wrong passphrase"):
        opened(store, b"two", places)


def test_a_change_puts_the_new_before_it_takes_the_old(store: MemoryStore, places: Places) -> None:
    repository = opened(store, b"one", places)
    [old] = ways_in(repository)

    class Failing(MemoryStore):
        def delete(self, name: str) -> None:
            raise YesterError("power cut")

    failing = Failing()
    for name in store.list():
        failing.put(name, [store.get(name)])
    with pytest.raises(YesterError, match="power cut"):
        replace_way(opened(failing, b"one", places), old, passphrase(b"two"))
    for secret in (b"one", b"two"):
        opened(failing, secret, places)
    new = replace_way(repository, old, passphrase(b"two", old.label))
    assert ways_in(repository) == [new] and new.label == "first"


def test_a_recovery_key_opens(store: MemoryStore, places: Places) -> None:
    key, _ = add_recovery(opened(store, b"one", places))
    opened(store, key.lower().encode(), places)


def test_after_a_rotation_the_old_key_opens_the_old_and_never_the_new(
    store: MemoryStore, places: Places, tmp_path: Path
) -> None:
    repository = opened(store, b"one", places)
    gone = add_way(repository, passphrase(b"two"))
    kept = store.get(gone.name)
    put(repository)
    ways = ways_in(repository)
    assert lost_by_rotation(ways, [ways[0].name]) == [gone]
    recovery = rotate(repository, [passphrase(b"one", "first")])
    after = opened(store, b"one", places)
    assert after.keys.epoch == 2
    later = put(after)
    assert opened(store, recovery.encode(), places).keys.epoch == 2
    assert {way.epoch for way in ways_in(after)} == {2} and len(ways_in(after)) == 2
    with pytest.raises(RepositoryError, match="Wrong passphrase"):
        opened(store, b"two", places)
    # Who was locked out has kept his slot: what was sealed before opens, what came after does not.
    store.put(gone.name, [kept])
    theirs = opened(store, b"two", Places.under(tmp_path / "theirs"))
    theirs.labels()
    assert [name.removeprefix("label.") for name in theirs.damaged] == [later.hex()]
    assert "epoch 2" in str(theirs.damaged[f"label.{later.hex()}"])


def put(repository: Repository) -> bytes:
    """Store a label; return the digest that names it."""
    return repository.put_record(ObjectKind.LABEL, Label(snapshot=bytes(32), counter=1, writer=repository.writer))


def test_a_rotation_that_was_broken_off_leaves_a_way_to_the_newest(store: MemoryStore, places: Places) -> None:
    old = {name: store.get(name) for name in store.list("key.")}
    rotate(opened(store, b"one", places), [passphrase(b"one")])
    for name, data in old.items():
        store.put(name, [data])
    assert opened(store, b"one", places).keys.epoch == 2


def test_a_client_that_knew_the_new_key_refuses_an_old_slot_put_back(store: MemoryStore, places: Places) -> None:
    """Else whoever was locked out could read what it writes."""
    old = {name: store.get(name) for name in store.list("key.")}
    rotate(opened(store, b"one", places), [passphrase(b"one")])
    opened(store, b"one", places)
    for name in list(store.list("key.")):
        store.delete(name)
    for name, data in old.items():
        store.put(name, [data])
    with pytest.raises(RepositoryError, match="an old key slot was put back"):
        opened(store, b"one", places)


def test_rotations_add_up(store: MemoryStore, places: Places) -> None:
    repository = opened(store, b"one", places)
    put(repository)
    for _ in range(3):
        recovery = rotate(opened(store, b"one", places), [passphrase(b"one")])
    repository = opened(store, b"one", places)
    assert [number for number, _ in repository.master.epochs] == [1, 2, 3, 4]
    assert len(set(dict(repository.master.epochs).values())) == 4
    assert not repository.labels().keys() - {bytes(32)} and not repository.damaged
    assert parse_recovery_key(recovery)
