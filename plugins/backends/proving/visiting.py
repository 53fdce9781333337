"""Putting a place to the test and leaving it as it was."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from yester.engine.errors import Missing, RepositoryError, StoreError, UsageError
from yester.engine.places import Places
from yester.engine.sealed.config import CONFIG_NAME
from yester.engine.store import Store
from yester.plugins.backends.proving.by_method import raw_of
from yester.plugins.backends.proving.guardian import Order
from yester.plugins.backends.proving.guarding import guarded
from yester.plugins.backends.proving.leftovers import Cleared, clear
from yester.plugins.backends.proving.measuring import Gauge, MeasuredStore
from yester.plugins.backends.proving.names import TESTING, Names
from yester.plugins.backends.proving.opening import Opening
from yester.plugins.backends.proving.probing import marked, new_names
from yester.plugins.backends.proving.trial import BIG_SIZE, LEAST_MANY, MANY, Trial

_QUICK_SIZE = 4 << 20
_OF_A_REPOSITORY = ("key.", "snap.")


@dataclass(frozen=True, slots=True)
class Visit:
    """A place that is being tested."""

    store: Store
    trial: Trial
    cleared: Cleared
    """What earlier tests had left."""
    gauge: Gauge = field(default_factory=Gauge)

    @property
    def names(self) -> Names:
        """The names that are touched."""
        return self.trial.names


@contextmanager
def visit(opening: Opening, places: Places, *, beside_repository: bool = False, quick: bool = False) -> Iterator[Visit]:
    """Open a store twice, for the block; nothing of the test is left in it then, unless the store fails.

    Nor is it when this process is killed meanwhile. RepositoryError: it cannot be reached; UsageError: it holds a
    repository.
    """
    made: list[str] = []
    with closing(opening.open(made)) as store:
        with _reaching(store):
            if not beside_repository:
                _refuse_repository(store)
            next(store.list(TESTING), None)
        cleared = clear(store, places, time.time())
        names = new_names()
        with guarded(Order(opening, names.prefix, tuple(made)), places), closing(opening.open()) as other:
            gauge = Gauge()
            measured, seen = MeasuredStore(store, names, gauge), MeasuredStore(other, names, gauge)
            size, many = (_QUICK_SIZE, LEAST_MANY) if quick else (BIG_SIZE, MANY)
            with marked(store, names, places, lambda: measured.end() | seen.end()):
                trial = Trial(measured, seen, names, time.perf_counter, size, many, raw=raw_of(store))
                yield Visit(store, trial, cleared, gauge)


@contextmanager
def _reaching(store: Store) -> Iterator[None]:
    """Say of a store that fails at the first question that it cannot be reached."""
    try:
        yield
    except StoreError as problem:
        raise RepositoryError(problem.what, hint=problem.hint) from None


def _refuse_repository(store: Store) -> None:
    """UsageError when there is a repository, or what is left of one."""
    if _is_there(store, CONFIG_NAME) or any(next(store.list(kind), None) for kind in _OF_A_REPOSITORY):
        raise UsageError(
            f"There is a repository at {store.place}",
            hint="A test touches nothing of it, but puts thousands of objects beside it, which are gone at the end. If "
            "that is what you want, add --beside-repository.",
        )


def _is_there(store: Store, name: str) -> bool:
    try:
        store.query(name)
    except Missing:
        return False
    return True
