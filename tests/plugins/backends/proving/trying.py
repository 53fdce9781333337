"""A trial of a store in memory, with little of everything."""

import time
from collections.abc import Callable

from yester.engine.store import Store
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.trial import LEAST_MANY, Trial

NAMES = Names.new(0x6920_0000, b"abc")


def trial_of(
    store: Store, clock: Callable[[], float] = time.perf_counter, many: int = LEAST_MANY, many_s: float = 60.0
) -> Trial:
    return Trial(store, store, NAMES, clock, big_size=8 << 18, many=many, many_s=many_s)
