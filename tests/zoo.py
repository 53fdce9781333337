"""A tree with every kind of metadata that a snapshot keeps, one kind a folder.

`build(root)` makes it. A kind, or a single animal of a kind, is left out only where the file system, the kernel or
the caller's rights truly refuse it, and then `Zoo.refused` says which and why. `clear(root)` removes such a tree
again, whatever flags and modes its entries have.
"""

import errno
import fcntl
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from stat import S_IFBLK, S_IFCHR, S_IFSOCK, S_IMODE, S_ISDIR, S_ISREG

GET_FLAGS, SET_FLAGS = 0x80086601, 0x40086602
IMMUTABLE, APPEND, NODUMP, NOATIME, SYNC, DIRSYNC = 0x10, 0x20, 0x40, 0x80, 0x8, 0x10000

REFUSALS = {
    errno.EPERM,
    errno.EACCES,
    errno.ENOTSUP,
    errno.ENOSYS,
    errno.ENOTTY,
    errno.EINVAL,
    errno.ENOSPC,
    errno.E2BIG,
    errno.EFBIG,
    errno.EILSEQ,
    errno.EDQUOT,
}
"""What a file system answers when it cannot hold something."""

SECOND = 10**9
CROWD = 1200
"""Files of the crowded directory: more than the 1024 rows that a page of it has at most."""


@dataclass(slots=True)
class Zoo:
    """A built tree and the animals that could not be had, with the reason."""

    root: bytes
    refused: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def perhaps(self, animal: str) -> Iterator[None]:
        """Run the body; a refusal by the file system is noted, any other failure raises."""
        try:
            yield
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            self.refused[animal] = error.strerror or str(error)


Keeper = Callable[[Zoo, bytes], None]
KINDS: dict[str, Keeper] = {}


def kind(keeper: Keeper) -> Keeper:
    """Register the maker of one folder of the zoo."""
    KINDS[keeper.__name__] = keeper
    return keeper


def build(root: bytes | str | Path) -> Zoo:
    """Make the whole zoo in the new directory `root`."""
    zoo = Zoo(os.fsencode(root))
    os.mkdir(zoo.root)
    for name, keeper in KINDS.items():
        folder = os.path.join(zoo.root, name.encode())
        os.mkdir(folder)
        keeper(zoo, folder)
    if os.geteuid() != 0:
        _let_the_owner_read(zoo)
    return zoo


def _let_the_owner_read(zoo: Zoo) -> None:
    """Leave out modes that keep their owner from reading: nothing that this caller runs could copy such entries."""
    for path, mode in _top_down(zoo.root):
        needed = 0o500 if S_ISDIR(mode) else 0o400 if S_ISREG(mode) else 0
        if mode & needed != needed:
            os.chmod(path, S_IMODE(mode) | needed)
            zoo.refused[f"mode of {os.fsdecode(path)}"] = "its owner could not read it"


def clear(root: bytes | str | Path) -> None:
    """Remove a tree, immutable and unreadable entries included; nothing happens when it is not there."""
    top = os.fsencode(root)
    if not os.path.lexists(top):
        return
    for path, mode in _top_down(top):
        if S_ISREG(mode) or S_ISDIR(mode):
            _drop_flags(path)
        if S_ISDIR(mode):
            os.chmod(path, 0o700)
    shutil.rmtree(top)


def set_flags(path: bytes, flags: int) -> None:
    """Add inode flags (chattr) to a file or directory."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        now = struct.unpack("l", fcntl.ioctl(fd, GET_FLAGS, bytes(8)))[0]
        fcntl.ioctl(fd, SET_FLAGS, struct.pack("l", now | flags))
    finally:
        os.close(fd)


def acl(*rows: tuple[int, int, int]) -> bytes:
    """The kernel's bytes of a POSIX ACL: rows of (tag, permissions, id), sorted by tag."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)


NOBODY_IN_PARTICULAR = 0xFFFFFFFF
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
ACL_WITH_A_USER = acl(
    (USER_OBJ, 6, NOBODY_IN_PARTICULAR),
    (USER, 4, 1234),
    (GROUP_OBJ, 4, NOBODY_IN_PARTICULAR),
    (GROUP, 6, 4321),
    (MASK, 4, NOBODY_IN_PARTICULAR),
    (OTHER, 0, NOBODY_IN_PARTICULAR),
)
NET_BIND_SERVICE = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)


def write(path: bytes, content: bytes = b"", mode: int = 0o644) -> bytes:
    """Make a file of that content and mode; returns the path."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        os.fchmod(fd, mode)
    finally:
        os.close(fd)
    return path


def write_sparse(path: bytes, size: int, *pieces: tuple[int, bytes]) -> bytes:
    """Make a file of `size` bytes with data only at the given offsets; returns the path."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.ftruncate(fd, size)
        for offset, data in pieces:
            os.pwrite(fd, data, offset)
    finally:
        os.close(fd)
    return path


def noise(size: int, seed: int = 1) -> bytes:
    """Incompressible bytes, the same for the same seed."""
    return Random(seed).randbytes(size)


def dig(folder: bytes, levels: int) -> None:
    """Make directories below each other, each name of 100 bytes, a file at the bottom; 41 go beyond PATH_MAX."""
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for level in range(levels):
        name = b"%02d-" % (level % 100) + b"d" * 97
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open(b"bottom", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=here))
    os.close(here)


@kind
def contents(_: Zoo, folder: bytes) -> None:
    """Sizes around the limits of frames and chunks."""
    for size in (0, 1, 4095, 4096, 65535, 65536, 65537, 131071, 131072, 262144, 1048577, 3_000_000):
        write(folder + b"/noise-%d" % size, noise(size, size))
    write(folder + b"/zeros", bytes(300_000))
    write(folder + b"/text", b"all work and no play makes jack a dull boy\n" * 20_000)
    write(folder + b"/same-1", noise(50_000, 7))
    write(folder + b"/same-2", noise(50_000, 7))


@kind
def hard_links(_: Zoo, folder: bytes) -> None:
    """Link groups of files, symlinks and fifos, over several directories."""
    os.mkdir(folder + b"/below")
    write(folder + b"/file", b"one inode, three names")
    os.link(folder + b"/file", folder + b"/file-again")
    os.link(folder + b"/file", folder + b"/below/file")
    write(folder + b"/other", b"another group")
    os.link(folder + b"/other", folder + b"/below/other")
    os.symlink(b"nowhere", folder + b"/link")
    os.link(folder + b"/link", folder + b"/below/link", follow_symlinks=False)
    os.mkfifo(folder + b"/pipe")
    os.link(folder + b"/pipe", folder + b"/pipe-again")
    write(folder + b"/alone", b"the same size as any other")


@kind
def sparse(zoo: Zoo, folder: bytes) -> None:
    """Holes at the front, in the middle, at the end, everywhere; many of them."""
    mib = 1 << 20
    write_sparse(folder + b"/leading", 2 * mib, (mib, noise(mib)))
    write_sparse(folder + b"/middle", 3 * mib, (0, noise(mib)), (2 * mib, noise(mib, 2)))
    write_sparse(folder + b"/trailing", 3 * mib, (0, noise(mib)))
    write_sparse(folder + b"/empty", 5 * mib)
    write_sparse(folder + b"/tail", mib + 5, (mib, b"five!"))
    write_sparse(folder + b"/odd", mib + 1234, (65536, b"x" * 100), (300_000, b"y" * 5000))
    write_sparse(folder + b"/many", 100 * 65536, *((i * 65536, noise(4096, i)) for i in range(100)))
    write_sparse(folder + b"/zeros-and-hole", 2 * mib, (0, bytes(mib)))
    with zoo.perhaps("a sparse terabyte"):
        write_sparse(folder + b"/terabyte", 1 << 40, (1 << 39, b"half way"))


@kind
def boundary(zoo: Zoo, folder: bytes) -> None:
    """Sizes around 4 GiB."""
    for size in (2**32 - 1, 2**32, 2**32 + 1, 2**31):
        with zoo.perhaps(f"a file of {size} bytes"):
            write_sparse(folder + b"/%d" % size, size, (0, b"first"), (size - 4, b"last"))


@kind
def attributes(zoo: Zoo, folder: bytes) -> None:
    """Extended attributes of every name space, with odd names, values and sizes."""
    for name in (b"user.plain", b"trusted.plain", b"security.plain"):
        path = write(folder + b"/" + name, b"attributed")
        with zoo.perhaps(f"attribute {name.decode()}"):
            os.setxattr(path, name, b"value")
    odd = {
        b"user.empty": b"",
        b"user.\xff\xfe": b"a name that is not UTF-8",
        b"user.new\nline": b"a name\nof two lines",
        b"user.caf\xc3\xa9": b"caf\xe9",
        b"user." + b"n" * 250: b"a name of 255 bytes",
        b"user.zero": b"\0\0\0",
    }
    path = write(folder + b"/odd", b"odd")
    for key, value in odd.items():
        with zoo.perhaps(f"attribute {key[:20]!r}"):
            os.setxattr(path, key, value)
    path = write(folder + b"/many")
    for number in range(100):
        with zoo.perhaps("a hundred attributes"):
            os.setxattr(path, b"user.%03d" % number, b"v")
    for size in (900, 1100, 3000, 60_000):
        path = write(folder + b"/value-%d" % size)
        with zoo.perhaps(f"an attribute of {size} bytes"):
            os.setxattr(path, b"user.large", noise(size))
    os.mkdir(folder + b"/directory")
    with zoo.perhaps("attribute of a directory"):
        os.setxattr(folder + b"/directory", b"user.colour", b"blue")
    os.symlink(b"target", folder + b"/symlink")
    os.mkfifo(folder + b"/fifo")
    for name in (b"symlink", b"fifo"):
        with zoo.perhaps(f"trusted attribute of a {name.decode()}"):
            os.setxattr(folder + b"/" + name, b"trusted.plain", b"value", follow_symlinks=False)


@kind
def acls(zoo: Zoo, folder: bytes) -> None:
    """POSIX ACLs, as the kernel's own bytes."""
    with zoo.perhaps("ACL of a file"):
        os.setxattr(write(folder + b"/file"), b"system.posix_acl_access", ACL_WITH_A_USER)
    os.mkdir(folder + b"/directory")
    with zoo.perhaps("default ACL"):
        os.setxattr(folder + b"/directory", b"system.posix_acl_default", ACL_WITH_A_USER)
        write(folder + b"/directory/heir")
        os.mkdir(folder + b"/directory/below")
        os.removexattr(write(folder + b"/directory/disinherited"), b"system.posix_acl_access")
    with zoo.perhaps("ACL of a directory"):
        os.setxattr(folder + b"/directory", b"system.posix_acl_access", ACL_WITH_A_USER)


@kind
def capabilities(zoo: Zoo, folder: bytes) -> None:
    """File capabilities, of a file of the caller's and of a stranger's."""
    with zoo.perhaps("capability"):
        os.setxattr(write(folder + b"/mine", b"#!/bin/true\n", 0o755), b"security.capability", NET_BIND_SERVICE)
    with zoo.perhaps("capability of another's file"):
        path = write(folder + b"/another's", b"#!/bin/true\n", 0o755)
        os.chown(path, 1234, 4321)
        os.setxattr(path, b"security.capability", NET_BIND_SERVICE)


@kind
def specials(zoo: Zoo, folder: bytes) -> None:
    """Fifos, sockets, character and block devices."""
    os.mkfifo(folder + b"/fifo", 0o640)
    with zoo.perhaps("socket"):
        os.mknod(folder + b"/socket", S_IFSOCK | 0o755)
    for name, mode, number in (
        (b"null", S_IFCHR, (1, 3)),
        (b"disk", S_IFBLK, (259, 70000)),
        (b"whiteout", S_IFCHR, (0, 0)),
    ):
        with zoo.perhaps(f"device {name.decode()}"):
            os.mknod(folder + b"/" + name, mode | 0o660, os.makedev(*number))
    with zoo.perhaps("setuid fifo of another"):
        os.mkfifo(folder + b"/odd-fifo")
        os.chown(folder + b"/odd-fifo", 12, 34)
        os.chmod(folder + b"/odd-fifo", 0o6755)


@kind
def symlinks(zoo: Zoo, folder: bytes) -> None:
    """Targets of every sort; none of them is ever followed."""
    for name, target in {
        b"relative": b"../contents/text",
        b"absolute": b"/etc/passwd",
        b"dangling": b"no/such/thing",
        b"loop": b"loop",
        b"bytes": b"\xff\xfe/\n",
        b"long": b"x" * 4000,
        b"to-a-directory": b"..",
    }.items():
        with zoo.perhaps(f"symlink {name.decode()}"):
            os.symlink(target, folder + b"/" + name)
    with zoo.perhaps("symlink of another"):
        os.chown(folder + b"/relative", 1234, 4321, follow_symlinks=False)


NAMES = (
    b"\xff\xfe invalid \x80",
    b"new\nline",
    b"-rf",
    b"--help",
    b" leading and trailing ",
    b"...",
    b"tab\tand\rreturn",
    bytes(range(1, 32)),
    b"\x7f",
    b"\xe2\x80\xae right to left",
    "\U0001f40b\u200d\u2744".encode(),
    "e\u0301 decomposed".encode(),
    "\u00e9 composed".encode(),
    b"back\\slash",
    b"quote'\"`$(true)",
    b"*?[glob]",
    b"n" * 255,
    b"\xc3" * 255,
    b"~",
    b"#comment",
    b"CON",
    b"case",
    b"CASE",
)


@kind
def names(zoo: Zoo, folder: bytes) -> None:
    """Every name that a file may have and a program may trip over; of files and of directories."""
    os.mkdir(folder + b"/directories")
    for name in NAMES:
        with zoo.perhaps(f"name {name[:12]!r}"):
            write(folder + b"/" + name, name)
            os.mkdir(folder + b"/directories/" + name)
            write(folder + b"/directories/" + name + b"/inside", name)


@kind
def modes(zoo: Zoo, folder: bytes) -> None:
    """Permission bits, setuid, setgid and sticky, and none at all."""
    for mode in (0o000, 0o200, 0o400, 0o444, 0o777, 0o1644, 0o2755, 0o4755, 0o6711, 0o7777):
        write(folder + b"/file-%04o" % mode, b"mode", mode)
        os.mkdir(folder + b"/dir-%04o" % mode)
        write(folder + b"/dir-%04o" % mode + b"/inside", b"inside")
        os.chmod(folder + b"/dir-%04o" % mode, mode)
    with zoo.perhaps("setuid of another"):
        path = write(folder + b"/setuid-of-another", b"s")
        os.chown(path, 1234, 4321)
        os.chmod(path, 0o6755)
    with zoo.perhaps("directory of another"):
        os.mkdir(folder + b"/dir-of-another")
        os.chown(folder + b"/dir-of-another", 1234, 4321)
        os.chmod(folder + b"/dir-of-another", 0o2750)
    with zoo.perhaps("owners beyond 16 and 31 bits"):
        os.chown(write(folder + b"/high-owner"), 70000, 4_000_000_000)


@kind
def directories(_: Zoo, folder: bytes) -> None:
    """Empty, deep, read-only and crowded ones."""
    os.mkdir(folder + b"/empty")
    os.mkdir(folder + b"/read-only")
    write(folder + b"/read-only/file", b"in a directory without write permission", 0o444)
    os.mkdir(folder + b"/read-only/below")
    os.chmod(folder + b"/read-only/below", 0o555)
    os.chmod(folder + b"/read-only", 0o555)
    dig(folder, 30)
    os.mkdir(folder + b"/crowded")
    for number in range(CROWD):
        write(folder + b"/crowded/%06d" % number, b"%d" % number)


@kind
def flags(zoo: Zoo, folder: bytes) -> None:
    """Inode flags (chattr), immutable ones among them, on files, hard links and directories."""
    for name, bits in (
        (b"nodump", NODUMP),
        (b"noatime", NOATIME),
        (b"sync", SYNC),
        (b"append", APPEND),
        (b"immutable", IMMUTABLE),
        (b"several", NODUMP | NOATIME | IMMUTABLE),
    ):
        path = write(folder + b"/" + name, b"flagged")
        with zoo.perhaps(f"flag {name.decode()}"):
            set_flags(path, bits)
    path = write(folder + b"/a-linked", b"immutable, with two names")
    os.link(path, folder + b"/z-linked")
    with zoo.perhaps("flag of a hard link"):
        set_flags(path, IMMUTABLE)
    for name, bits in ((b"dir-nodump", NODUMP), (b"dir-immutable", IMMUTABLE), (b"dir-append", APPEND)):
        os.mkdir(folder + b"/" + name)
        write(folder + b"/" + name + b"/inside", b"inside")
        with zoo.perhaps(f"flag {name.decode()}"):
            set_flags(folder + b"/" + name, bits)


@kind
def times(zoo: Zoo, folder: bytes) -> None:
    """Times in ns, before 1970 and after 2106 too, of everything; the last kind, since it sets those of all folders."""
    for seconds in (-(2**31), -1, 0, 1, 2**31 - 1, 2**31, 2**32 + 5, 9_999_999_999):
        ns = seconds * SECOND + 123_456_789
        with zoo.perhaps(f"time {seconds}"):
            path = write(folder + b"/file-%d" % seconds)
            os.utime(path, ns=(ns, ns))
            os.mkdir(folder + b"/dir-%d" % seconds)
            write(folder + b"/dir-%d" % seconds + b"/inside")
            os.utime(folder + b"/dir-%d" % seconds, ns=(ns, ns))
            os.symlink(b"x", folder + b"/link-%d" % seconds)
            os.utime(folder + b"/link-%d" % seconds, ns=(ns, ns), follow_symlinks=False)
            os.mkfifo(folder + b"/fifo-%d" % seconds)
            os.utime(folder + b"/fifo-%d" % seconds, ns=(ns, ns))
    top = os.path.dirname(folder)
    for number, path in enumerate(os.path.join(top, name.encode()) for name in KINDS):
        os.utime(path, ns=(number * SECOND, number * SECOND + 1))
    os.utime(top, ns=(SECOND, 5 * SECOND + 5))


def _top_down(top: bytes) -> Iterator[tuple[bytes, int]]:
    """Every entry that a full path can still name; deeper ones carry no flags in a zoo."""
    todo = [top]
    while todo:
        path = todo.pop()
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                continue
            raise
        yield path, mode
        if S_ISDIR(mode) and len(path) < 4000:
            todo.extend(os.path.join(path, name) for name in os.listdir(path))


def _drop_flags(path: bytes) -> None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        return
    try:
        now = struct.unpack("l", fcntl.ioctl(fd, GET_FLAGS, bytes(8)))[0]
        if now & (IMMUTABLE | APPEND):
            fcntl.ioctl(fd, SET_FLAGS, struct.pack("l", now & ~(IMMUTABLE | APPEND)))
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
    finally:
        os.close(fd)
