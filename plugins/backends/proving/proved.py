"""A store that says of itself only what was proved, and does by other means what it cannot do itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from yester.engine.errors import Broken, Exists, Missing, YesterError
from yester.engine.places import Places
from yester.engine.sealed.config import CONFIG_NAME
from yester.engine.store import Buffer, Capabilities, Readiness, Store, let_go, paths_of
from yester.plugins.backends.proving.probing import by_reading
from yester.plugins.backends.proving.remembered import Probed, keep, kept


def as_proved(store: Store, places: Places) -> Store:
    """Return a store that says what it does: as was tried once, or else as a part of its config tells.

    Nothing is written into the store. A folder of this machine need not be asked: its file system is, at each call.
    """
    known = kept(places, store.place)
    if known is None:
        known = by_reading(store, CONFIG_NAME)
        if known is None:
            return store  # there is no repository: whoever opens it says so
        learned(store, known, places)
    return ProvedStore(store, known)


def learned(store: Store, probed: Probed, places: Places) -> None:
    """Keep what was proved; where nothing can be kept it is tried again next time."""
    try:
        keep(places, store.place, probed)
    except YesterError:
        return


class ProvedStore:
    """A store behind what was proved of it. Threads share it."""

    def __init__(self, store: Store, probed: Probed) -> None:
        self._store, self._probed = store, probed

    @property
    def capabilities(self) -> Capabilities:
        """What the store says that it can, as far as it can."""
        said = self._store.capabilities
        return replace(
            said, ranges=said.ranges and self._probed.ranges, if_absent=said.if_absent and self._probed.if_absent
        )

    @property
    def place(self) -> str:
        """Where the store is."""
        return self._store.place

    @property
    def folder(self) -> Path | None:
        """The store's."""
        return self._store.folder

    def paths_of(self, name: str) -> Sequence[Path]:
        """Return where the store has an object as a file."""
        return paths_of(self._store, name)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store an object; where creating is not known to be safe, it is looked first."""
        if if_absent and not self.capabilities.if_absent and self._is_there(name):
            raise Exists(f"{name} is already in {self.place}", name=name)
        self._store.put(name, buffers, if_absent=if_absent, group=group)

    def get(self, name: str) -> bytes:
        """Return an object."""
        return self._store.get(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of an object, of which all is fetched where the store gives no parts."""
        if self.capabilities.ranges:
            return self._store.get_range(name, offset, size)
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        whole = self._store.get(name)
        if offset + size > len(whole):
            raise Broken(f"{name} in {self.place} ends before byte {offset + size}", name=name)
        return whole[offset : offset + size]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield names."""
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

    def _is_there(self, name: str) -> bool:
        try:
            self._store.query(name)
        except Missing:
            return False
        return True
