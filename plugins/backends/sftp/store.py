"""A repository in a folder of another machine, as the folder backend lays it out: each can serve what the other made.

An object appears whole or not at all: it is written under a name that no object can have, made durable, then renamed
over what has its name, or linked where it must not replace anything. What a killed put leaves is never listed, and
goes with a tidy once it is a day old by the server's own clock. Nothing is tried again here: retrying.py does that.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from yester.engine.errors import (
    Broken,
    Denied,
    Exists,
    Full,
    Missing,
    MissingRepository,
    RepositoryError,
    Retry,
    StoreError,
)
from yester.engine.store import Buffer, Capabilities, Readiness, Store, all_ready
from yester.plugins.backends.folder_layout import (
    OTHER,
    SHARD,
    SHARDED,
    TEMPORARY,
    TOP,
    belongs,
    ends_test,
    folder_of,
    is_passing,
    place_of,
)
from yester.plugins.backends.folder_opening import inspect
from yester.plugins.backends.guarding import guarded
from yester.plugins.backends.sftp.address import Address, parse
from yester.plugins.backends.sftp.connection import Connection
from yester.plugins.backends.sftp.files import Entries, Files, NoFile, Refused
from yester.plugins.backends.sftp.packets import POSIX_RENAME, Code
from yester.plugins.backends.sftp.pool import Pool
from yester.plugins.backends.sftp.ssh import may_ask, start
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.tries import PATIENCE, patience_of

_STALE_S = 86_400
_MAX_OBJECT_SIZE = 1 << 30
"""No object of the format comes near; a larger file is not read into memory."""
_FOLDERS = 32
"""How many folders are listed at once."""
_SCARCE_SIZE = 64 << 20
"""With less room than this a write that failed for no stated reason failed for lack of it."""

_RIGHTS = "Check there who owns that folder, its permissions, and whether it is mounted read-only."
_ROOM = "Make room there, then run the command again: what was stored so far is used."
_DISK = "Check the disk there, its quota, and the server's log."
_GONE = "Was that folder moved there, or its disk taken away?"


OPTIONS = PATIENCE


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at an sftp:// URL, with its retries. RepositoryError, UsageError."""
    address = parse(url)

    def connect(asking: bool) -> Connection:
        asking = asking and may_ask()
        return Connection(address, start(address, asking, terms.environment), asking=asking)

    store = SftpStore(address, connect, terms.create, terms.made)
    return guarded(store, terms, patience_of(terms.options("sftp", OPTIONS)))


_Texts = list[str]
"""Inside the class `list` is the store's verb."""


class SftpStore:
    """A store behind an SSH server. Threads share it, each call with a connection to itself while they last."""

    folder = None

    def __init__(
        self,
        address: Address,
        connect: Callable[[bool], Connection],
        create: bool = False,
        made: _Texts | None = None,
    ) -> None:
        """Connect and look; with `create` make the folder, or take an empty one. RepositoryError when it cannot be.

        `made`: folders that were made for it, the innermost last; what is made now is added.
        """
        self._address, self._base = address, address.path
        self._made = made if made is not None else []
        self._links = self._syncs_folders = True
        self._proved = self._settled = False
        self._pool = Pool(connect)
        try:
            self._open(create)
        except StoreError as problem:
            self.close()
            raise RepositoryError(problem.what, hint=problem.hint) from None
        except BaseException:
            self.close()
            raise

    @property
    def capabilities(self) -> Capabilities:
        """Ranges; atomic creation, unless the server has no hard links or, at the first use, makes one over another."""
        return Capabilities(ranges=True, if_absent=self._links)

    @property
    def place(self) -> str:
        """The URL."""
        return str(self._address)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Write a file of its own beside the object, then give it the name; `group` is ignored."""
        folder, path = place_of(name)
        temporary = self._at(_temporary(folder))
        with self._files(name, "written") as files:
            handle = self._create(files, folder, temporary)
            try:
                files.fill(handle, buffers)
                self._publish(files, temporary, name, self._at(path), if_absent)
            except (Refused, Exists):
                _discard(files, temporary)
                raise
            if self._syncs_folders:
                self._syncs_folders = files.sync_folder(self._at(folder))

    def get(self, name: str) -> bytes:
        """Read the whole file; Broken when it is larger than any object can be."""
        path = self._at(place_of(name)[1])
        with self._files(name, "read") as files, files.opened(path) as (handle, size):
            if size > _MAX_OBJECT_SIZE:
                raise Broken(f"{name} in {self.place} is larger than any object can be", name=name)
            data = files.read_whole(handle, size)
        if data is None:
            raise Retry(f"{name} in {self.place} was replaced while it was read", name=name)
        return data

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Read a part of the file; nothing is asked for beyond its end."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        path = self._at(place_of(name)[1])
        with self._files(name, "read") as files, files.opened(path) as (handle, total):
            data = files.read(handle, offset, size) if offset + size <= total else None
        if data is None:
            raise Broken(f"{name} in {self.place} ends before byte {offset + size}", name=name)
        return data

    def list(self, prefix: str = "") -> Iterator[str]:
        """Read only the folders that the prefix may lie in, some at a time; no connection is held between names."""
        for folder, entries in self._inside(self._folders(prefix)):
            for name in _names(entries):
                if name.startswith(prefix) and belongs(folder, name):
                    yield name

    def query(self, name: str) -> int:
        """Return the size of the file."""
        path = self._at(place_of(name)[1])
        with self._files(name, "read") as files:
            found = files.look(path)
            if not found.is_file or found.size is None:
                raise NoFile
            return found.size

    def delete(self, name: str) -> None:
        """Remove the file. A power cut there may bring it back."""
        folder, path = place_of(name)
        with self._files(name, "deleted") as files:
            files.remove(self._at(path))
            if is_passing(folder):
                self._let_pass(files, folder, is_over=ends_test(name))

    def _let_pass(self, files: Files, folder: str, *, is_over: bool) -> None:
        """Remove a folder that is empty; when its test is over with what killed puts left in it."""
        if is_over:
            for left in _names(files.folders([self._at(folder)])[0]):
                if left.startswith(TEMPORARY):
                    _discard(files, self._at(os.path.join(folder, left)))
        with suppress(Refused):  # other objects are in it
            files.remove_folder(self._at(folder))

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        return all_ready(names)

    def tidy(self) -> None:
        """Look into every folder for what killed puts left."""
        probe = self._at(_temporary(""))
        try:
            with self._files("", "tidied") as files:
                files.fill(files.create(probe), [])
                now = files.look(probe).mtime or 0
                files.remove(probe)
            for folder, entries in self._inside(dict.fromkeys(["", *self._folders("")])):
                left = [
                    self._at(os.path.join(folder, name.decode()))
                    for name, found in entries
                    if name.startswith(TEMPORARY.encode()) and name.isascii()
                    if found.mtime is not None and now - found.mtime > _STALE_S
                ]
                with self._files("", "tidied") as files:
                    for path in left:
                        _discard(files, path)
        except StoreError:
            return  # best effort: the next prune tries again

    def close(self) -> None:
        """End the connections. What was made for nothing goes again."""
        if self._made and self._pool.is_connected:
            with suppress(StoreError, Refused), self._pool.lend() as link:
                while self._made:  # until one is not empty, or not ours to remove
                    Files(link).remove_folder(os.fsencode(self._made.pop()))
        self._pool.close()

    # Opening

    def _open(self, create: bool) -> None:
        with self._pool.lend() as link:
            if POSIX_RENAME not in link.offered:
                raise RepositoryError(
                    f"The server of {self.place} cannot replace a file in one step",
                    hint="A repository needs a server with posix-rename@openssh.com, such as OpenSSH's.",
                )
            files = Files(link)
            self._links = files.links
            try:
                if create:
                    self._make_base(files)
                if not files.look(self._base, follow=True).may_be_folder:
                    raise RepositoryError(f"{self.place} is not a folder", hint="Give the URL of a folder.")
                names = [name.decode("utf-8", "replace") for name, _ in files.folders([self._base])[0]]
            except Refused as refused:
                raise self._refusal(refused) from None
        inspect(self.place, [name for name in names if name not in (".", "..")], create)
        self._settled = TOP in names

    def _make_base(self, files: Files) -> None:
        """Make the folder of the repository and those above it."""
        parts = self._base.split(b"/")
        paths = [b"/".join(parts[: end + 1]) for end in range(len(parts))]
        lacking = [path for path in paths if path and not files.is_there(path)]
        for path in lacking:
            _make(files, path)
            self._made.append(os.fsdecode(path))

    def _refusal(self, refused: Refused) -> RepositoryError:
        if refused.code == Code.NO_SUCH_FILE:
            return MissingRepository(
                f"There is no repository at {self.place}: there is no such folder",
                hint=f"Check the path, or make a repository there: yester init {self.place}",
            )
        hint = _RIGHTS if refused.code == Code.PERMISSION_DENIED else _DISK
        return RepositoryError(f"{self.place} cannot be used: {refused.words or 'refused'}", hint=hint)

    # Putting

    def _create(self, files: Files, folder: str, temporary: bytes) -> bytes:
        """Return the handle of a new file, in a folder that is made when it is not there."""
        try:
            return files.create(temporary)
        except Refused as refused:
            if refused.code != Code.NO_SUCH_FILE or not folder:
                raise
        # Without its config, the folder is what is left where a disk is gone: nothing is made in there.
        if self._settled:
            files.look(self._at(TOP))
        for depth in (os.path.dirname(folder), folder):
            if depth:
                _make(files, self._at(depth))
        return files.create(temporary)

    def _publish(self, files: Files, temporary: bytes, name: str, path: bytes, if_absent: bool) -> None:
        """Give a finished file its name, replacing what has it unless `if_absent`."""
        if if_absent and self._links:
            try:
                files.link(temporary, path)
            except Refused:
                if files.is_there(path):
                    raise self._exists(name) from None
            else:
                self._prove_links(files, temporary, path)
                _discard(files, temporary)
                return
        if if_absent and files.is_there(path):
            raise self._exists(name)
        files.rename(temporary, path)
        # It was renamed where it was to be linked: a file system there without links, such as FAT.
        self._links = self._links and not if_absent

    def _prove_links(self, files: Files, temporary: bytes, path: bytes) -> None:
        """Once, link again: a server that lets that pass would have replaced another's object."""
        if not self._proved:
            try:
                files.link(temporary, path)
            except Refused:
                self._proved = True
            else:
                self._links = False

    def _exists(self, name: str) -> Exists:
        return Exists(f"{name} is already in {self.place}", name=name)

    # Listing

    def _folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders that names with this prefix may lie in."""
        kind, dot, rest = prefix.partition(".")
        if dot:
            found = [folder_of(kind)]
        else:
            yield ""
            top = next(self._inside([""]))[1]
            found = [each for each in _below(top) if each.startswith(kind) or each == OTHER]
        yield from found
        sharded = [folder for folder in found if folder in SHARDED]
        start = rest[:2]
        if len(start) == 2:
            yield from (f"{folder}/{start}" for folder in sharded if SHARD.fullmatch(start))
            return
        for folder, entries in self._inside(sharded):
            yield from (
                f"{folder}/{shard}" for shard in _below(entries) if SHARD.fullmatch(shard) and shard.startswith(start)
            )

    def _inside(self, folders: Iterator[str] | Sequence[str] | dict[str, None]) -> Iterator[tuple[str, Entries]]:
        """Yield each folder with what is in it."""
        for batch in _batches(folders, _FOLDERS):
            with self._files("", "listed") as files:
                found = files.folders([self._at(folder) for folder in batch])
            yield from zip(batch, found, strict=True)

    # What all need

    def _at(self, path: str) -> bytes:
        """Return where the server has a path of the repository."""
        return self._base + b"/" + path.encode() if path else self._base

    @contextmanager
    def _files(self, name: str, done: str) -> Iterator[Files]:
        """Lend a connection, and say of which object the server refuses what."""
        with self._pool.lend() as link:
            files = Files(link)
            try:
                yield files
            except NoFile:
                raise Broken(f"{name} in {self.place} is not a file", name=name) from None
            except Refused as refused:
                raise self._meant(files, refused, name, done) from None

    def _meant(self, files: Files, refused: Refused, name: str, done: str) -> StoreError:
        """Return the store error that a refusal stands for."""
        if refused.code == Code.NO_SUCH_FILE and done != "written":
            return Missing(f"There is no {name} in {self.place}", name=name)
        kind, hint = _MEANINGS.get(refused.code, (Broken, _DISK))
        words = refused.words
        if refused.code == Code.FAILURE and done == "written":
            # Version 3 has no words for a full disk, nor for one that cannot be written.
            free, sealed = files.room(self._base) or (_SCARCE_SIZE, False)
            if sealed:
                kind, hint, words = Denied, _RIGHTS, "the file system there is read-only"
            elif free < _SCARCE_SIZE:
                kind, hint, words = Full, _ROOM, "no room is left"
        what = f"{name or 'The folder'} in {self.place} could not be {done}: {words or 'the server refuses'}"
        return kind(what, name=name, hint=hint)


_MEANINGS: dict[int, tuple[type[StoreError], str]] = {
    Code.NO_SUCH_FILE: (Broken, _GONE),
    Code.PERMISSION_DENIED: (Denied, _RIGHTS),
    Code.NO_CONNECTION: (Retry, ""),
    Code.CONNECTION_LOST: (Retry, ""),
}


def _temporary(folder: str) -> str:
    return os.path.join(folder, f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}")


def _make(files: Files, path: bytes) -> None:
    """Make a folder, unless another has just done so."""
    try:
        files.make_folder(path)
    except Refused:
        if not files.is_there(path):
            raise


def _discard(files: Files, path: bytes) -> None:
    """Remove a file that is of no use any more; where that fails, a later tidy does."""
    try:
        files.remove(path)
    except Refused:
        return


def _names(entries: Entries) -> Iterator[str]:
    """Yield the names of files that may be objects."""
    return (name.decode() for name, found in entries if found.is_file and name.isascii())


def _below(entries: Entries) -> list[str]:
    """Return the names of folders."""
    return [name.decode() for name, found in entries if found.may_be_folder and name.isascii() and name[:1] != b"."]


def _batches(items: Iterator[str] | Sequence[str] | dict[str, None], size: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
