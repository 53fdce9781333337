"""A store that looks at what it has put: an object that came out short is found at once, and put again.

Servers, gateways and network mounts have said yes to half an object. The size is the one thing about an object that
every store tells without sending it back; what else is wrong with it, its seal shows to whoever reads it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from yester.engine.errors import Missing, Retry, StoreError
from yester.engine.sealed.sealing import is_digest_name
from yester.engine.store import Buffer, Capabilities, Readiness, Store, let_go, paths_of, size_of

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


class ValidatingStore:
    """A store whose puts are looked at; all else is the store's."""

    def __init__(self, store: Store, *, sleep: Sleep = time.sleep) -> None:
        self._store, self._sleep = store, sleep

    @property
    def capabilities(self) -> Capabilities:
        """What the store can do."""
        return self._store.capabilities

    @property
    def place(self) -> str:
        """Where the store is."""
        return self._store.place

    @property
    def folder(self) -> Path | None:
        """The store's folder."""
        return self._store.folder

    def paths_of(self, name: str) -> Sequence[Path]:
        """Return where the store has an object as a file."""
        return paths_of(self._store, name)

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

    def get(self, name: str) -> bytes:
        """Return an object."""
        return self._store.get(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of an object."""
        return self._store.get_range(name, offset, size)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with `prefix`."""
        return self._store.list(prefix)

    def query(self, name: str) -> int:
        """Return an object's size."""
        return self._store.query(name)

    def delete(self, name: str) -> None:
        """Remove an object."""
        self._store.delete(name)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Begin to make objects readable, and say how far that is."""
        return self._store.prepare(names)

    def let_go(self, name: str) -> bool:
        """Let the store mend an object."""
        return let_go(self._store, name)

    def tidy(self) -> None:
        """Let the store tidy up."""
        self._store.tidy()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _size(self, name: str) -> int | None:
        try:
            return self._store.query(name)
        except Missing:
            return None

    def _drop(self, name: str) -> None:
        with suppress(StoreError):  # that it is short is what has to be said, and it is put again
            self._store.delete(name)
