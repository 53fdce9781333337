"""What a check works on. Pure but for the stores and the clock that it is given."""

from collections.abc import Callable
from dataclasses import dataclass

from blake3 import blake3

from yester.engine.store import Store
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.raw import Raw

BIG_SIZE = 32 << 20
"""As large as an object of a repository gets."""
MANY = 10_000
LEAST_MANY = 1_200
"""Enough that no server gives all names in one answer."""
MANY_S = 60.0
"""How long names may be put for a long list, once there are LEAST_MANY."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Two ways to one store, names that may be touched, and how much of everything."""

    store: Store
    other: Store
    """The same store by connections of its own: what another machine would see."""
    names: Names
    clock: Callable[[], float]
    """Seconds, from anywhere."""
    big_size: int = BIG_SIZE
    many: int = MANY
    many_s: float = MANY_S
    races: int = 30
    raw: Raw | None = None
    """The backend that the store stands around, where it is one that others wrote."""

    def put(self, rest: str, size: int) -> tuple[str, bytes]:
        """Put an object under a name of the test; return the name and the content, which cannot be compressed."""
        name = self.names.name(rest)
        content = content_of(name, size)
        self.store.put(name, [content])
        return name, content


def content_of(name: str, size: int) -> bytes:
    """Return bytes that look like chance and are always the same for a name."""
    return blake3(name.encode()).digest(size)
