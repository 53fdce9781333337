"""What a walk brings back besides blobs, and what it could not keep."""

from array import array
from dataclasses import dataclass, field

from yester.engine.entries import Summary


@dataclass(frozen=True, slots=True)
class Failure:
    """A path that could not be kept whole, and why, in words."""

    path: bytes
    what: str


@dataclass(slots=True)
class Taken:
    """What a walk brings back besides blobs."""

    root: bytes = b""
    """The encoded entry of `/`."""
    summary: Summary = field(default_factory=Summary)
    failures: list[Failure] = field(default_factory=list)
    changed_while_read: int = 0
    members: "array[int]" = field(default_factory=lambda: array("Q"))
    """Ordinals of link group members, with `firsts` the ordinal of each one's first."""
    firsts: "array[int]" = field(default_factory=lambda: array("Q"))
    way: dict[bytes, bytes] = field(default_factory=dict)
    """The nodes of the folders above the sources, by their ids."""
