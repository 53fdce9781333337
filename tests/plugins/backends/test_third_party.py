"""Backends in workers, by the one road that there is: a file in the folder of plugins."""

import os
import re
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.backend_contract import ForeignContract
from tests.store_contract import StoreContract

from yester.engine.errors import (
    Broken,
    Denied,
    Missing,
    Overloaded,
    RepositoryError,
    Retry,
    StoreError,
    UsageError,
)
from yester.engine.places import Places
from yester.engine.store import Store
from yester.plugins.backends import third_party, tries
from yester.plugins.backends.registry import open_store
from yester.plugins.backends.retrying import Patience
from yester.plugins.backends.verbs import Times
from yester.plugins.found import folder_of

PAGE = Path(__file__).parents[3] / "docs" / "backends.md"
REGISTERS = "from yester.plugins.backends.registering import register_backend\nregister_backend"
FAILING = Path(__file__).with_name("failing.py")


def installed(text: str, name: str) -> Path:
    """Put a backend into the folder of plugins."""
    folder = folder_of(Places.default(), "backends")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(text)
    path.chmod(0o600)
    return path


def example() -> str:
    """The complete example of the docs."""
    found = re.search(r"```python\n(\"\"\"Keep objects on a shelf.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


class TestTheExample(StoreContract):
    @pytest.fixture
    def store(self, home: Path, tmp_path: Path) -> Iterator[Store]:
        installed(example(), "shelf")
        opened = open_store(f"shelf://{tmp_path}/shelf", create=True)
        yield opened
        opened.close()

    def test_foreign_files_are_no_objects(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "shelf" / "README.txt").write_text("not ours")
        (tmp_path / "shelf" / "für dich").write_text("not ours")
        store.put("config", [b"x"])
        assert list(store.list()) == ["config"]


@pytest.mark.servers
class TestTheExampleWhole(ForeignContract):
    CANNOT = frozenset({"only parts"})
    BY_CHANCE = frozenset({"one creator"})
    LACKS = frozenset({"_delete_list", "_move", "_query_list", "_validate"})
    MANY = 100

    @pytest.fixture
    def store(self, home: Path, tmp_path: Path) -> Iterator[Store]:
        installed(example(), "shelf")
        opened = open_store(f"shelf://{tmp_path}/shelf", create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, store: Store, tmp_path: Path) -> Iterator[Store]:
        opened = open_store(f"shelf://{tmp_path}/shelf")
        yield opened
        opened.close()


class Rig:
    """The failing backend, in a worker, with pauses that are counted."""

    def __init__(self, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
        installed(FAILING.read_text(), "fails")
        self.folder, self._orders = tmp_path / "far", tmp_path / "orders"
        self.folder.mkdir()
        self._orders.mkdir()
        self.pauses: list[float] = []
        self._number = 0
        patch.setattr(third_party, "patience_of", lambda options: tries.patience_of(options, sleep=self.pauses.append))
        self._stores: list[Store] = []

    def order(self, method: str, *whats: str) -> None:
        for what in whats:
            self._number += 1
            (self._orders / f"{method}-{self._number:03}").write_text(what)

    def open(self) -> Store:
        store = open_store(f"fails://{self.folder}")
        self._stores.append(store)
        return store

    @property
    def ordered(self) -> bool:
        """Whether there are orders that no call has met yet."""
        return any(self._orders.iterdir())

    @property
    def calls(self) -> list[str]:
        return (self.folder.with_name("calls")).read_text().splitlines()

    def close(self) -> None:
        for store in self._stores:
            store.close()


@pytest.fixture
def rig(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    rig = Rig(tmp_path, monkeypatch)
    yield rig
    rig.close()


def children() -> set[str]:
    me = str(os.getpid())
    found = set()
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == me and fields[0] != "Z":
            found.add(pid)
    return found


def test_it_runs_in_a_process_of_its_own_that_ends_with_the_store(rig: Rig) -> None:
    before = children()
    store = rig.open()
    assert len(children() - before) == 1
    store.put("config", [b"x"])
    store.close()
    assert children() <= before
    assert rig.calls[-1] == "close"


@pytest.mark.parametrize("how", ["die", "exit"])
def test_a_worker_that_dies_is_started_anew_and_the_call_is_made_again(rig: Rig, how: str) -> None:
    store = rig.open()
    rig.order("put", how, how)
    store.put("config", [b"hello"])
    assert store.get("config") == b"hello"
    assert rig.calls.count("init") == (3 if how == "die" else 1)
    assert rig.pauses == [1, 2]


def test_a_worker_that_dies_each_time_is_a_retry_that_names_the_backend(rig: Rig) -> None:
    store = rig.open()
    rig.order("get", *["die"] * 6)
    (rig.folder / "config").write_bytes(b"x")
    with pytest.raises(Retry, match=r"fails: .*config.*SIGKILL") as caught:
        store.get("config")
    assert caught.value.name == "config"
    assert rig.pauses == [1, 2, 4, 8, 16]


@pytest.mark.timeout(30)
def test_a_worker_that_dies_as_it_is_started_anew_is_started_once_more(rig: Rig) -> None:
    store = rig.open()
    rig.order("put", "die")
    rig.order("init", "die")
    store.put("config", [b"hello"])
    assert rig.calls.count("init") == 3
    assert rig.pauses == [1]


def test_a_call_that_hangs_is_ended_after_its_time(home: Path, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_FAILS_TIMEOUT", "1")
    monkeypatch.setenv("YESTER_FAILS_TRIES", "1")
    store = rig.open()
    (rig.folder / "config").write_bytes(b"x")
    rig.order("query", "hang")
    with pytest.raises(Retry, match="took longer than 1 s"):
        store.query("config")
    vars(vars(vars(store)["_store"])["_verbs"])["_times"] = Times()  # a second may be short for an honest call
    assert store.query("config") == 1


def test_three_calls_run_at_once_where_the_backend_says_so(rig: Rig) -> None:
    """Three hang; a fourth waits. All four end when the worker is killed, and are made again."""
    store = rig.open()
    for name in "abcd":
        (rig.folder / name).write_bytes(b"x")
    rig.order("get", "hang", "hang", "hang")
    got: dict[str, bytes] = {}
    threads = [threading.Thread(target=lambda name=name: got.update({name: store.get(name)})) for name in "abcd"]
    for thread in threads:
        thread.start()
    while rig.ordered:
        assert all(thread.is_alive() for thread in threads)
    assert sum(call.startswith("get") for call in rig.calls) == 3
    os.kill(int(rig.folder.with_name("pid").read_text()), signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert got == dict.fromkeys("abcd", b"x")


def test_a_failure_is_tried_again_after_pauses_with_a_cleanup_between(rig: Rig) -> None:
    store = rig.open()
    rig.order("put", "oops", "oops")
    store.put("config", [b"x"])
    assert rig.pauses == [1, 2]
    assert rig.calls[1:] == ["put config", "cleanup", "put config", "cleanup", "put config"]


def test_an_overloaded_service_is_left_alone_three_times_as_long(rig: Rig) -> None:
    store = rig.open()
    rig.order("put", "load", "oops", "load")
    store.put("config", [b"x"])
    assert rig.pauses == [3, 2, 12]


def test_a_delay_of_ones_own_is_the_same_each_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_FAILS_TRIES", "5")
    monkeypatch.setenv("YESTER_FAILS_RETRY_DELAY", "30")
    store = rig.open()
    rig.order("put", *["oops"] * 4, "load", "oops")
    with pytest.raises(Overloaded, match="slow down"):
        store.put("config", [b"x"])
    assert rig.pauses == [30, 30, 30, 30]
    assert rig.calls[-1] == "put config"


@pytest.mark.parametrize(
    ("order", "hint"),
    [("oops", "Check the address"), ("die", "Check the address"), ("denied", "Check the credentials")],
)
def test_a_service_that_is_not_reached_is_a_repository_that_cannot_be_opened(rig: Rig, order: str, hint: str) -> None:
    rig.order("init", order)
    with pytest.raises(RepositoryError, match="could not open fails://") as caught:
        rig.open()
    assert caught.value.hint.startswith(hint)
    rig.open()


@pytest.mark.parametrize(("order", "kind"), [("fatal", Broken), ("denied", Denied)])
def test_what_is_for_good_fails_at_once(rig: Rig, order: str, kind: type[StoreError]) -> None:
    store = rig.open()
    rig.order("put", order)
    with pytest.raises(kind) as caught:
        store.put("config", [b"x"])
    assert "fails: config in fails://" in str(caught.value)
    assert rig.pauses == []


def test_a_missing_object_is_missing_also_when_the_backend_cannot_tell(rig: Rig) -> None:
    store = rig.open()
    with pytest.raises(Missing):
        store.get("config")
    assert rig.pauses == []


def test_a_put_that_came_out_short_is_put_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.plugins.backends.validating.LOOKS_S", (0.0,))
    store = rig.open()
    rig.order("put", "short")
    store.put("config", [b"hello"])
    assert store.get("config") == b"hello"
    assert rig.calls.count("put config") == 2


def test_no_error_repeats_a_secret(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_FAILS_TOKEN", "hunter2")
    monkeypatch.setenv("YESTER_FAILS_TRIES", "1")
    store = rig.open()
    rig.order("put", "shout")
    with pytest.raises(Retry, match=r"401 for \*\*\*"):
        store.put("config", [b"x"])
    rig.order("get", "die")
    (rig.folder / "config").write_bytes(b"x")
    with pytest.raises(Retry, match=r"the token is \*\*\*"):
        store.get("config")


def test_nor_does_one_of_a_backend_that_fails_as_it_is_made(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_FAILS_TOKEN", "hunter2")
    for order in ("shout", "shout and die"):
        rig.order("init", order)
        with pytest.raises(RepositoryError, match=r"\*\*\*") as caught:
            rig.open()
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import nothing_like_this", "nothing_like_this"),
        ("x = 1", "none"),
        (
            "from yester.plugins.backends.contract import Backend as X\nclass B(X): ...",
            r"B: it has no _put: def _put\(",
        ),
        (
            FAILING.read_text().replace("def _delete(self, name: str)", "def _delete(self)"),
            r"Fails: _delete\(self\).* must be: def _delete\(self, name: str\)",
        ),
        (
            FAILING.read_text().replace("def _retry_cleanup(self)", "def _retry_cleanup(self, x)"),
            r"Fails: _retry_cleanup\(self, x\).* must be: def _retry_cleanup\(self\)",
        ),
        (FAILING.read_text().replace("threads = 3", "threads = 0"), "threads"),
        (f"{FAILING.read_text()}\n{REGISTERS}('other', Fails)", "No backend"),
    ],
)
def test_a_backend_that_cannot_be_used_says_why(home: Path, tmp_path: Path, text: str, problem: str) -> None:
    installed(text, "fails")
    with pytest.raises(UsageError, match=problem):
        open_store(f"fails://{tmp_path}/x")


def test_what_others_could_have_written_is_refused(home: Path, tmp_path: Path) -> None:
    installed(example(), "shelf").chmod(0o666)
    with pytest.raises(UsageError, match="refused"):
        open_store(f"shelf://{tmp_path}/x")


def test_a_backend_can_be_switched_off(home: Path, tmp_path: Path) -> None:
    installed(example(), "shelf")
    path = Places.default().config / "plugins.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('disabled = ["shelf"]\n')
    with pytest.raises(UsageError, match="not enabled") as caught:
        open_store(f"shelf://{tmp_path}/x")
    assert caught.value.hint == "To enable it: yester plugin enable shelf"


def test_a_wrong_option_is_refused(home: Path, tmp_path: Path) -> None:
    installed(example(), "shelf")
    with pytest.raises(UsageError, match="slakc"):
        open_store(f"shelf://{tmp_path}/x", stated={"shelf": {"slakc": 1}})
    with pytest.raises(UsageError, match="tries"):
        open_store(f"shelf://{tmp_path}/x", stated={"shelf": {"tries": "many"}})
    open_store(f"shelf://{tmp_path}/x", stated={"shelf": {"slack": "1K", "tries": 2}}).close()


def test_a_package_brings_one_that_is_off_until_enabled(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "far_shelf-1.0.dist-info").mkdir(parents=True)
    (site / "far_shelf-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: far-shelf\nVersion: 1.0\n")
    (site / "far_shelf-1.0.dist-info" / "entry_points.txt").write_text("[yester.backends]\nfar = far_shelf:Shelf\n")
    (site / "far_shelf.py").write_text(example())
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", f"{site}:{os.environ.get('PYTHONPATH', '')}")
    url = f"far://{tmp_path}/far"
    with pytest.raises(UsageError, match="not enabled"):
        open_store(url, create=True)
    path = Places.default().config / "plugins.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('enabled = ["far"]\n')
    store = open_store(url, create=True)
    store.put("config", [b"x"])
    assert list(store.list()) == ["config"]
    store.close()
    shutil.rmtree(site)


def test_pauses_are_the_stores_that_were_agreed() -> None:
    assert Patience(6).delay_s(5) == 16
    assert Patience().delay_s(1, Overloaded("x", after_s=100)) == 100
