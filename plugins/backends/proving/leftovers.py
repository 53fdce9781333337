"""What tests leave that did not end: found by their names, and removed once it is sure that they are over.

A test on this machine holds a lock on a file of its own while it lasts: the kernel lets go of it however the test
ends. Of tests on other machines only the age is known, which the name says.
"""

import enum
import fcntl
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import Missing, StoreError
from yester.engine.places import Places, ensured, unwritable
from yester.engine.store import Store
from yester.plugins.backends.proving.names import TESTING, Names

STALE_S = 86_400
"""No test takes a day; clocks may differ by hours where a time zone is set wrong."""

_THREADS = 8
_ROUNDS = 3
"""How often a list is asked for again that may lag behind."""


class Standing(enum.Enum):
    """What is known of a test."""

    RUNNING = "running"
    ENDED = "ended"
    ELSEWHERE = "elsewhere"
    """It is, or was, none of this machine."""


@dataclass(frozen=True, slots=True)
class Left:
    """The objects of a test that is not this one."""

    names: Names
    objects: frozenset[str]

    def is_over(self, standing: Standing, now_s: float) -> bool:
        """Whether nobody needs these objects any more."""
        if standing is Standing.ELSEWHERE:
            return now_s - self.names.begun_s >= STALE_S
        return standing is Standing.ENDED


def find(store: Store) -> list[Left]:
    """Return what other tests have in a store, the oldest first. StoreError."""
    found: dict[Names, set[str]] = {}
    for name in store.list(TESTING):
        names = Names.of(name)
        if names is not None:
            found.setdefault(names, set()).add(name)
    return [Left(names, frozenset(found[names])) for names in sorted(found, key=lambda names: names.prefix)]


@dataclass(frozen=True, slots=True)
class Cleared:
    """What became of the leftovers in a store."""

    removed: tuple[Left, ...]
    stay: tuple[Left, ...]
    """Of tests that may still be at work."""


def clear(store: Store, places: Places, now_s: float) -> Cleared:
    """Remove what is left of tests that are over. StoreError."""
    found = find(store)
    over = [left for left in found if left.is_over(standing(places, left.names), now_s)]
    for left in over:
        remove(store, left.names, left.objects)
        forget(places, left.names)
    return Cleared(tuple(over), tuple(left for left in found if left not in over))


def remove(store: Store, names: Names, known: Iterable[str] = ()) -> int:
    """Delete every object of a test, and return how many there were; `known` may be there though no list shows it.

    StoreError, once all were tried.
    """
    waiting, removed = set(known), 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in range(_ROUNDS):
            waiting |= set(store.list(names.prefix))
            waiting.discard(names.mark)
            if not waiting:
                break
            results = list(pool.map(lambda name: _deleted(store, name), waiting))
            removed += results.count(None)
            for result in results:
                if isinstance(result, StoreError) and not isinstance(result, Missing):
                    raise result
            waiting = set()
    # Last: as long as anything is there, this says what it is.
    return removed + (_deleted(store, names.mark) is None)


def _deleted(store: Store, name: str) -> StoreError | None:
    try:
        store.delete(name)
    except StoreError as problem:
        return problem
    return None


@contextmanager
def running(places: Places, names: Names) -> Iterator[None]:
    """Let other tests on this machine know, for the time of the block, that this one is at work. YesterError."""
    path = _lock_of(places, names)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def forget(places: Places, names: Names) -> None:
    """Nothing is left of a test: what was known of it here goes too."""
    _lock_of(places, names).unlink(missing_ok=True)


def standing(places: Places, names: Names) -> Standing:
    """Return what this machine knows of a test."""
    try:
        descriptor = os.open(_lock_of(places, names), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return Standing.ELSEWHERE
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Standing.RUNNING
    finally:
        os.close(descriptor)
    return Standing.ENDED


def _lock_of(places: Places, names: Names) -> Path:
    return ensured(places.state / "backend-tests") / names.prefix.removesuffix(".")
