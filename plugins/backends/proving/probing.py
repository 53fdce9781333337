"""From what a store says that it can do to what it does."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from yester.engine.errors import Denied, StoreError
from yester.engine.places import Places
from yester.engine.store import Capabilities, Readiness, Store
from yester.plugins.backends.proving.leftovers import clear, forget, remove, running
from yester.plugins.backends.proving.measuring import Gauge, MeasuredStore
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.outcome import Outcome
from yester.plugins.backends.proving.remembered import Probed
from yester.plugins.backends.proving.suite import CREATING, PARTS, THAWING, Check, tried
from yester.plugins.backends.proving.trial import Trial

_PART_SIZE = 1 << 20


class Undeletable(Denied):
    """The store takes objects, and deletes none."""


def new_names() -> Names:
    """Return names that no other test has."""
    return Names.new(int(time.time()), os.urandom(3))


def probed(claimed: Capabilities, outcomes: Mapping[Check, Outcome]) -> Probed:
    """Return what was proved. A store that says it cannot is believed; one that says it can is not."""
    return Probed(
        ranges=claimed.ranges and all(outcomes[check].holds for check in PARTS),
        if_absent=claimed.if_absent and all(outcomes[check].holds for check in CREATING),
        tier=claimed.tier and outcomes[THAWING].holds,
    )


def probe(store: Store, places: Places) -> Probed | None:
    """Try what no store is believed, with a few small objects that are gone afterwards. StoreError.

    None where what is put cannot be deleted again: then one empty object was put, no more, and it stays.
    """
    names = new_names()
    clear(store, places, time.time())
    try:
        measured = MeasuredStore(store, names, Gauge())
        with marked(store, names, places, measured.end):
            trial = Trial(measured, measured, names, time.perf_counter, big_size=_PART_SIZE)
            return probed(store.capabilities, dict(tried(trial, (*PARTS, *CREATING, THAWING))))
    except Undeletable:
        return None


@contextmanager
def marked(store: Store, names: Names, places: Places, end: Callable[[], set[str]]) -> Iterator[None]:
    """Keep a test's mark in the store for the time of the block; nothing of the test is left then. StoreError.

    `end` ends what is under way, and says what may be there.
    """
    with running(places, names):
        store.put(names.mark, [])
        _delete_again(store, names)
        store.put(names.mark, [])
        try:
            yield
        finally:
            remove(store, names, end())
            forget(places, names)


def _delete_again(store: Store, names: Names) -> None:
    try:
        store.delete(names.mark)
    except StoreError as problem:
        raise Undeletable(
            f"What is put there cannot be deleted again: {problem.what}",
            name=names.mark,
            hint=f"The test ended before it put more. {names.mark} stays there: it is empty, and does no harm.",
        ) from None


def by_reading(store: Store, name: str) -> Probed | None:
    """Tell from an object that is there, without writing, whether parts can be read; None where that cannot be told."""
    try:
        whole = store.get(name)
    except StoreError:
        return None
    middle, size, said = len(whole) // 3, len(whole) // 3, store.capabilities
    try:
        # What was just read is ready; a store that says so knows what it speaks of.
        thaws = said.tier and dict(store.prepare([name])) == {name: Readiness.READY}
        part = store.get_range(name, middle, size)
    except StoreError as problem:
        return None if problem.transient else Probed(ranges=False, if_absent=False)
    return Probed(ranges=part == whole[middle : middle + size] and said.ranges, if_absent=False, tier=thaws)
