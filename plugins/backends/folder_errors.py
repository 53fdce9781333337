"""What the operating system's errors mean for a store in a folder."""

import errno
import os
from dataclasses import dataclass

from yester.engine.errors import Broken, Denied, Full, Missing, Retry, StoreError


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an errno says to a person."""

    error: type[StoreError]
    hint: str = ""


_ROOM = Meaning(Full, "Make room there, then run the command again: what was stored so far is used.")
_RIGHTS = Meaning(Denied, "Check who owns that folder, its permissions, and whether it is mounted read-only.")
_READ_ONLY = Meaning(
    Denied,
    "Its drive is mounted read-only: look for a write-protect switch. Where there is none, the system found its file "
    "system damaged (`dmesg` says so; fsck mends it), or it was mounted so on purpose.",
)
DISK = Meaning(Broken, "Check the disk and its cabling (`dmesg`), or the network mount.")
_GONE = Meaning(
    Broken,
    "Was the drive pulled out, or the network mount lost? Connect it and run the command again: what was stored stays, "
    "and is used. Else check the disk and its cabling (`dmesg`).",
)
_AGAIN = Meaning(Retry)

MEANINGS = {
    errno.ENOENT: Meaning(Missing),
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _READ_ONLY,
    errno.EIO: _GONE,
    errno.ESTALE: _GONE,
    errno.ENOTCONN: _GONE,
    errno.ENODEV: _GONE,
    errno.ENXIO: _GONE,
    errno.ELOOP: Meaning(Broken, "An object is a file of its own, not a link to one."),
    errno.EAGAIN: _AGAIN,
    errno.EBUSY: _AGAIN,
    errno.ETIMEDOUT: _AGAIN,
    errno.EMFILE: _AGAIN,
    errno.ENFILE: _AGAIN,
    errno.ENOMEM: _AGAIN,
}


def meaning(error: OSError) -> Meaning:
    """Return what an error means; one that is not in the table is taken for a fault of the disk."""
    return MEANINGS.get(error.errno or 0, DISK)


def wording(error: OSError) -> str:
    """Return the system's words for an error, without number and file name."""
    return os.strerror(error.errno or 0)
