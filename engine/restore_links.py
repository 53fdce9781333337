"""Hard links: the first name that a restore meets is made, the others are linked to it.

Names of one group may come on different threads and in any order. Whoever comes first makes the file; who comes while
it is being made is handed to that thread, which links it when it is done. If making it fails, the next in line does.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from yester.engine.entries import Entry
from yester.engine.restore_places import Place


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


@dataclass(slots=True)
class _Group:
    left: int
    """Names that may still come; when there are none, nobody asks again."""
    made: Made | None = None
    waiting: list[Member] = field(default_factory=list)


class LinkGroups:
    """The groups of which not all names were met; every method may be called by any thread."""

    def __init__(self) -> None:
        self._groups: dict[int, _Group] = {}
        self._lock = threading.Lock()

    def meet(self, member: Member) -> Made | bool:
        """Return what to link to; True when the caller is to make the file; False when another thread will link it."""
        with self._lock:
            group = self._groups.get(member.group)
            if group is None:
                self._groups[member.group] = _Group(left=member.entry.nlink - 1)
                return True
            group.left -= 1
            if group.made is None:
                group.waiting.append(member)
                return False
            made = group.made
            if group.left <= 0:
                del self._groups[member.group]
            return made

    def made(self, member: Member) -> Sequence[Member]:
        """Note that `member` is made; return the names to link to it now."""
        with self._lock:
            group = self._groups[member.group]
            group.made = Made(member.place, member.entry.name)
            waiting, group.waiting = group.waiting, []
            if group.left <= 0:
                del self._groups[member.group]
            return waiting

    def failed(self, member: Member) -> Member | None:
        """Note that `member` could not be made; return the name that the caller is to make instead, if one waits."""
        with self._lock:
            group = self._groups[member.group]
            if group.waiting:
                return group.waiting.pop(0)
            del self._groups[member.group]
            return None
