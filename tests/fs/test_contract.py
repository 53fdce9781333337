"""docs/mount.md, line by line: what a program gets from the mount, compared with the source call by call."""

import ctypes
import errno
import mmap
import os
import re
import socket
import stat
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from tests.comparison import compare
from tests.fs.mounting import World

NAMES = 3000
LIBC = ctypes.CDLL(None, use_errno=True)
NOBODY = 4001
GUEST = 4002
root_only = pytest.mark.usefixtures("as_root")


class Shown(NamedTuple):
    """A source and what the mount shows of it."""

    source: Path
    copy: Path
    world: World


@pytest.fixture(scope="module")
def shown() -> Iterator[Shown]:
    # Outside the tests' own folder, below which nothing may be mounted when a test ends.
    with TemporaryDirectory(prefix="yester-test-") as folder:
        world = World(Path(folder).resolve())
        fill(world.source)
        world.take()
        with world.mounted():
            yield Shown(world.source, world.latest, world)


def fill(source: Path) -> None:
    """Make what the tests look at."""
    source.chmod(0o755)
    (source / "text").write_text("some text\n" * 1000)
    (source / "large").write_bytes(os.urandom(1 << 20) * 3 + b"end")
    (source / "empty").touch()
    os.link(source / "text", source / "another name")
    (source / "link").symlink_to("text")
    os.link(source / "link", source / "link too", follow_symlinks=False)
    (source / "folder").mkdir()
    os.link(source / "text", source / "folder" / "third name")
    os.mkfifo(source / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(source)
        listening.bind("socket")
        os.chdir(here)
    with open(source / "sparse", "wb") as sparse:
        sparse.seek(5 << 20)
        sparse.write(b"island")
        sparse.truncate(64 << 20)
    (source / "raw \xff name\n".encode("latin1").decode(errors="surrogateescape")).touch()
    for seconds, name in ((-1.5, "1969"), (2**33, "2242")):
        (source / name).touch()
        os.utime(source / name, ns=(int(seconds * 10**9) + 7, int(seconds * 10**9) + 7))
    os.setxattr(source / "text", "user.one", b"value \0\xff")
    os.setxattr(source / "text", b"user.\xff\xfe", b"raw name")
    os.setxattr(source / "large", "user.big", bytes(3000))
    many = source / "many"
    many.mkdir()
    for number in range(NAMES):
        (many / f"{number:05}").touch()


def entries(folder: Path) -> list[Path]:
    """All entries below a folder."""
    return sorted(folder.rglob("*"))


@pytest.mark.usefixtures("fuse")
def test_stat_tells_every_field_as_it_was(shown: Shown) -> None:
    kept = ["st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks", "st_mtime_ns", "st_ctime_ns", "st_rdev"]
    paths = [path for path in entries(shown.source) if path.parent.name != "many"]
    assert len(paths) > 12
    for path in paths:
        was, now = path.lstat(), (shown.copy / path.relative_to(shown.source)).lstat()
        assert [getattr(was, field) for field in kept] == [getattr(now, field) for field in kept], path


def test_times_before_1970_and_after_2106_are_exact(shown: Shown) -> None:
    assert (shown.copy / "1969").stat().st_mtime_ns == -1_500_000_000 + 7
    assert (shown.copy / "2242").stat().st_mtime_ns == 2**33 * 10**9 + 7


def test_content_is_the_sources(shown: Shown) -> None:
    for name in ("text", "large", "empty", "sparse"):
        assert (shown.copy / name).read_bytes() == (shown.source / name).read_bytes()


def test_reads_at_any_place_are_as_on_the_source(shown: Shown) -> None:
    with open(shown.source / "large", "rb") as a, open(shown.copy / "large", "rb") as b:
        for offset, size in ((0, 1), (4095, 2), (262_143, 2), (1 << 20, 300_000), (3 << 20, 10), ((3 << 20) + 3, 5)):
            assert os.pread(a.fileno(), size, offset) == os.pread(b.fileno(), size, offset)


def test_a_file_can_be_mapped(shown: Shown) -> None:
    with open(shown.copy / "large", "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == (shown.source / "large").read_bytes()


def test_o_direct_reads_the_same(shown: Shown) -> None:
    fd = os.open(shown.copy / "large", os.O_RDONLY | os.O_DIRECT)
    try:
        buffer = mmap.mmap(-1, 1 << 20)
        assert os.preadv(fd, [buffer], 1 << 20) == 1 << 20
        assert buffer[:] == (shown.source / "large").read_bytes()[1 << 20 : 2 << 20]
    finally:
        os.close(fd)


def test_hard_links_share_one_inode_and_its_count(shown: Shown) -> None:
    names = [shown.copy / name for name in ("text", "another name", "folder/third name")]
    assert len({name.stat().st_ino for name in names}) == 1 and names[0].stat().st_nlink == 3
    assert (shown.copy / "link").lstat().st_ino == (shown.copy / "link too").lstat().st_ino
    numbers = [path.lstat().st_ino for path in entries(shown.copy)]
    assert len(set(numbers)) == len(numbers) - 3


def test_symlinks_are_kept_as_they_are(shown: Shown) -> None:
    assert os.readlink(shown.copy / "link") == "text"


def test_listings_have_all_names_with_types_and_numbers_and_the_dots(shown: Shown) -> None:
    for folder in (shown.source, shown.source / "many"):
        copy = shown.copy / folder.relative_to(shown.source)
        assert sorted(os.listdir(folder)) == sorted(os.listdir(copy))
        with os.scandir(copy) as listed:
            for entry in listed:
                status = os.lstat(entry.path)
                assert entry.inode() == status.st_ino
                assert entry.is_dir(follow_symlinks=False) == stat.S_ISDIR(status.st_mode)
    done = subprocess.run(["ls", "-a", shown.copy / "folder"], capture_output=True, check=True, text=True)
    assert done.stdout.split() == [".", "..", "third", "name"]


class Dirent(ctypes.Structure):
    """struct dirent of 64-bit Linux."""

    _fields_ = (
        ("d_ino", ctypes.c_uint64),
        ("d_off", ctypes.c_int64),
        ("d_reclen", ctypes.c_ushort),
        ("d_type", ctypes.c_ubyte),
        ("d_name", ctypes.c_char * 256),
    )


def test_a_place_in_a_listing_can_be_returned_to(shown: Shown) -> None:
    LIBC.opendir.restype = LIBC.readdir.restype = ctypes.c_void_p
    LIBC.telldir.restype = ctypes.c_long
    handle = ctypes.c_void_p(LIBC.opendir(bytes(shown.copy / "many")))

    def read() -> Iterator[bytes]:
        while found := LIBC.readdir(handle):
            yield Dirent.from_address(found).d_name

    first = [next(read()) for _ in range(1500)]
    place = LIBC.telldir(handle)
    rest = list(read())
    assert len(first) + len(rest) == NAMES + 2
    LIBC.seekdir(handle, ctypes.c_long(place))
    assert list(read()) == rest
    LIBC.rewinddir(handle)
    assert list(read()) == first + rest
    LIBC.closedir(handle)


def test_attributes_are_there_byte_for_byte(shown: Shown) -> None:
    for name in ("text", "large", "empty"):
        was, now = shown.source / name, shown.copy / name
        names = os.listxattr(os.fsencode(was))
        assert os.listxattr(os.fsencode(now)) == names
        for each in names:
            assert os.getxattr(now, each) == os.getxattr(was, each)


def test_a_missing_attribute_is_no_data_again_and_again(shown: Shown) -> None:
    for _ in range(2):
        for path in (shown.copy / "text", shown.copy / "empty", shown.world.mountpoint):
            with pytest.raises(OSError) as caught:
                os.getxattr(path, "user.none")
            assert caught.value.errno == errno.ENODATA
    assert os.getxattr(shown.copy / "text", "user.one") == b"value \0\xff"


def test_a_buffer_that_is_too_small_is_out_of_range(shown: Shown) -> None:
    path, buffer = bytes(shown.copy / "large"), ctypes.create_string_buffer(10)
    assert LIBC.getxattr(path, b"user.big", None, 0) == 3000
    assert LIBC.getxattr(path, b"user.big", buffer, 10) == -1 and ctypes.get_errno() == errno.ERANGE
    assert LIBC.listxattr(path, buffer, 3) == -1 and ctypes.get_errno() == errno.ERANGE


def test_what_stat_cannot_carry_is_readable_but_never_listed(shown: Shown) -> None:
    assert abs(int(os.getxattr(shown.copy / "text", "user.yester.birth")) - (shown.source / "text").stat().st_ctime_ns)
    assert os.getxattr(shown.copy / "text", "user.yester.marks") == b""
    assert len(os.getxattr(shown.copy / "text", "user.yester.blob")) == 64
    assert os.getxattr(shown.copy / "folder", "user.yester.flags").startswith(b"0x")
    assert not [name for name in os.listxattr(shown.copy / "text") if "yester" in name]


def test_statfs_tells_what_is_held_and_that_nothing_is_free(shown: Shown) -> None:
    told = os.statvfs(shown.copy)
    assert told.f_blocks * told.f_frsize >= 64 << 20
    assert told.f_files >= NAMES and told.f_namemax == 255
    assert told.f_bfree == told.f_bavail == told.f_ffree == 0
    assert told.f_flag & os.ST_RDONLY and told.f_flag & os.ST_NOSUID and told.f_flag & os.ST_NODEV


WRITES: dict[str, Callable[[Path], object]] = {
    "open": lambda top: os.open(top / "text", os.O_WRONLY),
    "append": lambda top: os.open(top / "text", os.O_RDWR | os.O_APPEND),
    "create": lambda top: os.open(top / "new", os.O_CREAT | os.O_WRONLY),
    "truncate": lambda top: os.truncate(top / "text", 0),
    "chmod": lambda top: os.chmod(top / "text", 0o600),
    "chown": lambda top: os.chown(top / "text", os.getuid(), os.getgid()),
    "utime": lambda top: os.utime(top / "text"),
    "unlink": lambda top: os.unlink(top / "text"),
    "rename": lambda top: os.rename(top / "text", top / "new"),
    "link": lambda top: os.link(top / "text", top / "new"),
    "symlink": lambda top: os.symlink("text", top / "new"),
    "mkdir": lambda top: os.mkdir(top / "new"),
    "rmdir": lambda top: os.rmdir(top / "folder"),
    "mkfifo": lambda top: os.mkfifo(top / "new"),
    "setxattr": lambda top: os.setxattr(top / "text", "user.new", b""),
    "removexattr": lambda top: os.removexattr(top / "text", "user.one"),
}


@pytest.mark.parametrize("call", WRITES)
def test_every_write_is_refused_as_read_only(shown: Shown, call: str) -> None:
    for top in (shown.copy, shown.world.mountpoint / "snapshots"):
        if (top / "text").exists() or call in ("create", "symlink", "mkdir", "mkfifo"):
            with pytest.raises(OSError) as caught:
                WRITES[call](top)
            assert caught.value.errno == errno.EROFS


def test_names_that_are_not_there_are_no_entry_and_files_are_no_folders(shown: Shown) -> None:
    for path in (shown.copy / "none", shown.world.mountpoint / "none", shown.world.mountpoint / "snapshots" / "none"):
        assert not path.exists()
    with pytest.raises(NotADirectoryError):
        os.stat(shown.copy / "text" / "below")
    with pytest.raises(OSError) as caught:
        os.stat(shown.copy / ("x" * 256))
    assert caught.value.errno == errno.ENAMETOOLONG


def test_cp_a_copies_everything_and_keeps_files_sparse(shown: Shown, tmp_path: Path) -> None:
    subprocess.run(["cp", "-a", shown.copy, tmp_path / "copy"], check=True)
    assert list(map(str, compare(shown.source, tmp_path / "copy", ignore=("holes",)))) == []
    assert (tmp_path / "copy" / "sparse").stat().st_blocks < 2048


def test_rsync_finds_no_difference(shown: Shown) -> None:
    options = ["-aHAXS", "--checksum", "--dry-run", "--itemize-changes"]
    done = subprocess.run(["rsync", *options, f"{shown.source}/", f"{shown.copy}/"], capture_output=True, check=True)
    assert done.stdout == b""


def test_an_archive_of_the_mount_is_one_of_the_source(shown: Shown, tmp_path: Path) -> None:
    archive = tmp_path / "archive.tar"
    options = ["--xattrs", "--acls", "-S", "--exclude=./socket"]
    subprocess.run(["tar", "-C", shown.copy, *options, "-cf", archive, "."], check=True)
    done = subprocess.run(["tar", "-C", shown.source, "--compare", "-f", archive], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert archive.stat().st_size < 20 << 20


def test_every_promise_names_tests_that_are_there() -> None:
    top = Path(__file__).parents[2]
    promises = (top / "docs" / "mount.md").read_text()
    named = re.findall(r"`(?:(test_\w+\.py)::)?(test_\w+)`", promises)
    assert len(named) > 20
    for file, name in named:
        assert f"def {name}(" in (top / "tests" / "fs" / (file or "test_contract.py")).read_text(), name


class Handle(ctypes.Structure):
    """struct file_handle with room for the largest."""

    _fields_ = (("size", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_char * 128))


@root_only
def test_handles_survive_a_remount(tmp_path: Path, fuse: None) -> None:
    world = World(tmp_path)
    (world.source / "folder").mkdir()
    (world.source / "folder" / "file").write_text("content")
    world.take()
    handles = []
    with world.mounted():
        for path in (world.latest / "folder" / "file", world.latest / "folder"):
            handle, mount_id = Handle(128), ctypes.c_int()
            assert LIBC.name_to_handle_at(-100, bytes(path), ctypes.byref(handle), ctypes.byref(mount_id), 0) == 0
            handles.append(handle)
    with world.mounted() as mnt:
        top = os.open(mnt, os.O_RDONLY)
        try:
            file, folder = (LIBC.open_by_handle_at(top, ctypes.byref(handle), os.O_RDONLY) for handle in handles)
            assert min(file, folder) >= 0, os.strerror(ctypes.get_errno())
            assert os.read(file, 100) == b"content" and os.listdir(folder) == ["file"]
            assert os.readlink(f"/proc/self/fd/{folder}").endswith(f"{world.source}/folder")
            os.close(file)
            os.close(folder)
        finally:
            os.close(top)


def become(uid: int, what: Callable[[], object]) -> int:
    """Do something as another user, in a process of its own; 0, or the errno it met."""
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        try:
            what()
        except OSError as error:
            os._exit(error.errno or 255)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@root_only
@pytest.mark.passable
def test_modes_and_acls_are_enforced_by_the_kernel(tmp_path: Path, fuse: None) -> None:
    world = World(tmp_path)
    world.source.chmod(0o755)
    for name, mode in (("open", 0o644), ("closed", 0o600), ("granted", 0o600), ("denied", 0o644)):
        (world.source / name).write_text(name)
        (world.source / name).chmod(mode)
    set_acl(world.source / "granted", {NOBODY: 4})
    set_acl(world.source / "denied", {NOBODY: 0}, others=4)
    world.take()
    os.chmod("/dev/fuse", 0o666)
    with world.mounted(others=True):
        read = {name: (world.latest / name).read_bytes for name in ("open", "closed", "granted", "denied")}
        assert {name: become(NOBODY, what) for name, what in read.items()} == {
            "open": 0,
            "closed": errno.EACCES,
            "granted": 0,
            "denied": errno.EACCES,
        }
        assert become(GUEST, read["granted"]) == errno.EACCES and become(GUEST, read["denied"]) == 0
        name = "system.posix_acl_access"
        assert os.getxattr(world.latest / "granted", name) == os.getxattr(world.source / "granted", name)


def set_acl(path: Path, users: dict[int, int], others: int = 0) -> None:
    """Give a file an access ACL (acl(5), version 2 of its encoding)."""
    undefined = 0xFFFFFFFF
    rows = [(1, 6, undefined), *((2, bits, uid) for uid, bits in users.items())]
    rows += [(4, 0, undefined), (16, 7, undefined), (32, others, undefined)]
    os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *r) for r in rows))


@root_only
@pytest.mark.passable
def test_without_allow_other_nobody_else_gets_in(tmp_path: Path, fuse: None) -> None:
    world = World(tmp_path)
    world.take()
    with world.mounted() as mnt:
        assert become(NOBODY, lambda: os.listdir(mnt)) == errno.EACCES
