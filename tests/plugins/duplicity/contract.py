"""What a backend of duplicity must do: what every backend must, but for what none of them can."""

import time
from typing import ClassVar

import pytest
from tests.backend_contract import NAMES, ForeignContract

from yester.engine.store import Store
from yester.plugins.backends.proving.suite import CHECKS, Check, outcome
from yester.plugins.backends.proving.trial import Trial

# It is a matter of luck whether a reader meets the moment in which one file is replaced by another.
_CERTAIN = [check for check in CHECKS if check.name != "old or new"]


class DuplicityContract(ForeignContract):
    """The two suites."""

    CANNOT: ClassVar[frozenset[str]] = frozenset({"only parts", "one creator"})
    MANY: ClassVar[int] = 200

    @pytest.mark.parametrize("check", _CERTAIN, ids=lambda check: check.name.replace(" ", "-"))
    def test_passes_the_check(self, check: Check, store: Store, other: Store) -> None:
        trial = Trial(store, other, NAMES, time.perf_counter, big_size=self.BIG_SIZE, many=self.MANY)
        found = outcome(check, trial)
        assert found.holds == (check.name not in self.CANNOT), f"{check.proves}: {found}"
