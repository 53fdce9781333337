"""What is in the target already: whether it is the same, and how it makes way.

Nothing that is there is written to. It is replaced or renamed as a whole, once the restored entry is complete under a
name of its own, so that damage in the repository or a full disk costs nobody the file he had; and a
file that somebody linked into the target from elsewhere keeps its content.
"""

import os
from stat import S_IFMT, S_ISBLK, S_ISCHR, S_ISDIR, S_ISLNK, S_ISREG

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry
from yester.engine.restore.places import Place
from yester.engine.restore.plan import Conflict, aside_name
from yester.engine.restore.report import Counts
from yester.engine.sealed.keys import blob_id
from yester.engine.trees.content import Content

_READ_SIZE = 1 << 20
_REPLACING = (Conflict.OVERWRITE, Conflict.NEWER)


class Conflicts:
    """Applies one policy to whatever has the name of a restored entry."""

    def __init__(self, policy: Conflict, label: bytes, source: BlobSource, id_key: bytes) -> None:
        """`label` is what names of entries that are kept aside end with; `id_key` makes ids of data blobs."""
        self.policy = policy
        self._label = label
        self._source = source
        self._id_key = id_key

    def stays(self, entry: Entry, status: os.stat_result) -> bool:
        """Tell whether what is there, of whatever content, is left as it is."""
        if self.policy is Conflict.NEWER:
            return entry.mtime_ns <= status.st_mtime_ns
        return self.policy is Conflict.SKIP

    def make_way(self, place: Place, name: bytes, counts: Counts) -> None:
        """Let an entry that is complete be renamed to `name`: rename what is there aside, or leave it to be replaced.

        OSError when that cannot be.
        """
        status = status_of(place, name)
        if status is None:
            return
        if self.policy in _REPLACING and (not S_ISDIR(status.st_mode) or _removed(place, name)):
            counts.replaced += 1
            return
        aside = aside_name(name, self._label, lambda other: status_of(place, other) is not None)
        os.rename(name, aside, src_dir_fd=place.fd, dst_dir_fd=place.fd)
        counts.set_aside += 1

    def clear(self, place: Place, name: bytes, counts: Counts) -> None:
        """Like `make_way`, for a directory, which cannot be renamed over a file: afterwards nothing has the name."""
        self.make_way(place, name, counts)
        if status_of(place, name) is not None:
            os.unlink(name, dir_fd=place.fd)

    def same(self, place: Place, entry: Entry, status: os.stat_result) -> bool:
        """Tell whether what is there has the type and content of `entry`. DamageError when that cannot be known."""
        mode = status.st_mode
        if S_IFMT(mode) != S_IFMT(entry.mode):
            return False
        if S_ISREG(mode):
            return status.st_size == entry.size and self._same_content(place, entry)
        if S_ISLNK(mode):
            return os.readlink(entry.name, dir_fd=place.fd) == entry.target
        if S_ISCHR(mode) or S_ISBLK(mode):
            return (os.major(status.st_rdev), os.minor(status.st_rdev)) == (entry.device or (0, 0))
        return True

    def _same_content(self, place: Place, entry: Entry) -> bool:
        """Compare by hashing what is there: the stored blobs need not be read."""
        try:
            fd = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place.fd)
        except OSError:
            return False
        try:
            content = Content.of(entry, self._source)
            offset = 0
            for blob, _, length in content.pieces(0, content.size):
                if not (_is_zeros(fd, offset, length) if blob is None else self._is_blob(fd, offset, length, blob)):
                    return False
                offset += length
            return True
        finally:
            os.close(fd)

    def _is_blob(self, fd: int, offset: int, length: int, blob: bytes) -> bool:
        return blob_id(self._id_key, os.pread(fd, length, offset)) == blob


def status_of(place: Place, name: bytes) -> os.stat_result | None:
    """Return what lstat says of an entry of the target, None when there is none."""
    try:
        return os.stat(name, dir_fd=place.fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def temporary_name() -> bytes:
    """Return a name for an entry that is not complete yet."""
    return b".yester-" + os.urandom(8).hex().encode()


def _removed(place: Place, name: bytes) -> bool:
    """Remove a directory if it is empty."""
    try:
        os.rmdir(name, dir_fd=place.fd)
    except OSError:
        return False
    return True


def _is_zeros(fd: int, offset: int, length: int) -> bool:
    """Tell whether a stretch of a file reads as zeros, without reading its holes."""
    end = offset + length
    while offset < end:
        try:
            offset = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError:
            return True
        if offset >= end:
            return True
        size = min(_READ_SIZE, end - offset)
        data = os.pread(fd, size, offset)
        if len(data) != size or data.count(0) != size:
            return False
        offset += size
    return True
