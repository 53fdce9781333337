"""Inode numbers: which entry of which snapshot a number means, for ever.

A number is *space* x 2^32 + *ordinal*. Space 0 holds the view folders, space n the entries of the n-th snapshot
that this client ever showed, by their preorder ordinal (docs/format.md, section 6). The second quarter of the spaces is
for snapshots that are shown once more, the upper half for versions (fs/versions/nodes.py). So a number is turned into
an entry by a descent, and no table of what was visited is kept. Numbers stay below 2^53, because programs in languages
whose numbers are floating point meet them.

The numbers of snapshots, and of the folders and tag links of views, are kept in append-only files of the client's
state folder: the n-th line of a file names what n belongs to. A line is never removed, so a number is never used
again, also when its snapshot is forgotten.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NewType

from yester.engine.errors import YesterError

Inode = NewType("Inode", int)

ORDINAL_BITS = 32
ORDINAL_MASK = (1 << ORDINAL_BITS) - 1
SPACES = 1 << 21
"""2^53 / 2^32."""

ROOT = Inode(1)
LATEST = Inode(2)
SNAPSHOTS = Inode(3)
IDS = Inode(4)
HOSTS = Inode(5)
TAGS = Inode(6)
VERSIONS = Inode(7)
ZFS = Inode(8)
ZFS_SNAPSHOTS = Inode(9)

ALIASES = SPACES >> 2
"""What is added to a snapshot's number where it is shown once more: a folder must not have two names."""

_FOLDERS = 1 << 16
_LINKS = 1 << 31


def inode_of(space: int, ordinal: int) -> Inode:
    """The number of entry `ordinal` of the snapshot with number `space`."""
    return Inode(space << ORDINAL_BITS | ordinal)


def folder_inode(number: int) -> Inode:
    """The number of the view folder, or of the link in tags/TAG, that was numbered `number`, from 1."""
    return Inode(_FOLDERS + number)


def link_inode(space: int) -> Inode:
    """The number of the link ids/ID of the snapshot with number `space`."""
    return Inode(_LINKS + space)


def host_link_inode(space: int) -> Inode:
    """The number of the link hosts/HOST/PROFILE/TIME of the snapshot with number `space`."""
    return Inode(_LINKS + SPACES + space)


class Numbers:
    """Names to numbers from 1, kept in a file; any number of processes may add to it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers: dict[str, int] = {}
        self._size = 0

    def of(self, names: Iterable[str]) -> dict[str, int]:
        """The numbers of `names`, new ones given out in their order. YesterError when they cannot be kept."""
        names = list(names)
        if any(name not in self._numbers for name in names):
            try:
                self._add(names)
            except OSError as error:
                raise YesterError(
                    f"Cannot keep inode numbers in {self._path}: {error.strerror}",
                    hint="Make the state folder writable, or set XDG_STATE_HOME to one that is.",
                ) from error
        return {name: self._numbers[name] for name in names}

    def _add(self, names: list[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with open(fd, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._read(file.read())
            new = [name for name in dict.fromkeys(names) if name not in self._numbers]
            if new:
                self._append(fd, new)

    def _read(self, data: bytes) -> None:
        lines = data.decode(errors="replace").splitlines()
        self._numbers = {line: number for number, line in reversed(list(enumerate(lines, 1)))}
        self._size = len(lines)
        self._torn = bool(data) and not data.endswith(b"\n")

    def _append(self, fd: int, new: list[str]) -> None:
        # A line that a crash cut short stays behind as a number that nothing has.
        text = ("\n" if self._torn else "") + "".join(f"{name}\n" for name in new)
        os.lseek(fd, 0, os.SEEK_END)
        os.write(fd, text.encode())
        os.fsync(fd)
        for name in new:
            self._size += 1
            self._numbers[name] = self._size
