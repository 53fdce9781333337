"""What a store can do about objects in cold storage, and about uploads that nobody ended."""

from collections.abc import Mapping
from typing import Protocol

from yester.engine.store import Readiness, all_ready


class Tiers(Protocol):
    """The requests of one provider that the library does not know."""

    are_there: bool
    """Whether objects may be in cold storage."""

    def prepare(self, keys: Mapping[str, str]) -> Mapping[str, Readiness]:
        """Begin to restore what is in cold storage, and say how far that is; keys by the names of objects."""
        ...

    def tidy(self) -> None:
        """Drop uploads in parts that are a day old. Best effort."""
        ...


class NoTiers:
    """Every object can be read at any time, or nothing can be done about it; unfinished uploads end by themselves."""

    are_there = False

    def prepare(self, keys: Mapping[str, str]) -> Mapping[str, Readiness]:
        """All are ready."""
        return all_ready(keys)

    def tidy(self) -> None:
        """Nothing is left that does not go by itself."""
