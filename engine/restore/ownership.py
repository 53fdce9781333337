"""Whose a file is on this machine: as stored, by name, or all the caller's."""

import grp
import pwd
from collections.abc import Callable
from enum import StrEnum
from stat import S_ISDIR

from yester.engine.entries import Owner

Ids = tuple[int, int]
"""User and group by number."""


class OwnerMode(StrEnum):
    """How stored owners become local ones; the values are those of `--owner`."""

    AS_STORED = "as-stored"
    BY_NAME = "by-name"
    ME = "me"


def owner_map(mode: OwnerMode, me: Ids) -> Callable[[Owner], Ids]:
    """Return a function from a stored owner to (uid, gid) on this machine; it remembers names it looked up."""
    if mode is OwnerMode.ME:
        return lambda _: me
    return as_stored if mode is OwnerMode.AS_STORED else _ByName()


def as_stored(owner: Owner) -> Ids:
    """Return the numbers that the source's host used."""
    return owner.uid, owner.gid


def opened_mode(mode: int) -> int:
    """Return `mode` with what its owner needs to read it: a folder can be entered, anything can be read."""
    return mode | (0o500 if S_ISDIR(mode) else 0o400)


class _ByName:
    """Looks names up once each; a name that is unknown here keeps its number."""

    def __init__(self) -> None:
        self._users: dict[bytes, int | None] = {b"": None}
        self._groups: dict[bytes, int | None] = {b"": None}

    def __call__(self, owner: Owner) -> Ids:
        uid = _known(self._users, owner.user, lambda name: pwd.getpwnam(name).pw_uid)
        gid = _known(self._groups, owner.group, lambda name: grp.getgrnam(name).gr_gid)
        return owner.uid if uid is None else uid, owner.gid if gid is None else gid


def _known(names: dict[bytes, int | None], name: bytes, look_up: Callable[[str], int]) -> int | None:
    if name not in names:
        try:
            names[name] = look_up(name.decode())
        except (KeyError, ValueError):
            names[name] = None
    return names[name]
