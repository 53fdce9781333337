"""Hard links: the first name that a restore meets is made, the others are linked to it."""

from typing import NamedTuple

from yester.engine.entries import Entry
from yester.engine.restore.places import Place


class Member(NamedTuple):
    """A queued name of a link group, and where it goes."""

    place: Place
    entry: Entry
    group: int
    """The ordinal of the group's first name in the snapshot."""


class Made(NamedTuple):
    """Where the first name of a group was made."""

    place: Place
    name: bytes


class LinkGroups:
    """The groups of which a name was made, and not yet all were met: about 300 bytes each."""

    def __init__(self) -> None:
        self._made: dict[int, Made] = {}
        self._left: dict[int, int] = {}

    def add(self, member: Member) -> None:
        """Remember that `member` is there, for the others to be linked to."""
        self._made[member.group] = Made(member.place, member.entry.name)
        self._left[member.group] = member.entry.nlink - 1

    def find(self, member: Member) -> Made | None:
        """Return what to link `member` to; None when it is the first to be made."""
        made = self._made.get(member.group)
        if made is not None:
            self._left[member.group] -= 1
            if self._left[member.group] <= 0:
                del self._made[member.group], self._left[member.group]
        return made
