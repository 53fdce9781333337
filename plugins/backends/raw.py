"""Raw: a backend's methods, wherever it runs; and one that runs in this process."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from yester.plugins.backends.checking import methods_of
from yester.plugins.backends.codes import Failed, Failure
from yester.plugins.backends.contract import Backend
from yester.plugins.backends.performing import Ways, perform


class Raw(Protocol):
    """A backend as the adapter sees it. Any number of threads call it; how many calls run at once is its own affair."""

    label: str
    """What errors call it."""
    methods: frozenset[str]
    """Which of the table of methods it has."""

    def call(self, method: str, *arguments: Any, deadline_s: float | None) -> Any:
        """Make a call: paths as bytes, names as text. `_list` takes a file to write the names to. Failed."""
        ...

    def another(self) -> "Raw":
        """Return another one of the same backend, for calls that may take hours."""
        ...

    def close(self) -> None:
        """Let go of it; calls under way fail."""
        ...


def opened(answer: Any) -> Any:
    """Return the value of an answer of `perform`; Failed."""
    if "failed" in answer:
        raise Failed(Failure(**answer["failed"]))
    return answer["value"]


class RawHere:
    """A backend in this process. Its calls take as long as they like: nobody could end them."""

    def __init__(self, make: Callable[[], Backend], label: str, ways: Ways | None = None) -> None:
        self.label, self._make, self._ways = label, make, ways or Ways()
        self._backend = make()
        self.methods = methods_of(self._backend)
        self._turns = threading.Semaphore(self._backend.threads)

    def call(self, method: str, *arguments: Any, deadline_s: float | None) -> Any:
        """Make a call once it is its turn."""
        with self._turns:
            return opened(perform(self._backend, method, arguments, self._ways))

    def another(self) -> "RawHere":
        """Make another one."""
        return RawHere(self._make, self.label, self._ways)

    def close(self) -> None:
        """Let the backend close, if it can."""
        if "_close" in self.methods:
            with suppress(Failed):
                self.call("_close", deadline_s=None)
