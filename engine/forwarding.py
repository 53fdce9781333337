"""A store that passes every call on to another: what those begin with that change one thing about a store."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from yester.engine.store import Buffer, Capabilities, Readiness, Store, let_go, paths_of


class ForwardingStore:
    """A store behind which another does everything, until a class that inherits this does some of it otherwise."""

    def __init__(self, store: Store) -> None:
        self._store = store

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

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store an object."""
        self._store.put(name, buffers, if_absent=if_absent, group=group)

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

    def paths_of(self, name: str) -> Sequence[Path]:
        """Return where the store has an object as a file."""
        return paths_of(self._store, name)

    def tidy(self) -> None:
        """Let the store tidy up."""
        self._store.tidy()

    def close(self) -> None:
        """Close the store."""
        self._store.close()
