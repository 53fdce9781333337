"""A backend that has every method and does each right; and one for each way to do it wrong."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from yester.engine.store import Store
from yester.plugins.backends.adapted import AdaptedStore
from yester.plugins.backends.codes import ErrorCode
from yester.plugins.backends.contract import Backend, BackendException
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.proving.by_method import raw_of
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.outcome import Verdict
from yester.plugins.backends.proving.suite import CHECKS, METHODS, Check, checks_for, outcome
from yester.plugins.backends.proving.trial import Trial
from yester.plugins.backends.raw import RawHere
from yester.plugins.backends.retrying import RetryingStore
from yester.plugins.backends.spool import Spool
from yester.plugins.backends.verbs import Verbs

NAMES = Names.new(0x6920_0000, b"abc")


class Right(Backend):
    """Every method, in memory."""

    def __init__(self) -> None:
        self.there: dict[str, bytes] = {}

    def _put(self, source: Path, name: str) -> None:
        self.there[name] = source.read_bytes()

    def _get(self, name: str, target: Path) -> None:
        if name not in self.there:
            raise BackendException("there is none", ErrorCode.NOT_FOUND)
        target.write_bytes(self.there[name])

    def _list(self) -> Iterable[str]:
        return ["foreign", *self.there]

    def _delete(self, name: str) -> None:
        if self.there.pop(name, None) is None:
            raise BackendException("there is none")

    def _delete_list(self, names: list[str]) -> None:
        while names:
            self.there.pop(names.pop(), None)

    def _move(self, source: Path, name: str) -> bool | None:
        self._put(source, name)
        source.unlink()
        return None

    def _query(self, name: str) -> dict[str, int | None]:
        return {"size": len(self.there[name]) if name in self.there else -1}

    def _query_list(self, names: list[str]) -> dict[str, dict[str, int | None]]:
        return {name: self._query(name) for name in names}

    def _validate(self, name: str, size: int, source: Path) -> tuple[bool, str]:
        return self.there.get(name) == source.read_bytes(), "it differs"


class GetsNothing(Right):
    def _get(self, name: str, target: Path) -> None:
        target.write_bytes(self.there.get(name, b""))


class ListsSome(Right):
    def _list(self) -> Iterable[str]:
        return [name for name in self.there if not name.endswith("listed.2")]


class DeletesNothing(Right):
    def _delete(self, name: str) -> None:
        pass


class DeletesAll(Right):
    def _delete(self, name: str) -> None:
        self.there.clear()


class StopsAtWhatIsMissing(Right):
    def _delete_list(self, names: list[str]) -> None:
        for name in names:
            self._delete(name)


class PassesOverTheRest(Right):
    def _delete_list(self, names: list[str]) -> None:
        for name in names:
            if self.there.pop(name, None) is None:
                return


class Copies(Right):
    def _move(self, source: Path, name: str) -> bool | None:
        self._put(source, name)
        return True


class MovesNowhere(Right):
    def _move(self, source: Path, name: str) -> bool | None:
        source.unlink()
        return False


class MovesAnother(Right):
    def _move(self, source: Path, name: str) -> bool | None:
        self.there[name] = b"another"
        source.unlink()
        return True


class Rounds(Right):
    def _query(self, name: str) -> dict[str, int | None]:
        return {"size": -1 if name not in self.there else 1024}


class HasAll(Right):
    def _query(self, name: str) -> dict[str, int | None]:
        return {"size": len(self.there.get(name, b""))}


class TellsOfAll(Right):
    def _query_list(self, names: list[str]) -> dict[str, dict[str, int | None]]:
        return {name: self._query(name) for name in {*names, *self.there}}


class TellsOfMissing(Right):
    def _query_list(self, names: list[str]) -> dict[str, dict[str, int | None]]:
        return {name: {"size": len(self.there.get(name, b""))} for name in names}


class TrustsNothing(Right):
    def _validate(self, name: str, size: int, source: Path) -> tuple[bool, str]:
        return False, "it is broken"


WRONG: list[tuple[str, type[Right]]] = [
    ("_get", GetsNothing),
    ("_list", ListsSome),
    ("_delete", DeletesNothing),
    ("_delete", DeletesAll),
    ("_delete_list", StopsAtWhatIsMissing),
    ("_delete_list", PassesOverTheRest),
    ("_move", Copies),
    ("_move", MovesNowhere),
    ("_move", MovesAnother),
    ("_query", Rounds),
    ("_query", HasAll),
    ("_query_list", TellsOfAll),
    ("_query_list", TellsOfMissing),
    ("_validate", TrustsNothing),
]


def trial(kind: type[Right]) -> Trial:
    # Objects are put by a store that does not look: what the backend says is not to come between.
    backend = kind()

    class Through(MemoryStore):
        def put(self, name: str, buffers: object, **_: object) -> None:
            backend.there[name] = b"".join(buffers)  # type: ignore[arg-type]

    store = Through()
    return Trial(store, store, NAMES, time.perf_counter, raw=RawHere(lambda: backend, "it"))


@pytest.mark.parametrize("check", METHODS, ids=lambda check: check.name)
def test_what_is_right_is_found_right(check: Check) -> None:
    assert outcome(check, trial(Right)).verdict is Verdict.YES


@pytest.mark.parametrize(("name", "kind"), WRONG)
def test_what_is_wrong_is_found_out(name: str, kind: type[Right]) -> None:
    (check,) = (each for each in METHODS if each.name == name)
    found = outcome(check, trial(kind))
    assert found.verdict is Verdict.NO and found.note


def test_every_check_has_a_liar() -> None:
    assert {name for name, _ in WRONG} == {check.name for check in METHODS}


def test_a_method_that_is_not_there_is_not_tried() -> None:
    class Least(Right):
        _delete_list = _move = _query = _query_list = _validate = None  # type: ignore[assignment]

    verdicts = {check.name: outcome(check, trial(Least)).verdict for check in METHODS}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.UNTRIED} == {
        "_delete_list",
        "_move",
        "_query",
        "_query_list",
        "_validate",
    }


def test_only_a_backend_behind_a_store_has_methods_to_try(home: Path, tmp_path: Path) -> None:
    raw = RawHere(Right, "it")
    adapted = AdaptedStore(Verbs(raw, "it://"), Spool.__new__(Spool))
    inner: Store = RetryingStore(adapted)
    assert raw_of(inner) is raw_of(adapted) is raw
    assert raw_of(MemoryStore()) is raw_of(RetryingStore(MemoryStore())) is None
    with_raw = trial(Right)
    assert checks_for(with_raw) == (*CHECKS, *METHODS)


def test_files_of_the_checks_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    for check in METHODS:
        outcome(check, trial(Right))
    assert list(tmp_path.iterdir()) == []
