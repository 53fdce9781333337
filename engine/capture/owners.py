"""Names of users and groups, asked of the system once each."""

import grp
import pwd

from yester.engine.entries import Owner
from yester.engine.trees.page_builder import Owners

_FS_ENCODING = ("utf-8", "surrogateescape")


class OwnerRows(dict[tuple[int, int], int]):
    """(uid, gid) → row in the owner table that all directories of a run share."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Owners()

    def __missing__(self, key: tuple[int, int]) -> int:
        row = self[key] = self.table.row(self.owner(*key))
        return row

    def owner(self, uid: int, gid: int) -> Owner:
        """Return the owner with the names that this host gives them; empty where it knows none."""
        return Owner(uid, gid, _user_name(uid), _group_name(gid))


def _user_name(uid: int) -> bytes:
    try:
        return pwd.getpwuid(uid).pw_name.encode(*_FS_ENCODING)
    except KeyError:
        return b""


def _group_name(gid: int) -> bytes:
    try:
        return grp.getgrgid(gid).gr_name.encode(*_FS_ENCODING)
    except KeyError:
        return b""
