"""Objects of a cold tier on their way: asked for in the background, told of at once. For any number of threads."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from yester.engine.store import Readiness

Recall = Callable[[Sequence[str]], Iterator[tuple[str, bool]]]
"""Makes objects readable, however long that takes, and yields each with whether it is; it may raise."""


class Recalling:
    """What was asked for, and how far it is."""

    def __init__(self, recall: Recall) -> None:
        self._recall = recall
        self._lock = threading.Lock()
        self._states: dict[str, Readiness] = {}

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Ask for those that nobody asked for yet or that could not be had, and say of each how far it is."""
        with self._lock:
            told = {name: self._states.get(name) for name in names}
            fresh = [name for name, state in told.items() if state in (None, Readiness.FAILED)]
            self._states |= dict.fromkeys(fresh, Readiness.PENDING)
        if fresh:
            threading.Thread(target=self._run, args=(fresh,), name="recall", daemon=True).start()
        return {name: state or Readiness.PENDING for name, state in told.items()}

    def _run(self, names: Sequence[str]) -> None:
        left = dict.fromkeys(names, Readiness.FAILED)
        try:
            for name, is_ready in self._recall(names):
                self._say({name: Readiness.READY if is_ready else Readiness.FAILED})
                left.pop(name, None)
        finally:
            self._say(left)

    def _say(self, states: Mapping[str, Readiness]) -> None:
        with self._lock:
            self._states |= states
