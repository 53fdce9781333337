"""Small numbers for profiles, as Back In Time has them: each profile of this machine keeps its number for life.

They are lines of JSON in the state folder, which are only ever added: a number is never given to another profile, also
when its own is gone. A profile that was imported keeps the number that it had, where that is free. With the number
goes a tag of three digits, which ends the names of the profile's snapshots there (a SID).
"""

import fcntl
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec

from yester.engine.errors import YesterError
from yester.engine.places import Places, unwritable

_NAME = "profile-numbers"


class Numbered(msgspec.Struct, frozen=True):
    """One profile's number."""

    number: int
    id: str
    """The profile's id, hex."""
    tag: str
    name: str
    """What the profile was called when the number was given."""


class Wanted(msgspec.Struct, frozen=True):
    """A profile that is to have a number, and which one it would like, if any."""

    id: str
    name: str
    number: int = 0
    tag: str = ""


def known_numbers(places: Places) -> list[Numbered]:
    """Return the numbers that were given so far. YesterError when the file cannot be read."""
    path = places.state / _NAME
    try:
        return _read(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise YesterError(f"{path} cannot be read: {problem.strerror}") from None


def numbers_of(places: Places, wanted: Iterable[Wanted]) -> dict[str, Numbered]:
    """Return the numbers of profiles by id, new ones given in their order. YesterError when they cannot be kept."""
    wanted = list(wanted)
    known = {each.id: each for each in known_numbers(places)}
    if any(each.id not in known for each in wanted):
        path = places.state / _NAME
        try:
            known = _given(path, wanted)
        except OSError as problem:
            raise unwritable(path, problem) from None
    return {each.id: known[each.id] for each in wanted}


def _given(path: Path, wanted: Iterable[Wanted]) -> dict[str, Numbered]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        data = file.read()
        known = {each.id: each for each in _read(data)}
        lines = []
        for each in wanted:
            if each.id not in known:
                known[each.id] = _numbered(each, [other.number for other in known.values()])
                lines.append(msgspec.json.encode(known[each.id]) + b"\n")
        # A line that a crash cut short stays behind, ended.
        torn = b"\n" if data and not data.endswith(b"\n") else b""
        file.seek(0, os.SEEK_END)
        file.write(torn + b"".join(lines))
        os.fsync(file.fileno())
    return known


def _numbered(wanted: Wanted, taken: list[int]) -> Numbered:
    number = wanted.number if wanted.number > 0 and wanted.number not in taken else max(taken, default=0) + 1
    tag = wanted.tag if len(wanted.tag) == 3 and wanted.tag.isascii() and wanted.tag.isdecimal() else ""
    return Numbered(number, wanted.id, tag or str(100 + secrets.randbelow(900)), wanted.name)


def _read(data: bytes) -> list[Numbered]:
    found = []
    for line in data.splitlines():
        try:
            found.append(msgspec.json.decode(line, type=Numbered))
        except msgspec.DecodeError:
            continue  # cut short by a crash: what it gave was told nobody
    return found
