"""What every backend must do: the contract of stores, and the checks of `yester backend test`.

A backend's own test module makes a class that inherits `BackendContract` and has a fixture `store`, a fresh and
empty store, and, where two ways to it can differ, a fixture `other` that opens the same place again. `CANNOT` names
the checks that are no must for a repository (plugins/backends/proving/suite.py) and that the backend, or the server of
the test, does not pass.
"""

import time
from typing import ClassVar

import pytest
from tests.store_contract import StoreContract

from yester.engine.store import Store
from yester.plugins.backends.proving.by_method import raw_of
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.outcome import Verdict
from yester.plugins.backends.proving.suite import CHECKS, METHODS, Check, outcome
from yester.plugins.backends.proving.trial import Trial

NAMES = Names.new(0x6920_0000, b"abc")


class BackendContract(StoreContract):
    """The two suites."""

    CANNOT: ClassVar[frozenset[str]] = frozenset()
    """Checks that are no must, and do not hold here."""
    BY_CHANCE: ClassVar[frozenset[str]] = frozenset()
    """Checks that are no must, and hold here at one time and not at another."""
    BIG_SIZE: ClassVar[int] = 6 << 20
    MANY: ClassVar[int] = 1_200

    @pytest.fixture
    def other(self, store: Store) -> Store:
        """The same place by connections of its own, where a backend can have that."""
        return store

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name.replace(" ", "-"))
    def test_passes_the_check(self, check: Check, store: Store, other: Store) -> None:
        trial = Trial(store, other, NAMES, time.perf_counter, big_size=self.BIG_SIZE, many=self.MANY)
        store.put(NAMES.mark, [])
        found = outcome(check, trial)
        by_chance = check.name in self.BY_CHANCE
        assert by_chance or found.holds == (check.name not in self.CANNOT), f"{check.proves}: {found}"
        assert check.name not in self.CANNOT | self.BY_CHANCE or not check.is_required
        assert all(name.startswith(NAMES.prefix) for name in store.list())


class ForeignContract(BackendContract):
    """The suites, and each method by itself, of a backend that is no store but stands behind one."""

    LACKS: ClassVar[frozenset[str]] = frozenset()
    """Methods that the backend does not have."""

    @pytest.mark.parametrize("check", METHODS, ids=lambda check: check.name)
    def test_its_method_does_what_it_should(self, check: Check, store: Store) -> None:
        raw = raw_of(store)
        assert raw is not None
        found = outcome(check, Trial(store, store, NAMES, time.perf_counter, raw=raw))
        assert found.verdict is (Verdict.UNTRIED if check.name in self.LACKS else Verdict.YES), found
        assert all(name.startswith(NAMES.prefix) for name in store.list())
