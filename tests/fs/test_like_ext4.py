"""The mount beside the source mounted read-only, call by call: the same answer, or the same refusal."""

import ctypes
import errno
import fcntl
import mmap
import os
import socket
import stat
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.fs.mounting import World

pytestmark = pytest.mark.usefixtures("as_root")

LIBC = ctypes.CDLL(None, use_errno=True)
LONG = b"n" * 255
MANY = 5000
TEXT = b"0123456789abcdef" * 4096

Call = Callable[[bytes], Any]
"""What is asked of a path: comparable values, or an OSError."""


def build(top: Path) -> None:
    """One entry of each kind, and names at the limits."""
    (top / "file").write_bytes(TEXT)
    (top / "empty").touch()
    (top / "folder").mkdir()
    (top / "folder" / "inner").write_text("inner")
    os.link(top / "file", top / "second name")
    (top / "link").symlink_to("file")
    (top / "link to folder").symlink_to("folder")
    (top / "dangling").symlink_to("nowhere")
    (top / "loop").symlink_to("loop")
    os.mkfifo(top / "fifo")
    os.mknod(top / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(top / "socket"))
    with open(top / "sparse", "wb") as file:
        file.truncate(1 << 20)
        file.seek(300_000)
        file.write(b"data")
    Path(os.fsdecode(bytes(top) + b"/" + LONG)).write_text("long")
    Path(os.fsdecode(bytes(top) + b"/\xff\xfe")).write_text("odd")
    os.setxattr(top / "file", "user.mood", b"fine")
    os.setxattr(top / "folder", "user.mood", b"so so")
    (top / "many").mkdir()
    for number in range(MANY):
        (top / "many" / f"{number}").touch()


PATHS = (
    *(b"file", b"empty", b"folder", b"link", b"link to folder", b"dangling", b"loop", b"fifo", b"null", b"socket"),
    *(b"sparse", b"many", b"many/77", b"\xff\xfe", b"nowhere", b"nowhere/inner", b"file/inner", b"folder/inner"),
    *(b"second name", b".", b"folder/..", LONG, b"n" * 256, b"folder/" * 700, b"file/", b"link to folder/inner"),
)


@contextmanager
def opened(path: bytes, flags: int) -> Iterator[int]:
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def on_file(ask: Callable[[int], Any], flags: int = os.O_RDONLY) -> Call:
    """Ask something of the open file; only regular ones, since a device and a fifo are the kernel's."""

    def call(path: bytes) -> Any:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "no file"
        with opened(path, flags) as fd:
            return ask(fd)

    return call


def opening(flags: int) -> Call:
    def call(path: bytes) -> Any:
        with opened(path, flags):
            return "opened"

    return call


def by_libc(name: str, *arguments: Any) -> Call:
    def call(path: bytes) -> Any:
        if getattr(LIBC, name)(path, *arguments) == -1:
            raise OSError(ctypes.get_errno(), name)
        return "done"

    return call


def mapped(fd: int) -> Any:
    size = os.fstat(fd).st_size
    if not size:
        return "empty"
    with mmap.mmap(fd, size, prot=mmap.PROT_READ) as memory:
        return memory[:3], memory[size // 2 : size // 2 + 5], memory[-7:]


def mapped_for_writing(fd: int) -> Any:
    if not os.fstat(fd).st_size:
        return "empty"
    return mmap.mmap(fd, 1, prot=mmap.PROT_READ | mmap.PROT_WRITE).close()


def mapped_privately(fd: int) -> Any:
    with mmap.mmap(fd, 1, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as memory:
        memory[0] = 0x41
        return memory[:1], os.pread(fd, 1, 0) == b"A"


def locked(fd: int) -> Any:
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fcntl.flock(fd, fcntl.LOCK_UN)
    fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 0)
    found = fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 1, 0))
    fcntl.lockf(fd, fcntl.LOCK_UN)
    return struct.unpack("hhqqi4x", found)[0]


def watched(path: bytes) -> Any:
    queue = LIBC.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        number = LIBC.inotify_add_watch(queue, path, 0xFFF)
        if number == -1:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")
        if stat.S_ISREG(os.stat(path).st_mode):
            Path(os.fsdecode(path)).read_bytes()
        LIBC.inotify_rm_watch(queue, number)
        return number
    finally:
        os.close(queue)


def sent(fd: int) -> Any:
    with open("/dev/null", "wb") as sink:
        return os.sendfile(sink.fileno(), fd, 0, 1 << 20)


def copied_range(fd: int) -> Any:
    target = os.memfd_create("target")
    try:
        return os.copy_file_range(fd, target, 5000, 100)
    except OSError as error:
        # From one file system to another: each kernel has its own rules for what it copies itself.
        return "unsupported" if error.errno in (errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP) else error.errno
    finally:
        os.close(target)


def listed(path: bytes) -> Any:
    with os.scandir(path) as entries:
        return sorted((entry.name, entry.is_symlink(), entry.is_dir(follow_symlinks=False)) for entry in entries)


def status(one: os.stat_result) -> Any:
    is_folder = stat.S_ISDIR(one.st_mode)
    return (
        *(one.st_mode, one.st_nlink, one.st_uid, one.st_gid, one.st_size, one.st_rdev, one.st_mtime_ns),
        *(() if is_folder else (one.st_ctime_ns, one.st_blocks)),
    )


CALLS: dict[str, Call] = {
    "stat": lambda path: status(os.stat(path)),
    "lstat": lambda path: status(os.lstat(path)),
    "readlink": os.readlink,
    "list": listed,
    "count": lambda path: len(os.listdir(path)),
    "access": lambda path: [os.access(path, way) for way in (os.F_OK, os.R_OK, os.W_OK, os.X_OK)],
    "access of a link": lambda path: os.access(path, os.R_OK, follow_symlinks=False),
    "read-only": lambda path: bool(os.statvfs(path).f_flag & os.ST_RDONLY),
    "longest name": lambda path: os.statvfs(path).f_namemax,
    "read": on_file(lambda fd: os.read(fd, 1 << 20)),
    "read the end": on_file(lambda fd: os.pread(fd, 100, os.fstat(fd).st_size - 3) if os.fstat(fd).st_size > 3 else 0),
    "read past the end": on_file(lambda fd: os.pread(fd, 100, 1 << 40)),
    "read in parts": on_file(lambda fd: [len(os.pread(fd, 1000, at)) for at in (0, 999, 65_000, 65_536, 300_000)]),
    "readv": on_file(lambda fd: os.preadv(fd, [bytearray(10), bytearray(5)], 3)),
    "seek": on_file(lambda fd: [os.lseek(fd, 10, how) for how in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END)]),
    "seek before the beginning": on_file(lambda fd: os.lseek(fd, -1, os.SEEK_SET)),
    "map": on_file(mapped),
    "map for writing": on_file(mapped_for_writing),
    "map privately": on_file(lambda fd: mapped_privately(fd) if os.fstat(fd).st_size else "empty"),
    "lock": on_file(locked),
    "lock for writing": on_file(lambda fd: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    "sync": on_file(os.fsync),
    "advise": on_file(lambda fd: os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED)),
    "send": on_file(sent),
    "copy a range": on_file(copied_range),
    "write": on_file(lambda fd: os.write(fd, b"x")),
    "cut a file that is open": on_file(lambda fd: os.ftruncate(fd, 1)),
    "allocate": on_file(lambda fd: os.posix_fallocate(fd, 0, 1)),
    "change the mode of a file that is open": on_file(lambda fd: os.fchmod(fd, 0o600)),
    "open without following": on_file(lambda fd: os.fstat(fd).st_size, os.O_NOFOLLOW),
    "open as a path": opening(os.O_PATH | os.O_NOFOLLOW),
    "open as a folder": opening(os.O_DIRECTORY),
    "watch": watched,
    "names of attributes": lambda path: sorted(os.listxattr(path)),
    "an attribute": lambda path: os.getxattr(path, "user.mood"),
    "an attribute of a link": lambda path: os.getxattr(path, "user.mood", follow_symlinks=False),
    "an attribute that is not there": lambda path: os.getxattr(path, "user.nothing"),
    "an attribute of no kind": lambda path: os.getxattr(path, "mood"),
    "how long attributes are": by_libc("listxattr", None, 0),
    "attributes in too little room": by_libc("listxattr", ctypes.create_string_buffer(2), 2),
    "an attribute in too little room": by_libc("getxattr", b"user.mood", ctypes.create_string_buffer(1), 1),
    "open for writing": opening(os.O_WRONLY),
    "open for both": opening(os.O_RDWR),
    "open to cut": opening(os.O_WRONLY | os.O_TRUNC),
    "create": opening(os.O_CREAT | os.O_WRONLY),
    "create anew": opening(os.O_CREAT | os.O_EXCL | os.O_WRONLY),
    "a file without a name": opening(os.O_TMPFILE | os.O_RDWR),
    "make a folder": os.mkdir,
    "make a fifo": os.mkfifo,
    "make a device": lambda path: os.mknod(path, stat.S_IFCHR, os.makedev(1, 3)),
    "make a link": lambda path: os.symlink("x", path),
    "give a name": lambda path: os.link(path, path + b" again", follow_symlinks=False),
    "rename": lambda path: os.rename(path, path + b" again"),
    "remove": os.unlink,
    "remove a folder": os.rmdir,
    "cut": lambda path: os.truncate(path, 1),
    "change the mode": lambda path: os.chmod(path, 0o600),
    "change the owner": lambda path: os.chown(path, 1, 1, follow_symlinks=False),
    "change times": lambda path: os.utime(path, (1, 1), follow_symlinks=False),
    "set an attribute": lambda path: os.setxattr(path, "user.new", b"x"),
    "remove an attribute": lambda path: os.removexattr(path, "user.mood"),
    "go there": by_libc("chdir"),
}

LEFT_OUT = {
    # Open descriptors of devices are the kernel's, and the mount is nodev.
    (b"null", "open for writing"), (b"null", "open for both"), (b"null", "open to cut"), (b"null", "create"),
}  # fmt: skip


@contextmanager
def sides(world: World) -> Iterator[tuple[bytes, bytes]]:
    """The source mounted read-only, and its snapshot."""
    plain = world.root / "plain"
    plain.mkdir()
    subprocess.run(["mount", "--bind", world.source, plain], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro,nodev,nosuid", plain], check=True)
        with world.mounted():
            yield bytes(plain), bytes(world.latest)
    finally:
        subprocess.run(["umount", plain], check=True)


def answer(call: Call, top: bytes, path: bytes) -> Any:
    """What comes of a call, wherever it leads this process."""
    here = os.open(".", os.O_PATH)
    try:
        return call(top + b"/" + path)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    finally:
        os.fchdir(here)
        os.close(here)


def test_every_call_gets_the_same_answer_or_the_same_refusal(world: World) -> None:
    build(world.source)
    world.take()
    differing, met = [], dict[str, set[str]]()
    with sides(world) as (plain, mounted):
        for name, call in CALLS.items():
            for path in PATHS:
                expected, found = (answer(call, top, path) for top in (plain, mounted))
                met.setdefault(name, set()).add(str(expected)[:40])
                if expected != found and (path, name) not in LEFT_OUT:
                    differing.append((name, path[:40], str(expected)[:80], str(found)[:80]))
    assert differing == []
    # Something was granted, and something refused.
    assert {"ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"} <= met["stat"]
    assert met["make a folder"] >= {"EROFS", "EEXIST"}
    assert not {"opened"} & met["open for writing"]
