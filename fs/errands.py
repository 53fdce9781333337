"""What threads do for requests: each thing once, however many wait for it, and they may stop waiting.

A thread cannot be stopped. What nobody waits for any more is done all the same, by a thread that *hangs*: whoever asks
for the same meanwhile waits for that one, and what comes in the end is there for the next who asks. How many work
at once is bounded by how many requests are answered at once, but not how many hang; so those are counted.

All but the work is done on the one thread of the event loop.
"""

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

import trio

from yester.engine.errors import StoreError

T = TypeVar("T")

MOST_HANGING = 256
"""So many threads may hang in a store that does not answer; then nothing more is asked of it until one comes back."""


class Attention(Protocol):
    """Who waits for requests, and must know that something else is waited for too."""

    others_wait: int


@dataclass(slots=True, eq=False)
class _Errand:
    done: trio.Event = field(default_factory=trio.Event)
    result: Any = None
    error: Exception | None = None
    waiting: int = 0
    hangs: bool = False


class Errands:
    """The threads of one mount."""

    def __init__(self, attention: Attention) -> None:
        self._attention = attention
        self._under_way: dict[Hashable, _Errand] = {}
        self._hanging = 0

    async def run(self, key: Hashable, work: Callable[[], T]) -> T:
        """Do this on a thread, unless it is being done under the same key, and wait for it; raise what it raises.

        StoreError, and nothing is begun, while too much hangs.
        """
        errand = self._under_way.get(key) or self._begin(key, work)
        errand.waiting += 1
        self._attention.others_wait += 1
        try:
            await errand.done.wait()
        finally:
            self._attention.others_wait -= 1
            errand.waiting -= 1
            self._look_after(errand)
        if errand.error is not None:
            # Of several who wait each raises it.
            raise errand.error.with_traceback(None)
        return cast(T, errand.result)

    def is_at(self, key: Hashable) -> bool:
        """Whether something is being done under this key."""
        return key in self._under_way

    def _begin(self, key: Hashable, work: Callable[[], object]) -> _Errand:
        if self._hanging >= MOST_HANGING:
            raise StoreError(f"the store does not answer: {self._hanging} reads hang in it")
        errand = self._under_way[key] = _Errand()
        token = trio.lowlevel.current_trio_token()

        def at_work() -> None:
            try:
                errand.result = work()
            except Exception as error:  # noqa: BLE001  whoever waits raises it
                errand.error = error

        def deliver(_: object) -> None:
            # The server may have ended meanwhile.
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(self._finish, key, errand)

        trio.lowlevel.start_thread_soon(at_work, deliver, "yester-errand")
        return errand

    def _look_after(self, errand: _Errand) -> None:
        if not errand.waiting and not errand.hangs and not errand.done.is_set():
            errand.hangs = True
            self._hanging += 1

    def _finish(self, key: Hashable, errand: _Errand) -> None:
        del self._under_way[key]
        self._hanging -= errand.hangs
        errand.done.set()
