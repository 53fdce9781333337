"""Who runs this program, as the roles of archives ask for it (roles.py)."""

import grp
import os
import pwd
from pathlib import Path

from yester.engine.archive.roles import Person


def person_before(profile: Path) -> Person:
    """Return who runs this program, in front of a profile's file; its owner where there is no file."""
    uid = os.geteuid()
    try:
        owner = os.stat(profile).st_uid
    except FileNotFoundError:
        owner = uid
    groups = {name for gid in {os.getegid(), *os.getgroups()} for name in _group(gid)}
    return Person(_user(uid), frozenset(groups), uid in (0, owner))


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # as in a container
        return str(uid)


def _group(gid: int) -> tuple[str, ...]:
    try:
        return (grp.getgrgid(gid).gr_name,)
    except KeyError:
        return (str(gid),)
