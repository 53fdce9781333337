"""A repository in a local folder, or in anything mounted as one.

Layout: `config` at the top; every other object in a folder named by the first part of its name, packs a level deeper
by the first two digits of their digest, so that no folder grows beyond what a file system likes. The file has the
object's full name, hence any file that is not where its name belongs is none of ours, and is passed over.

An object appears whole or not at all: it is written under a name that no object can have, made durable, then renamed
(or linked, where it must not replace another), and the folder is made durable too. What a killed put leaves is never
listed, and removed by a later put into the same folder once it is a day old by that file system's own clock.

The top folder is held open and everything is opened relative to it: when a disk is unmounted under a running
program, nothing is written into the empty mount point.
"""

import errno
import os
import re
import secrets
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import (
    Broken,
    Denied,
    Exists,
    Full,
    Missing,
    RepositoryError,
    Retry,
    StoreError,
    UsageError,
)
from yester.engine.store import Buffer, Capabilities, checked_name

_TOP = "config"
"""The one object that lies at the top."""
_OTHER = "misc"
"""The folder of names that no format of ours uses."""
_SHARDED = ("data", "meta")
_SHARD = re.compile(r"[0-9a-f]{2}")
_TEMPORARY = ".put-"
"""No object's name begins with a dot."""
_STALE_NS = 86_400_000_000_000
_MAX_OBJECT_SIZE = 1 << 30
"""No object of the format comes near; a larger file is not read into memory."""

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What an errno says to a person."""

    error: type[StoreError]
    hint: str = ""


_ROOM = _Meaning(Full, "Make room there, then run the command again: what was stored so far is used.")
_RIGHTS = _Meaning(Denied, "Check who owns that folder, its permissions, and whether it is mounted read-only.")
_DISK = _Meaning(Broken, "Check the disk and its cabling (`dmesg`), or the network mount.")
_AGAIN = _Meaning(Retry)

_MEANINGS = {
    errno.ENOENT: _Meaning(Missing),
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.EIO: _DISK,
    errno.ESTALE: _DISK,
    errno.ENOTCONN: _DISK,
    errno.ENODEV: _DISK,
    errno.ELOOP: _Meaning(Broken, "An object is a file of its own, not a link to one."),
    errno.EAGAIN: _AGAIN,
    errno.EBUSY: _AGAIN,
    errno.ETIMEDOUT: _AGAIN,
    errno.EMFILE: _AGAIN,
    errno.ENFILE: _AGAIN,
    errno.ENOMEM: _AGAIN,
}
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})


_Names = list[str]
"""Inside the class `list` is the store's verb."""


class FolderStore:
    """A store in the folder `path`. Threads share it; no call waits for another."""

    def __init__(self, path: Path, create: bool = False) -> None:
        """Open the folder; with `create` make it, or take an empty one. RepositoryError when it cannot be ours."""
        self._path = path
        if create:
            _make(path)
        self._top = _opened(path)
        self._links = True
        self._ready: set[str] = set()
        self._ready_lock = threading.Lock()
        try:
            _inspect(path, os.listdir(self._top), create)
        except OSError as error:
            self.close()
            raise _refused(path, error) from None
        except BaseException:
            self.close()
            raise

    @property
    def capabilities(self) -> Capabilities:
        """Ranges and atomic creation, unless the file system turns out to have no links."""
        return Capabilities(ranges=True, if_absent=self._links, local=True)

    @property
    def place(self) -> str:
        """The path of the folder."""
        return str(self._path)

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self._path

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Write a file of its own beside the object, then give it the name; `group` is ignored."""
        folder, path = _lies(name)
        temporary = os.path.join(folder, f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}")
        try:
            first = self._prepare(folder)
            written_ns = self._write(temporary, buffers)
            try:
                self._publish(temporary, path, name, if_absent)
            except BaseException:
                self._discard(temporary)
                raise
            self._sync_folder(folder)
        except OSError as error:
            raise self._meant(error, name, "written") from error
        if first:
            self._sweep(folder, written_ns)

    def get(self, name: str) -> bytes:
        """Read the whole file; Broken when it is larger than any object can be."""
        with self._open(name) as (file, size):
            if size > _MAX_OBJECT_SIZE:
                raise Broken(f"{name} in {self.place} is larger than any object can be", name=name)
            return self._read(file, name, 0, size)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Read a part of the file; nothing is allocated for a range that it does not have."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        with self._open(name) as (file, total):
            if offset + size > total:
                raise Broken(f"{name} in {self.place} ends before byte {offset + size}", name=name)
            return self._read(file, name, offset, size)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Read only the folders that the prefix may lie in, one at a time."""
        for folder in self._folders(prefix):
            for name in self._inside(folder)[0]:
                if name.startswith(prefix) and _belongs(folder, name):
                    yield name

    def query(self, name: str) -> int:
        """Return the size of the file."""
        with self._open(name) as (_, size):
            return size

    def delete(self, name: str) -> None:
        """Remove the file. A power cut may bring it back."""
        _, path = _lies(name)
        try:
            os.unlink(path, dir_fd=self._top)
        except OSError as error:
            raise self._meant(error, name, "deleted") from error

    def close(self) -> None:
        """Close the top folder; a disk can be unmounted then."""
        if self._top >= 0:
            os.close(self._top)
            self._top = -1

    def _open(self, name: str) -> "_Reading":
        _, path = _lies(name)
        try:
            file = os.open(path, _READ, dir_fd=self._top)
        except OSError as error:
            raise self._meant(error, name, "read") from error
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            os.close(file)
            raise Broken(f"{name} in {self.place} is not a file", name=name)
        return _Reading(file, status.st_size)

    def _read(self, file: int, name: str, offset: int, size: int) -> bytes:
        """Read exactly this range: one call, unless the kernel gives less at a time."""
        try:
            found = os.pread(file, size, offset)
            while len(found) < size:
                more = os.pread(file, size - len(found), offset + len(found))
                if not more:
                    raise Broken(f"{name} in {self.place} ends before byte {offset + size}", name=name)
                found += more
        except OSError as error:
            raise self._meant(error, name, "read") from error
        return found

    def _write(self, path: str, buffers: Sequence[Buffer]) -> int:
        """Write a durable file; on any failure it is gone again. Returns its modification time."""
        file = os.open(path, _CREATE, 0o600, dir_fd=self._top)
        try:
            for buffer in buffers:
                rest = memoryview(buffer).cast("B")
                while rest:
                    rest = rest[os.write(file, rest) :]
            os.fsync(file)
            return os.fstat(file).st_mtime_ns
        except BaseException:
            self._discard(path)
            raise
        finally:
            os.close(file)

    def _discard(self, temporary: str) -> None:
        """Remove a file that is of no use any more; where that fails, a later put sweeps it away."""
        with suppress(OSError):
            os.unlink(temporary, dir_fd=self._top)

    def _publish(self, temporary: str, path: str, name: str, if_absent: bool) -> None:
        """Give a finished file its name, replacing what has it unless `if_absent`."""
        if if_absent and self._links:
            try:
                os.link(temporary, path, src_dir_fd=self._top, dst_dir_fd=self._top, follow_symlinks=False)
            except OSError as error:
                if error.errno == errno.EEXIST:
                    raise self._exists(name) from None
                if error.errno not in _NO_LINKS:
                    raise
                # FAT and some network mounts have no links; capabilities then say that this is not atomic.
                self._links = False
            else:
                self._discard(temporary)
                return
        if if_absent and self._is_there(path):
            raise self._exists(name)
        os.rename(temporary, path, src_dir_fd=self._top, dst_dir_fd=self._top)

    def _is_there(self, path: str) -> bool:
        try:
            os.stat(path, dir_fd=self._top, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _exists(self, name: str) -> Exists:
        return Exists(f"{name} is already in {self.place}", name=name)

    def _prepare(self, folder: str) -> bool:
        """Make a folder of objects, and say whether this is the first put into it."""
        if folder in self._ready:
            return False
        with self._ready_lock:
            for depth in (os.path.dirname(folder), folder):
                if depth:
                    with suppress(FileExistsError):
                        os.mkdir(depth, 0o700, dir_fd=self._top)
                        self._sync_folder(os.path.dirname(depth))
            self._ready.add(folder)
        return True

    def _sync_folder(self, folder: str) -> None:
        handle = os.open(folder or ".", _FOLDER, dir_fd=self._top)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(handle)

    def _sweep(self, folder: str, now_ns: int) -> None:
        """Remove what killed puts left here a day ago or more. Best effort: another put will try again."""
        for name in self._inside(folder)[0]:
            if name.startswith(_TEMPORARY):
                path = os.path.join(folder, name)
                with suppress(OSError):
                    if now_ns - os.stat(path, dir_fd=self._top, follow_symlinks=False).st_mtime_ns > _STALE_NS:
                        self._discard(path)

    def _folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders that names with this prefix may lie in."""
        kind, dot, rest = prefix.partition(".")
        if dot:
            yield from self._with_shards(_folder(kind), rest)
            return
        yield ""
        for folder in self._inside("")[1]:
            if folder.startswith(kind) or folder == _OTHER:
                yield from self._with_shards(folder, "")

    def _with_shards(self, folder: str, rest: str) -> Iterator[str]:
        yield folder
        if folder in _SHARDED:
            known = [rest[:2]] if _SHARD.match(rest) else self._inside(folder)[1]
            yield from (
                f"{folder}/{shard}" for shard in known if _SHARD.fullmatch(shard) and shard.startswith(rest[:2])
            )

    def _inside(self, folder: str) -> tuple[_Names, _Names]:
        """Return the files and the folders in a folder; nothing when there is no such folder."""
        try:
            handle = os.open(folder or ".", _FOLDER, dir_fd=self._top)
        except (FileNotFoundError, NotADirectoryError):
            return [], []
        except OSError as error:
            raise self._meant(error, folder, "listed") from error
        files: _Names = []
        folders: _Names = []
        try:
            with os.scandir(handle) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
                    elif entry.is_dir():
                        folders.append(entry.name)
        except OSError as error:
            raise self._meant(error, folder, "listed") from error
        finally:
            os.close(handle)
        return files, folders

    def _meant(self, error: OSError, name: str, done: str) -> StoreError:
        """Return the store error that an OSError stands for."""
        meaning = _MEANINGS.get(error.errno or 0, _DISK)
        if meaning.error is Missing and done != "written":
            return Missing(f"There is no {name} in {self.place}", name=name)
        if meaning.error is Missing:
            meaning = _Meaning(Broken, "Was that folder moved, or its disk taken away?")
        return meaning.error(
            f"{name or 'The folder'} in {self.place} could not be {done}: {os.strerror(error.errno or 0)}",
            name=name,
            hint=meaning.hint,
        )


class _Reading:
    """An open file and its size; closes it at the end of a with block."""

    __slots__ = ("_file", "_size")

    def __init__(self, file: int, size: int) -> None:
        self._file = file
        self._size = size

    def __enter__(self) -> tuple[int, int]:
        return self._file, self._size

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def _folder(kind: str) -> str:
    """Return the folder for names that begin with `kind` and a dot."""
    return _OTHER if kind == _TOP else kind


def _lies(name: str) -> tuple[str, str]:
    """Return the folder that an object lies in and its path, both relative; UsageError for what names no object."""
    kind, dot, rest = checked_name(name).partition(".")
    if name == _TOP:
        folder = ""
    elif not dot:
        folder = _OTHER
    elif kind in _SHARDED and _SHARD.match(rest):
        folder = f"{kind}/{rest[:2]}"
    else:
        folder = _folder(kind)
    return folder, f"{folder}/{name}" if folder else name


def _belongs(folder: str, name: str) -> bool:
    """Whether a file of this name is an object: its name must be one, and belong where it lies."""
    try:
        return _lies(name)[0] == folder
    except UsageError:
        return False


_HARMLESS = frozenset({"lost+found", ".DS_Store", ".Trash-1000", ".directory", "desktop.ini", "Thumbs.db"})
"""What file systems and desktops put into an empty folder by themselves."""
_OURS = frozenset({_TOP, _OTHER, "key", "data", "meta", "index", "snap", "label", "tomb", "session", "mark"})


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        return  # a file, or a dangling link: opening it says which
    except OSError as error:
        raise _refused(path, error) from None


def _opened(path: Path) -> int:
    try:
        return os.open(path, _FOLDER)
    except OSError as error:
        raise _refused(path, error) from None


def _refused(path: Path, error: OSError) -> RepositoryError:
    """Return why there can be no repository at `path`."""
    if error.errno == errno.ENOENT:
        if path.is_symlink():
            return RepositoryError(f"{path} is a link to {os.readlink(path)}, which is not there")
        return RepositoryError(
            f"There is no repository at {path}: there is no such folder",
            hint=f"Check the path, plug in or mount the disk, or make a repository there: yester init {path}",
        )
    if error.errno == errno.ENOTDIR:
        return RepositoryError(f"{path} is not a folder", hint="A repository is a folder; give its path.")
    return RepositoryError(
        f"The folder {path} cannot be used: {os.strerror(error.errno or 0)}",
        hint=_MEANINGS.get(error.errno or 0, _DISK).hint,
    )


def _inspect(path: Path, names: Sequence[str], create: bool) -> None:
    """RepositoryError unless there is, or may be, a repository among these files."""
    if _TOP in names:
        return
    others = {name for name in names if name not in _HARMLESS and not name.startswith(_TEMPORARY)}
    if create:
        # An interrupted init leaves a key slot and no config.
        foreign = sorted(others - {"key"})
        if foreign:
            raise RepositoryError(
                f"The folder {path} is not empty and holds no repository: {foreign[0]} is in it",
                hint="Give a new or an empty folder.",
            )
    elif others.isdisjoint(_OURS):
        state = "holds other files" if others else "is empty"
        raise RepositoryError(
            f"There is no repository at {path}: the folder {state}",
            hint=f"Check the path and that the disk is mounted, or make a repository: yester init {path}",
        )
    # Else it is what is left of a repository: who opens it says what is missing.
