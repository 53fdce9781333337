"""What a backend of duplicity must do: what every backend must, but for what none of them can."""

from typing import ClassVar

from tests.backend_contract import ForeignContract

from yester.engine.store import Store


class DuplicityContract(ForeignContract):
    """The two suites, and each method by itself."""

    CANNOT: ClassVar[frozenset[str]] = frozenset({"only parts", "one creator"})
    BY_CHANCE: ClassVar[frozenset[str]] = frozenset({"old or new"})
    """Whether a reader meets the moment in which one file is replaced by another."""
    MANY: ClassVar[int] = 200


def emptied(store: Store) -> Store:
    """Return a store that another test has used, with nothing in it."""
    for name in [*store.list()]:
        store.delete(name)
    return store
