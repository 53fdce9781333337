"""Whose a shown file is: as stored, by name on this machine, or all mine."""

import grp
import pwd
from collections.abc import Callable
from enum import Enum
from stat import S_ISDIR

from yester.engine.entries import Owner

Ids = tuple[int, int]


class OwnerMode(Enum):
    """How stored owners become local ones."""

    AS_STORED = "as-stored"
    BY_NAME = "by-name"
    ME = "me"


def owner_map(mode: OwnerMode, me: Ids) -> Callable[[Owner], Ids]:
    """A function from a stored owner to (uid, gid) on this machine."""
    if mode is OwnerMode.ME:
        return lambda _: me
    return as_stored if mode is OwnerMode.AS_STORED else _ByName()


def as_stored(owner: Owner) -> Ids:
    """The numbers that the source's host used."""
    return owner.uid, owner.gid


class _ByName:
    """Looks names up once each; a name unknown here keeps its number."""

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
        except (KeyError, UnicodeDecodeError):
            names[name] = None
    return names[name]


def opened_mode(mode: int) -> int:
    """`mode` with what its owner needs to read it: a folder can be entered, anything can be read."""
    return mode | (0o500 if S_ISDIR(mode) else 0o400)
