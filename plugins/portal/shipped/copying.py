"""Copying files whole or not at all, and only if they are what they should be."""

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path

_CHUNK = 1 << 20
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
"""What file systems say that know no such thing, as some do which programs serve: LTFS is one of these."""


class Unlike(Exception):
    """A file is not the content that it should be."""


def copy_checked(source: Path, target: Path, sha1: str) -> None:
    """Copy a file to a name that it gets when it is whole and on the disk. Unlike, OSError: then nothing is there."""
    fresh = target.with_name(f".{target.name[:200]}-{os.urandom(8).hex()}")
    try:
        with (
            open(source, "rb") as reader,
            open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as writer,
        ):
            digest = hashlib.sha1(usedforsecurity=False)
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                writer.write(chunk)
            writer.flush()
            os.fsync(writer.fileno())
        if digest.hexdigest() != sha1:
            raise Unlike(f"{source} is not what it was: its SHA-1 is {digest.hexdigest()}, not {sha1}")
        os.replace(fresh, target)
        _sync(target.parent)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(fresh)


def is_like(path: Path, sha1: str) -> bool:
    """Whether a file has a content, which is read for it. OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.sha1(usedforsecurity=False)).hexdigest() == sha1


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as problem:
        if problem.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)
