"""The adapter, around backends in this process: what it does for one that can do next to nothing, and for others."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.store_contract import StoreContract

from yester.engine.errors import Exists, Missing, Retry, YesterError
from yester.engine.limits.throttle import Pace, PacedBuffers, limited
from yester.engine.places import Places
from yester.engine.store import Readiness, Store
from yester.plugins.backends.adapted import AdaptedStore
from yester.plugins.backends.contract import Backend, BackendException, ErrorCode
from yester.plugins.backends.raw import RawHere
from yester.plugins.backends.spool import Spool
from yester.plugins.backends.validating import LOOKS_S
from yester.plugins.backends.verbs import ABSENT, Verbs

ROOM = 64 << 20


class Least(Backend):
    """Four methods, and no word about what is missing: a delete is silent, a get fails like any failure."""

    objects: dict[str, bytes]
    calls: list[str]
    threads = 4

    def _put(self, source: Path, name: str) -> None:
        self.calls.append(f"put {name}")
        self.objects[name] = source.read_bytes()

    def _get(self, name: str, target: Path) -> None:
        self.calls.append(f"get {name}")
        if name not in self.objects:
            raise BackendException("the server said 500")
        target.write_bytes(self.objects[name])

    def _list(self) -> Iterable[str]:
        self.calls.append("list")
        return list(self.objects)

    def _delete(self, name: str) -> None:
        self.calls.append(f"delete {name}")
        self.objects.pop(name, None)


Opened = Callable[..., AdaptedStore]


@pytest.fixture
def opened(home: Path) -> Iterator[Opened]:
    stores: list[AdaptedStore] = []

    def open_with(kind: type[Backend] = Least, room: int = ROOM, **there: bytes) -> AdaptedStore:
        objects, calls = dict(there), list[str]()

        def make() -> Backend:
            backend: Backend = object.__new__(kind)
            vars(backend).update(objects=objects, calls=calls)
            return backend

        store = AdaptedStore(
            Verbs(RawHere(make, "least"), "least://x"), Spool(Places.default(), room), sleep=lambda _: None
        )
        vars(store)["calls"] = calls
        vars(store)["objects"] = objects
        stores.append(store)
        return store

    yield open_with
    for store in stores:
        store.close()
    assert list((Places.default().cache / "spool").iterdir()) == []


class TestLeast(StoreContract):
    @pytest.fixture
    def store(self, opened: Opened) -> Store:
        return opened()


class Knowing(Least):
    def _query(self, name: str) -> dict[str, int | None]:
        if name not in self.objects:
            raise BackendException("404", ErrorCode.NOT_FOUND)
        return {"size": len(self.objects[name])}


class TestKnowing(StoreContract):
    @pytest.fixture
    def store(self, opened: Opened) -> Store:
        return opened(Knowing)


class ByList(Least):
    """What can only be asked of many."""

    def _query_list(self, names: list[str]) -> dict[str, dict[str, int | None]]:
        return {name: {"size": len(self.objects.get(name, b"")) if name in self.objects else -1} for name in names}

    def _delete_list(self, names: list[str]) -> None:
        self.calls.append(f"delete_list {len(names)}")
        while names:
            self.objects.pop(names.pop(), None)


class TestByList(StoreContract):
    @pytest.fixture
    def store(self, opened: Opened) -> Store:
        return opened(ByList)


def calls(store: Store) -> list[str]:
    found: list[str] = vars(store)["calls"]
    return found


def test_creating_is_emulated_and_not_called_atomic(opened: Opened) -> None:
    store = opened(Knowing)
    assert not store.capabilities.if_absent
    store.put("config", [b"x"], if_absent=True)
    with pytest.raises(Exists):
        store.put("config", [b"y"], if_absent=True)


def test_twenty_ranges_of_a_pack_fetch_it_once_from_many_threads_too(opened: Opened) -> None:
    store = opened(a=bytes(range(256)) * 1000)
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda number: store.get_range("a", number * 256, 256), range(20)))
    assert parts == [bytes(range(256))] * 20
    assert calls(store) == ["get a"]


def test_what_is_put_anew_is_read_anew(opened: Opened) -> None:
    store = opened(a=b"before")
    assert store.get_range("a", 0, 6) == b"before"
    store.put("a", [b"after!"])
    assert store.get_range("a", 0, 6) == b"after!"
    store.delete("a")
    with pytest.raises(Missing):
        store.get_range("a", 0, 1)


def test_no_more_is_kept_than_was_agreed(opened: Opened) -> None:
    store = opened(a=bytes(40 << 20), b=bytes(40 << 20))
    for name in "abb":
        store.get_range(name, 0, 1)
    assert calls(store) == ["get a", "get b"]
    store.get_range("a", 0, 1)
    assert calls(store) == ["get a", "get b", "get a"]


def test_temporary_files_are_bounded_over_all_threads(opened: Opened) -> None:
    """Nine puts of 1 MiB in a spool of 3 MiB: there are three at a time, never more, and all get through."""
    inside: set[str] = set()
    most: list[int] = []
    sizes: list[int] = []
    lock = threading.Lock()
    all_room_is_taken, looked = threading.Barrier(3), threading.Barrier(3)

    class Watching(Least):
        threads = 9

        def _put(self, source: Path, name: str) -> None:
            with lock:
                inside.add(name)
            all_room_is_taken.wait()
            # From here until all have looked no file comes, and none goes.
            with lock:
                most.append(len(inside))
            sizes.append(sum(path.stat().st_size for path in source.parents[1].glob("*/*")))
            looked.wait()
            super()._put(source, name)
            with lock:
                inside.remove(name)

    store = opened(Watching, 3 << 20)
    with ThreadPoolExecutor(9) as pool:
        list(pool.map(lambda number: store.put(f"data.{number}", [bytes(1 << 20)]), range(9)))
    assert len(list(store.list())) == 9
    assert (most, sizes) == ([3] * 9, [3 << 20] * 9)


def test_an_object_larger_than_all_room_has_it_alone(opened: Opened) -> None:
    store = opened(Least, 1 << 20)
    store.put("data.1", [bytes(2 << 20)])
    assert len(store.get("data.1")) == 2 << 20


def test_what_a_killed_yester_left_goes_with_the_next(opened: Opened) -> None:
    code = """
import os, sys, signal
from yester.engine.places import Places
from yester.plugins.backends.spool import Spool
spool = Spool(Places.default(), 1000)
with spool.file("data.1", [b"x" * 100], 100) as path:
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == -signal.SIGKILL
    above = Places.default().cache / "spool"
    assert [path.stat().st_size for path in above.glob("*/*/*")] == [100]
    opened()
    assert list(above.glob("*/*/*")) == []
    assert len(list(above.iterdir())) == 1


def test_files_of_a_living_yester_stay(home: Path) -> None:
    first = Spool(Places.default(), 1000)
    with first.file("data.1", [b"x"], 1) as path:
        Spool(Places.default(), 1000).close()
        assert path.read_bytes() == b"x"
    first.close()


def test_no_room_for_temporary_files_is_no_failure_of_the_store(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()

    def full(path: Path, mode: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(YesterError, match="temporary files: No space left") as caught:
        store.put("config", [b"x"])
    assert caught.value.hint


def test_names_that_are_none_of_ours_are_left_out(opened: Opened) -> None:
    class Crowded(Least):
        def _list(self) -> Iterable[Any]:
            return ["README", b"caf\xe9", "a/b", "", "ü", b"data.1", "data.1", "x" * 81, "two\nlines"]

    assert list(opened(Crowded).list()) == ["data.1"]


def test_a_move_falls_back_on_a_put(opened: Opened, tmp_path: Path) -> None:
    class Unmoved(Least):
        def _move(self, source: Path, name: str) -> bool:
            return False

    class Moved(Least):
        def _move(self, source: Path, name: str) -> None:
            self.objects[name] = source.read_bytes()
            source.unlink()

    for kind, put in ((Least, ["put a"]), (Unmoved, ["put a"]), (Moved, [])):
        store = opened(kind)
        (tmp_path / "file").write_bytes(b"x")
        store._verbs.move(tmp_path / "file", "a", 1)
        assert calls(store) == put
        assert vars(store)["objects"] == {"a": b"x"}
        assert not (tmp_path / "file").exists()


def test_many_are_deleted_by_hundreds_or_one_by_one(opened: Opened) -> None:
    names = [f"data.{number}" for number in range(250)]
    store = opened(ByList, **dict.fromkeys(names, b"x"))
    store.delete_list([*names, "data.none"])
    assert calls(store) == ["delete_list 100", "delete_list 100", "delete_list 51"]
    other = opened(Least, **dict.fromkeys(names[:3], b"x"))
    other.delete_list([*names[:3], "data.none"])
    assert [call for call in calls(other) if call.startswith("delete")] == [
        *(f"delete {name}" for name in names[:3]),
        "delete data.none",
    ]


@pytest.mark.parametrize("kind", [Least, Knowing, ByList])
def test_sizes_are_told_of_those_that_were_asked_for(opened: Opened, kind: type[Backend]) -> None:
    store = opened(kind, a=b"xyz", b=b"")
    unknown = kind is Least
    assert store._verbs.query_list(["a", "none"]) == {"a": None if unknown else 3, "none": None if unknown else ABSENT}
    assert store.query("a") == 3
    with pytest.raises(Missing):
        store.query("none")


def test_a_size_that_the_backend_does_not_know_passes(opened: Opened) -> None:
    class Vague(Least):
        def _query(self, name: str) -> dict[str, int | None]:
            return {"size": None}

    store = opened(Vague)
    store.put("a", [b"x"])
    assert store.query("a") == 1


def test_the_backends_own_look_at_an_object_counts(opened: Opened) -> None:
    class Strict(Knowing):
        def _validate(self, name: str, size: int, source: Path) -> tuple[bool, str]:
            return self.objects[name] == b"right" and source.read_bytes() == b"right" and size == 5, "it is not right"

    store = opened(Strict)
    store.put("a", [b"right"])
    with pytest.raises(Retry, match="it is not right"):
        store.put("a", [b"wrong"])


def test_a_service_that_shows_objects_late_is_waited_for(opened: Opened) -> None:
    class Late(Knowing):
        def _query(self, name: str) -> dict[str, int | None]:
            self.calls.append("query")
            return super()._query(name) if self.calls.count("query") == len(LOOKS_S) else {"size": -1}

    store = opened(Late)
    store.put("a", [b"x"])
    assert calls(store).count("put a") == 1


def test_what_comes_in_part_is_asked_for_again(opened: Opened) -> None:
    class Torn(Knowing):
        def _get(self, name: str, target: Path) -> None:
            target.write_bytes(self.objects[name][:-1])

    store = opened(Torn)
    store.put("a", [b"hello"])
    with pytest.raises(Retry, match="4 of 5 bytes"):
        store.get("a")


def test_a_get_that_makes_no_file_is_no_object(opened: Opened) -> None:
    class Empty(Least):
        def _get(self, name: str, target: Path) -> None:
            return

    with pytest.raises(Retry, match="no file"):
        opened(Empty, a=b"x").get("a")


def test_cold_objects_are_made_readable_beside_all_else(opened: Opened) -> None:
    thaw = threading.Event()

    class Cold(Least):
        def pre_process_download_batch(self, names: list[str]) -> None:
            self.calls.append(f"thaw {' '.join(names)}")
            thaw.wait()

    store = opened(Cold, a=b"x", b=b"y")
    assert store.capabilities.tier
    assert store.prepare(["a", "b"]) == {"a": Readiness.PENDING, "b": Readiness.PENDING}
    assert store.prepare(["a"]) == {"a": Readiness.PENDING}
    assert store.get("b") == b"y"
    thaw.set()
    while store.prepare(["a"])["a"] is Readiness.PENDING:
        assert calls(store).count("thaw a b") <= 1
    assert store.prepare(["a", "b"]) == {"a": Readiness.READY, "b": Readiness.READY}
    assert calls(store).count("thaw a b") == 1


def test_what_cannot_be_made_readable_is_said_and_asked_for_again(opened: Opened) -> None:
    class Frozen(Least):
        def pre_process_download(self, name: str) -> None:
            self.calls.append(f"thaw {name}")
            if name == "a":
                raise BackendException("no such shelf")

    store = opened(Frozen, a=b"x", b=b"y")

    def settled() -> dict[str, Readiness]:
        asked = 0
        while True:
            found = dict(store.prepare(["a", "b"]))
            asked += 1
            if Readiness.PENDING not in found.values():
                return found

    assert settled() == {"a": Readiness.FAILED, "b": Readiness.READY}
    while calls(store).count("thaw a") < 2:
        store.prepare(["a"])


def test_a_pace_is_paid_for_once(opened: Opened) -> None:
    """Buffers that become there at a pace are taken once, and the file holds all of them."""
    taken: list[int] = []

    class Counting(PacedBuffers):
        def __getitem__(self, index: Any) -> Any:
            taken.append(index)
            return super().__getitem__(index)

    store = opened()
    paced = limited(store, 1 << 30, None)
    paced.put("a", [bytes(1 << 20)])
    assert len(store.get("a")) == 1 << 20
    counting = Counting([b"x" * 10, b"y" * 10], Pace(1 << 30))
    store.put("b", counting)
    assert taken == sorted(set(taken))


def test_os_errors_say_what_they_mean(opened: Opened) -> None:
    class Real(Least):
        def _get(self, name: str, target: Path) -> None:
            os.stat("/nowhere/at/all")

    with pytest.raises(Missing):
        opened(Real).get("a")
