"""A store that looks at what it has put: an object that came out short is found at once, and put again.

Servers, gateways and network mounts have said yes to half an object. The size is the one thing about an object that
every store tells without sending it back; what else is wrong with it, its seal shows to whoever reads it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from yester.engine.errors import Missing, Retry, StoreError
from yester.engine.forwarding import ForwardingStore
from yester.engine.sealed.sealing import is_digest_name
from yester.engine.store import Buffer, Store, size_of

LOOKS_S = (0.0, 1.0, 2.0)
"""The pauses before each look at an object that was put: some services show it late."""

Sleep = Callable[[float], object]


def looked_at(look: Callable[[], str], name: str, place: str, sleep: Sleep) -> None:
    """Return once `look` finds nothing wrong with an object that was put, and says so by an empty text; Retry else."""
    problem = ""
    for pause in LOOKS_S:
        if pause:
            sleep(pause)
        problem = look()
        if not problem:
            return
    raise Retry(f"{name} was stored in {place}, but {problem}", name=name)


def wrong_size(found: int | None, size: int) -> str:
    """Return what is wrong with an object of which so many bytes are there; None: it is not there."""
    if found == size:
        return ""
    return "it is not there" if found is None else f"{found:,} of its {size:,} bytes are there"


class ValidatingStore(ForwardingStore):
    """A store whose puts are looked at; all else is the store's."""

    def __init__(self, store: Store, *, sleep: Sleep = time.sleep) -> None:
        super().__init__(store)
        self._sleep = sleep

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store an object, and ask for its size. Retry when that is another one, and nothing of it is left.

        What may stand in the place of something else stays until it is put again.
        """
        self._store.put(name, buffers, if_absent=if_absent, group=group)
        size = size_of(buffers)
        try:
            looked_at(lambda: wrong_size(self._size(name), size), name, self.place, self._sleep)
        except Retry:
            if if_absent or is_digest_name(name):
                self._drop(name)
            raise

    def _size(self, name: str) -> int | None:
        try:
            return self._store.query(name)
        except Missing:
            return None

    def _drop(self, name: str) -> None:
        with suppress(StoreError):  # that it is short is what has to be said, and it is put again
            self._store.delete(name)
