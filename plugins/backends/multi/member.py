"""One of several stores: whether it answers, and what it missed while it did not.

A store that does not answer is asked no more until it does: nobody waits for it again and again. A thread tries it now
and then by opening it afresh, which is also how a disk that was pulled out is found again. When it is back, it is given
what was put meanwhile, as far as this process put it.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from yester.engine.errors import Broken, Missing, Retry, StoreError, YesterError
from yester.engine.messages.of_stores import LOG
from yester.engine.store import Store

log = logging.getLogger(LOG)

TRY_AGAIN_S = 30.0
"""How often a store is tried that does not answer."""

T = TypeVar("T")


class Member:
    """A store among others. Threads share it."""

    def __init__(self, place: str, prefixes: tuple[str, ...], opening: Callable[[], Store]) -> None:
        """Nothing is opened yet; `opening` raises YesterError, also when another repository is there."""
        self.place, self.prefixes = place, prefixes
        self._opening = opening
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.store: Store | None = None
        self.problem: StoreError | None = None
        """Why it is away; None while it is not."""
        self.was_away = False
        """Whether it ever was: what was listed meanwhile may lack what it has."""
        self._owed: dict[str, None] = {}
        self._has_refused = False
        self.fetch: Callable[[str], bytes] = _nothing
        """Gives an object that the other stores have."""
        self.check: Callable[[Store], object] = lambda store: None
        """Raises YesterError when a store that was opened again is not the one that was."""

    def open(self) -> None:
        """Open the store. YesterError."""
        self.store = self._opening()

    def is_away(self) -> bool:
        """Whether it does not answer."""
        return self.problem is not None

    def call(self, do: Callable[[Store], T]) -> T:
        """Ask the store; StoreError at once while it is away."""
        store = self.store
        if self.problem is not None or store is None:
            raise (self.problem or Retry(f"{self.place} is not open")).with_traceback(None)
        try:
            return do(store)
        except StoreError as problem:
            if problem.transient or (isinstance(problem, Broken) and not problem.name):
                self.leaves(problem, store)
            raise

    def leaves(self, problem: YesterError, store: Store | None = None) -> None:
        """Hold the store to be away, if it is still the one that failed, and try it again from now on."""
        with self._lock:
            if self.problem is not None or self.store is not store or self._over.is_set():
                return
            self.problem = problem if isinstance(problem, StoreError) else Retry(problem.what, hint=problem.hint)
            self.was_away = True
            threading.Thread(target=self._try, name="try-again", daemon=True).start()
        log.warning("%s does not answer, and is done without: %s", self.place, problem.what)

    def misses(self, name: str, problem: StoreError) -> None:
        """Note that an object was put which this store could not take."""
        with self._lock:
            self._owed[name] = None
        self.refuses(problem)

    def refuses(self, problem: StoreError) -> None:
        """Say, once, that the store answers and does not take what is stored."""
        with self._lock:
            is_news = self.problem is None and not self._has_refused
            self._has_refused = self._has_refused or is_news
        if is_news:
            log.warning("%s does not take what is stored, and is done without: %s", self.place, problem.what)

    def forgets(self, name: str) -> None:
        """Note that an object was deleted, or put after all."""
        with self._lock:
            self._owed.pop(name, None)

    def close(self) -> None:
        """Close the store, and try no more; a try that is under way ends by itself."""
        with self._lock:
            self._over.set()
        if self._owed:
            log.warning(
                "%s lacks what was stored now (%d): yester prune makes it the same again", self.place, len(self._owed)
            )
        if self.store is not None:
            self.store.close()

    def _try(self) -> None:
        while not self._over.wait(TRY_AGAIN_S):
            with suppress(YesterError):
                fresh = self._opening()
                if self._is_right(fresh) and self._paid(fresh) and self._comes_back(fresh):
                    return
                fresh.close()

    def _comes_back(self, fresh: Store) -> bool:
        with self._lock:
            if self._over.is_set():
                return False
            before, self.store, self.problem = self.store, fresh, None
        log.warning("%s answers again", self.place)
        # What was put elsewhere between the payment and now.
        self._paid(fresh)
        if before is not None:
            before.close()
        return True

    def _is_right(self, store: Store) -> bool:
        try:
            self.check(store)
        except YesterError:
            return False
        return True

    def _paid(self, store: Store) -> bool:
        """Give the store what it missed; False when it is away again. More may be owed meanwhile."""
        try:
            self._pay(store, tuple(self._owed))
        except StoreError:
            return False
        return True

    def _pay(self, store: Store, names: Iterable[str]) -> None:
        for name in names:
            if self._over.is_set():
                return
            with suppress(Missing):
                store.put(name, [self.fetch(name)])
            self.forgets(name)


def _nothing(name: str) -> bytes:
    raise Missing(f"There is no {name}", name=name)
