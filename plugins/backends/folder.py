"""A repository in a local folder, or in anything mounted as one.

Objects lie where folder_layout.py says; any file that is not where its name belongs is none of ours, and passed over.

An object appears whole or not at all: it is written under a name that no object can have, made durable, then renamed
(or linked, where it must not replace another), and the folder is made durable too. What a killed put leaves is never
listed, and removed by a later put into the same folder once it is a day old by that file system's own clock.

The top folder is held open and everything is opened relative to it: when a disk is unmounted under a running
program, nothing is written into the empty mount point. When it is back, reading goes on, and nothing but that
(folder_presence.py).
"""

import errno
import os
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from yester.engine.errors import Broken, Exists, Missing, StoreError
from yester.engine.store import Buffer, Capabilities, Readiness, all_ready
from yester.plugins.backends.folder_errors import Meaning, meaning, wording
from yester.plugins.backends.folder_layout import (
    OTHER,
    SHARD,
    SHARDED,
    TEMPORARY,
    belongs,
    ends_test,
    folder_of,
    is_passing,
    place_of,
)
from yester.plugins.backends.folder_opening import inspect, make_folder, open_folder, refusal
from yester.plugins.backends.folder_presence import Presence

_STALE_NS = 86_400_000_000_000
_MAX_OBJECT_SIZE = 1 << 30
"""No object of the format comes near; a larger file is not read into memory."""

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY


_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})


_Names = list[str]
"""Inside the class `list` is the store's verb."""


class FolderStore:
    """A store in the folder `path`. Threads share it; no call waits for another."""

    def __init__(self, path: Path, create: bool = False, made: _Names | None = None) -> None:
        """Open the folder; with `create` make it, or take an empty one. RepositoryError when it cannot be ours.

        `made`: folders that were made for it, the innermost first; what is made now is added.
        """
        self._path = path
        self._made = made if made is not None else []
        self._made += map(str, make_folder(path)) if create else ()
        self._top = open_folder(path)
        self._presence = Presence(path, self._top)
        self._links = True
        self._ready: set[str] = set()
        self._ready_lock = threading.Lock()
        self._look_first = threading.Lock()
        try:
            inspect(path, os.listdir(self._top), create)
        except OSError as error:
            self.close()
            raise refusal(path, error) from None
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

    def paths_of(self, name: str) -> Sequence[Path]:
        """Return the path of the file that an object is."""
        return (self._path / place_of(name)[1],)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Write a file of its own beside the object, then give it the name; `group` is ignored."""
        folder, path = place_of(name)
        temporary = os.path.join(folder, f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}")
        self._presence.write()
        try:
            first = self._prepare(folder)
            written_ns = self._write_into(folder, temporary, buffers)
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
        self._presence.require()
        for folder in self._folders(prefix):
            for name in self._inside(folder)[0]:
                if name.startswith(prefix) and belongs(folder, name):
                    yield name
        self._presence.held()

    def query(self, name: str) -> int:
        """Return the size of the file."""
        with self._open(name) as (_, size):
            return size

    def delete(self, name: str) -> None:
        """Remove the file. A power cut may bring it back."""
        folder, path = place_of(name)
        self._presence.write()
        try:
            os.unlink(path, dir_fd=self._top)
        except OSError as error:
            raise self._meant(error, name, "deleted") from error
        if is_passing(folder):
            self._let_pass(folder, is_over=ends_test(name))

    def _let_pass(self, folder: str, *, is_over: bool) -> None:
        """Remove a folder that is empty; when its test is over with what killed puts left in it."""
        for left in self._inside(folder)[0] if is_over else ():
            if left.startswith(TEMPORARY):
                self._discard(os.path.join(folder, left))
        with suppress(OSError):  # other objects are in it
            os.rmdir(folder, dir_fd=self._top)
            self._ready.discard(folder)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        return all_ready(names)

    def tidy(self) -> None:
        """Look into every folder for what killed puts left; a put looks only into that which it goes to."""
        self._presence.write()
        probe = f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}"
        with suppress(OSError):
            now_ns = self._write(probe, [])
            self._discard(probe)
            for folder in dict.fromkeys(["", *self._folders("")]):
                self._sweep(folder, now_ns)

    def close(self) -> None:
        """Close the top folder; a disk can be unmounted then. What was made for nothing goes again."""
        if self._top >= 0:
            self._presence.close()
            os.close(self._top)
            self._top = -1
        with suppress(OSError):  # the first that is not empty, or is not ours to remove
            while self._made:
                os.rmdir(self._made.pop(0))

    def _open(self, name: str) -> "_Reading":
        _, path = place_of(name)
        try:
            file = self._opened(path)
        except OSError as error:
            raise self._meant(error, name, "read") from error
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            os.close(file)
            raise Broken(f"{name} in {self.place} is not a file", name=name)
        return _Reading(file, status.st_size)

    def _opened(self, path: str) -> int:
        try:
            return os.open(path, _READ, dir_fd=self._top)
        except OSError:
            if self._presence.holds:
                raise
        self._presence.require()
        return os.open(path, _READ, dir_fd=self._top)

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
        with self._look_first if if_absent else nullcontext():
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

    def _write_into(self, folder: str, temporary: str, buffers: Sequence[Buffer]) -> int:
        """Write a file into a folder, which goes away at any time if it is one of tests; return when it was written."""
        while True:
            try:
                return self._write(temporary, buffers)
            except FileNotFoundError:
                if not is_passing(folder):
                    raise
            self._ready.discard(folder)
            self._prepare(folder)

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
        """Remove what killed puts left here a day ago or more. Best effort: another put, or a prune, will try again."""
        for name in self._inside(folder)[0]:
            if name.startswith(TEMPORARY):
                path = os.path.join(folder, name)
                with suppress(OSError):
                    if now_ns - os.stat(path, dir_fd=self._top, follow_symlinks=False).st_mtime_ns > _STALE_NS:
                        self._discard(path)

    def _folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders that names with this prefix may lie in."""
        kind, dot, rest = prefix.partition(".")
        if dot:
            yield from self._with_shards(folder_of(kind), rest)
            return
        yield ""
        for folder in self._inside("")[1]:
            if folder.startswith(kind) or folder == OTHER:
                yield from self._with_shards(folder, "")

    def _with_shards(self, folder: str, rest: str) -> Iterator[str]:
        yield folder
        if folder in SHARDED:
            known = [rest[:2]] if SHARD.match(rest) else self._inside(folder)[1]
            yield from (f"{folder}/{shard}" for shard in known if SHARD.fullmatch(shard) and shard.startswith(rest[:2]))

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
        found = meaning(error)
        if found.error is Missing and done != "written":
            return Missing(f"There is no {name} in {self.place}", name=name)
        if found.error is Missing:
            found = Meaning(Broken, "Was that folder moved, or its disk taken away?")
        what = f"{name or 'The folder'} in {self.place} could not be {done}: {wording(error)}"
        return found.error(what, name=name, hint=found.hint)


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
