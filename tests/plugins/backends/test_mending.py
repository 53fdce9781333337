"""Damage that the engine finds is told to whoever can mend it, through all that stands in front of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from yester.engine.errors import Broken, DamageError, Missing
from yester.engine.limits.throttle import limited
from yester.engine.store import Store, let_go, mending
from yester.plugins.backends.cached.store import CachedStore
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.proving.proved import ProvedStore
from yester.plugins.backends.proving.remembered import Probed
from yester.plugins.backends.retrying import RetryingStore


class Mendable(MemoryStore):
    """Mends what is in it."""

    can = True

    def let_go(self, name: str) -> bool:
        if self.can:
            self.put(name, [b"sound"])
        return self.can


def read(store: Store) -> bytes:
    found = store.get("config")
    if found != b"sound":
        raise DamageError("config is damaged")
    return found


WRAPPERS: dict[str, Callable[[Store], Store]] = {
    "bare": lambda store: store,
    "retries": RetryingStore,
    "limits": lambda store: limited(store, 1 << 30, 1 << 30),
    "proof": lambda store: ProvedStore(store, Probed(ranges=True, if_absent=True)),
    "cache": lambda store: CachedStore(store, lambda _: Path("/none"), 0),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_it_gets_through(wrapper: str) -> None:
    inner = Mendable()
    store = WRAPPERS[wrapper](inner)
    store.put("config", [b"wrong"])
    assert mending(store, "config", lambda: read(store)) == b"sound"
    store.put("config", [b"wrong"])
    inner.can = False
    with pytest.raises(DamageError):
        mending(store, "config", lambda: read(store))
    store.close()


def test_a_store_that_mends_nothing_is_asked_in_vain() -> None:
    store = MemoryStore()
    store.put("config", [b"wrong"])
    assert not let_go(store, "config")
    with pytest.raises(DamageError):
        mending(store, "config", lambda: read(store))


def test_only_damage_is_mended() -> None:
    store = Mendable()
    with pytest.raises(Missing):
        mending(store, "config", lambda: read(store))
    calls = []

    def broken() -> bytes:
        calls.append(1)
        if len(calls) == 1:
            raise Broken("bad sector")
        return b"x"

    assert mending(store, "config", broken) == b"x"
