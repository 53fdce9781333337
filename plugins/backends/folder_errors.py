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
DISK = Meaning(Broken, "Check the disk and its cabling (`dmesg`), or the network mount.")
_AGAIN = Meaning(Retry)

MEANINGS = {
    errno.ENOENT: Meaning(Missing),
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.EIO: DISK,
    errno.ESTALE: DISK,
    errno.ENOTCONN: DISK,
    errno.ENODEV: DISK,
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
