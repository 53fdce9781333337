"""Compare two trees, entry by entry, in everything that a snapshot keeps.

`compare(source, copy)` returns the differences; an empty list means that the copy is faithful. What cannot be
restored by anyone (ctime, birth time) is not looked at, neither is atime.
"""

import errno
import fcntl
import os
import struct
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_IFMT, S_IMODE, S_ISBLK, S_ISCHR, S_ISDIR, S_ISLNK, S_ISREG

FLAGS_KEPT = 0x8 | 0x10 | 0x20 | 0x40 | 0x80 | 0x10000
"""sync, immutable, append, nodump, noatime, dirsync."""
HOST_ATTRIBUTES = {b"security.selinux"}
"""Attributes that the host puts on every file by its own policy."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect of one entry that is not the same."""

    path: bytes
    aspect: str
    source: object
    copy: object

    def __str__(self) -> str:
        return f"{self.path!r}: {self.aspect}: {self.source!r:.200} -> {self.copy!r:.200}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry of a tree: its directory, open, its name, what lstat said, and where it is reached by path."""

    parent: int
    name: bytes
    stat: os.stat_result

    @property
    def handle(self) -> str:
        """A path of any depth, by way of the open directory."""
        return f"/proc/self/fd/{self.parent}/{os.fsdecode(self.name)}"


def compare(
    source: bytes | str | Path, copy: bytes | str | Path, *, ignore: Collection[str] = (), top: bool = True
) -> list[Difference]:
    """Return every difference.

    `ignore` names aspects: keys of ASPECTS, "links", "presence". `top` false leaves out the two roots' own aspects.
    """
    comparison = _Comparison({name: look for name, look in ASPECTS.items() if name not in ignore})
    comparison.directory(os.fsencode(source), os.fsencode(copy), top=top)
    found = comparison.differences
    if "links" not in ignore:
        found += comparison.link_differences()
    return [each for each in found if each.aspect not in ignore]


class _Comparison:
    def __init__(self, aspects: dict[str, Callable[[Seen], object]]) -> None:
        self.aspects = aspects
        self.differences: list[Difference] = []
        self.groups: tuple[dict[tuple[int, int], list[bytes]], dict[tuple[int, int], list[bytes]]] = (
            defaultdict(list),
            defaultdict(list),
        )

    def directory(self, source: bytes, copy: bytes, *, top: bool) -> None:
        pair = [os.open(os.path.dirname(path) or b".", os.O_PATH | os.O_DIRECTORY) for path in (source, copy)]
        try:
            a, b = (_see(fd, os.path.basename(path)) for fd, path in zip(pair, (source, copy), strict=True))
            self.entry(b".", a, b, own=top)
        finally:
            for fd in pair:
                os.close(fd)

    def entry(self, path: bytes, a: Seen | None, b: Seen | None, *, own: bool = True) -> None:
        if a is None or b is None:
            self.differences.append(Difference(path, "presence", a is not None, b is not None))
            return
        if own and not self.same_aspects(path, a, b):
            return
        if S_ISDIR(a.stat.st_mode) and S_ISDIR(b.stat.st_mode):
            self.below(path, a, b)
            return
        for seen, group in zip((a, b), self.groups, strict=True):
            if seen.stat.st_nlink > 1:
                group[seen.stat.st_dev, seen.stat.st_ino].append(path)

    def same_aspects(self, path: bytes, a: Seen, b: Seen) -> bool:
        """Note the differences of one entry; False when the types differ, and nothing else can be compared."""
        if S_IFMT(a.stat.st_mode) != S_IFMT(b.stat.st_mode):
            self.differences.append(Difference(path, "type", oct(a.stat.st_mode), oct(b.stat.st_mode)))
            return False
        for aspect, look in self.aspects.items():
            x, y = look(a), look(b)
            if x != y:
                self.differences.append(Difference(path, aspect, x, y))
        if S_ISREG(a.stat.st_mode) and "content" in self.aspects:
            self.differences += _content_differences(path, a, b)
        return True

    def below(self, path: bytes, a: Seen, b: Seen) -> None:
        with _opened(a, os.O_RDONLY | os.O_DIRECTORY) as x, _opened(b, os.O_RDONLY | os.O_DIRECTORY) as y:
            for name in sorted({os.fsencode(each) for fd in (x.fd, y.fd) for each in os.listdir(fd)}):
                self.entry(path + b"/" + name, _see(x.fd, name), _see(y.fd, name))

    def link_differences(self) -> list[Difference]:
        a, b = ({path: tuple(paths) for paths in groups.values() for path in paths} for groups in self.groups)
        alone: tuple[bytes, ...] = ()
        return [
            Difference(path, "links", a.get(path, alone), b.get(path, alone))
            for path in sorted(set(a) | set(b))
            if _group(a, path) != _group(b, path)
        ]


def _group(groups: dict[bytes, tuple[bytes, ...]], path: bytes) -> tuple[bytes, ...]:
    """The members of a path's group within the tree; links from outside do not count."""
    members = groups.get(path, ())
    return members if len(members) > 1 else ()


def _see(parent: int, name: bytes) -> Seen | None:
    try:
        return Seen(parent, name, os.stat(name, dir_fd=parent, follow_symlinks=False))
    except FileNotFoundError:
        return None


class _opened:
    """Context manager: an entry's own descriptor."""

    def __init__(self, seen: Seen, flags: int) -> None:
        self.fd = os.open(seen.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=seen.parent)

    def __enter__(self) -> "_opened":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def attributes(seen: Seen) -> dict[bytes, bytes] | None:
    """All extended attributes, ACLs and capabilities among them; None where there can be none."""
    try:
        found = [os.fsencode(name) for name in os.listxattr(seen.handle, follow_symlinks=False)]
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise
    return {
        name: os.getxattr(seen.handle, name, follow_symlinks=False) for name in found if name not in HOST_ATTRIBUTES
    }


def inode_flags(seen: Seen) -> int:
    """The chattr flags of a file or directory; 0 where there are none."""
    if not (S_ISREG(seen.stat.st_mode) or S_ISDIR(seen.stat.st_mode)):
        return 0
    with _opened(seen, os.O_RDONLY) as own:
        try:
            flags: int = struct.unpack("l", fcntl.ioctl(own.fd, 0x80086601, bytes(8)))[0]
        except OSError as error:
            if error.errno in (errno.ENOTTY, errno.ENOTSUP, errno.ENOSYS):
                return 0
            raise
    return flags & FLAGS_KEPT


def data_extents(seen: Seen) -> tuple[tuple[int, int], ...]:
    """Where a regular file has data: (start, end) pairs, as SEEK_DATA and SEEK_HOLE tell."""
    if not S_ISREG(seen.stat.st_mode):
        return ()
    with _opened(seen, os.O_RDONLY) as own:
        return tuple(_extents(own.fd, seen.stat.st_size))


def _extents(fd: int, size: int) -> Iterator[tuple[int, int]]:
    end = 0
    while end < size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, end


def _content_differences(path: bytes, a: Seen, b: Seen) -> list[Difference]:
    """Compare what is in two files, extent by extent, so that a sparse terabyte takes no time."""
    if a.stat.st_size != b.stat.st_size:
        return []
    with _opened(a, os.O_RDONLY) as x, _opened(b, os.O_RDONLY) as y:
        spans = {*_extents(x.fd, a.stat.st_size), *_extents(y.fd, b.stat.st_size)}
        for start, end in sorted(spans):
            for offset in range(start, end, 1 << 20):
                size = min(1 << 20, end - offset)
                if os.pread(x.fd, size, offset) != os.pread(y.fd, size, offset):
                    return [Difference(path, "content", offset, offset)]
    return []


def _target(seen: Seen) -> bytes:
    return os.readlink(seen.name, dir_fd=seen.parent) if S_ISLNK(seen.stat.st_mode) else b""


ASPECTS: dict[str, Callable[[Seen], object]] = {
    "mode": lambda seen: oct(S_IMODE(seen.stat.st_mode)),
    "owner": lambda seen: (seen.stat.st_uid, seen.stat.st_gid),
    "mtime": lambda seen: seen.stat.st_mtime_ns,
    "size": lambda seen: None if S_ISDIR(seen.stat.st_mode) else seen.stat.st_size,
    "target": _target,
    "device": lambda seen: seen.stat.st_rdev if S_ISCHR(seen.stat.st_mode) or S_ISBLK(seen.stat.st_mode) else None,
    "attributes": attributes,
    "flags": inode_flags,
    "holes": data_extents,
    "content": lambda _: None,
}
"""What is compared, by the name that `ignore` takes; "content" is compared by reading both side by side."""
