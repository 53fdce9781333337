"""What is to change in a tree: names to drop, names to mend, by the directory that they are in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self


@dataclass(slots=True)
class Edits:
    """What is to change in one directory and below it."""

    drop: set[bytes] = field(default_factory=set)
    """Names that go, with all below them."""
    mend: set[bytes] = field(default_factory=set)
    """Names that stay, without what cannot be read of them."""
    below: dict[bytes, Self] = field(default_factory=dict)
    """What is to change in directories of this one."""

    def at(self, names: Iterable[bytes]) -> "Edits":
        """Return the edits of the directory that these names lead to."""
        here = self
        for name in names:
            here = here.below.setdefault(name, type(self)())
        return here

    def __bool__(self) -> bool:
        return bool(self.drop or self.mend or self.below)


def parts(path: bytes) -> list[bytes]:
    """Return the names that an absolute path leads through."""
    return [name for name in path.split(b"/") if name]


def dropping(paths: Iterable[bytes]) -> Edits:
    """Return the edits that take these paths away; ValueError for `/`, which every snapshot has."""
    edits = Edits()
    for path in paths:
        names = parts(path)
        if not names:
            raise ValueError("the root of a snapshot cannot go")
        edits.at(names[:-1]).drop.add(names[-1])
    return edits


def mending(paths: Iterable[tuple[bytes, bool]]) -> Edits:
    """Return the edits that mend these paths; with True, names in that directory may be lost.

    The root is mended without being told.
    """
    edits = Edits()
    for path, are_names_lost in paths:
        names = parts(path)
        if names:
            edits.at(names[:-1]).mend.add(names[-1])
        if are_names_lost:
            # The directory is written anew, from what can be read of it.
            edits.at(names)
    return edits
