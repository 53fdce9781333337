from collections.abc import Iterator
from pathlib import Path

import pytest

from yester.engine.errors import Denied
from yester.engine.places import Places
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.proving.leftovers import STALE_S, Standing, clear, find, forget, remove, running, standing
from yester.plugins.backends.proving.names import Names

OLD, NEW = Names.new(1000, b"old"), Names.new(2000, b"new")


@pytest.fixture
def places(home: Path) -> Places:
    return Places.default()


def filled() -> MemoryStore:
    store = MemoryStore()
    for name in (OLD.mark, OLD.name("a"), NEW.mark, "yester-test-mine", "yester-tests", "config"):
        store.put(name, [b"x"])
    return store


def test_finds_what_tests_left_and_nothing_else() -> None:
    assert [(left.names, left.objects) for left in find(filled())] == [
        (OLD, frozenset({OLD.mark, OLD.name("a")})),
        (NEW, frozenset({NEW.mark})),
    ]


def test_what_is_known_of_a_test_on_this_machine(places: Places) -> None:
    assert standing(places, OLD) is Standing.ELSEWHERE
    with running(places, OLD):
        assert standing(places, OLD) is Standing.RUNNING
    assert standing(places, OLD) is Standing.ENDED
    forget(places, OLD)
    assert standing(places, OLD) is Standing.ELSEWHERE


@pytest.mark.parametrize(("now_s", "gone"), [(1000 + STALE_S - 1, set()), (1000 + STALE_S, {OLD})])
def test_of_tests_elsewhere_only_the_age_is_known(places: Places, now_s: float, gone: set[Names]) -> None:
    store = filled()
    cleared = clear(store, places, now_s)
    assert {left.names for left in cleared.removed} == gone
    assert {Names.of(name) for name in store.list("yester-test-0")} == {OLD, NEW} - gone


def test_a_test_that_ended_here_goes_at_once_and_one_that_runs_never(places: Places) -> None:
    store = filled()
    with running(places, OLD):
        pass
    with running(places, NEW):
        clear(store, places, 10.0**9)
    assert sorted(store.list()) == sorted(["config", NEW.mark, "yester-test-mine", "yester-tests"])


def test_the_mark_goes_last_and_what_no_list_shows_goes_too() -> None:
    class Late(MemoryStore):
        gone: list[str] = []  # noqa: RUF012

        def list(self, prefix: str = "") -> Iterator[str]:
            return (name for name in super().list(prefix) if "late" not in name)

        def delete(self, name: str) -> None:
            super().delete(name)
            self.gone.append(name)

    store = Late()
    for name in (OLD.mark, OLD.name("a"), OLD.name("late")):
        store.put(name, [b"x"])
    assert remove(store, OLD, {OLD.name("late"), OLD.name("never-put")}) == 3
    assert store.gone[-1] == OLD.mark
    assert set(store.gone) == {OLD.mark, OLD.name("a"), OLD.name("late")}


def test_what_cannot_be_deleted_is_said_and_the_mark_stays() -> None:
    class Keeps(MemoryStore):
        def delete(self, name: str) -> None:
            if name.endswith("held"):
                raise Denied(f"{name} is held", name=name)
            super().delete(name)

    store = Keeps()
    for name in (OLD.mark, OLD.name("a"), OLD.name("held")):
        store.put(name, [b"x"])
    with pytest.raises(Denied, match="held"):
        remove(store, OLD)
    assert sorted(store.list()) == sorted([OLD.mark, OLD.name("held")])
