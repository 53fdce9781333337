"""A store that says of itself only what was proved, and does by other means what it cannot do itself."""

from collections.abc import Sequence
from dataclasses import replace

from yester.engine.errors import Broken, Exists, Missing, YesterError
from yester.engine.forwarding import ForwardingStore
from yester.engine.places import Places
from yester.engine.sealed.config import CONFIG_NAME
from yester.engine.store import Buffer, Capabilities, Store
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


class ProvedStore(ForwardingStore):
    """A store behind what was proved of it. Threads share it."""

    def __init__(self, store: Store, probed: Probed) -> None:
        super().__init__(store)
        self._probed = probed

    @property
    def capabilities(self) -> Capabilities:
        """What the store says that it can, as far as it can."""
        said = self._store.capabilities
        return replace(
            said,
            ranges=said.ranges and self._probed.ranges,
            if_absent=said.if_absent and self._probed.if_absent,
            tier=said.tier and self._probed.tier,
        )

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store an object; where creating is not known to be safe, it is looked first."""
        if if_absent and not self.capabilities.if_absent and self._is_there(name):
            raise Exists(f"{name} is already in {self.place}", name=name)
        self._store.put(name, buffers, if_absent=if_absent, group=group)

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

    def _is_there(self, name: str) -> bool:
        try:
            self._store.query(name)
        except Missing:
            return False
        return True
