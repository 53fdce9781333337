"""The world of the model test: a source folder and its model, a store that may fail, and clients of one repository.

The model is a dictionary of what the source holds. What each snapshot must hold is the model as it was when the
snapshot was taken; so whatever happened since, every snapshot that is listed can be compared.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from tests.rig import KEEP_ALL

from yester.engine.blobs import BlobSource
from yester.engine.capture.snapping import SnapshotRequest, take_snapshot
from yester.engine.errors import Retry
from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.engine.restore.ownership import OwnerMode
from yester.engine.sealed.records import Snapshot
from yester.engine.store import Buffer
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, walk
from yester.fs.file_reading import Desk
from yester.fs.file_system import FileSystem
from yester.fs.inodes import ROOT, Numbers
from yester.fs.read_ahead import ReadAhead
from yester.fs.sources import MountSource
from yester.fs.views import ViewBuilder
from yester.plugins.backends.memory import MemoryStore

Tree = dict[bytes, bytes | None]
"""Relative path → content; None for a folder."""

DAY_NS = 86_400 * 10**9


class Dead(BaseException):
    """The process was killed: no handler of an error runs."""


class End(Enum):
    """How a store ends a client's work."""

    KILLED_BEFORE = auto()
    """At a call, which does nothing."""
    KILLED_AFTER = auto()
    """At a call, which was carried out."""
    GONE = auto()
    """The store is not reached any more."""


class Frail(MemoryStore):
    """A command's way to the objects: at some call it ends, and stays ended, or something else happens first."""

    def __init__(self, shared: MemoryStore, calls: int, end: End | Callable[[], None]) -> None:
        """That call follows so many, counted from `count` on."""
        super().__init__()
        self._objects, self._lock, self.place = shared._objects, shared._lock, shared.place
        self.end = end
        self._left: int | None = None
        self._calls = calls

    def count(self) -> None:
        """From here on calls count."""
        self._left = self._calls

    @property
    def has_ended(self) -> bool:
        """Whether that call came."""
        return self._left is not None and self._left < 0

    def _call(self) -> Callable[[], None]:
        """Count a call; return what is to be done after it."""
        if self._left is None:
            return _nothing
        self._left -= 1
        if self._left >= 0:
            return _nothing
        if not isinstance(self.end, End):
            if self._left == -1:
                self.end()
            return _nothing
        if self.end is End.GONE:
            raise Retry("The store is not reached")
        if self.end is End.KILLED_AFTER and self._left == -1:
            return _die
        raise Dead

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        after = self._call()
        super().put(name, buffers, if_absent=if_absent, group=group)
        after()

    def get(self, name: str) -> bytes:
        self._call()
        return super().get(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        return super().get_range(name, offset, size)

    def list(self, prefix: str = "") -> Iterator[str]:
        self._call()
        return super().list(prefix)

    def query(self, name: str) -> int:
        return super().query(name)

    def delete(self, name: str) -> None:
        after = self._call()
        super().delete(name)
        after()


def _nothing() -> None:
    """Nothing comes after."""


def _die() -> None:
    raise Dead


class Dated(Repository):
    """A repository whose client commits snapshots of a time of its own: days before now, and by a clock that is off."""

    days_back = 0.0

    def commit_snapshot(self, snapshot: Snapshot, **more: Any) -> SnapshotId:
        off = int(self.days_back * DAY_NS)
        return super().commit_snapshot(
            msgspec.structs.replace(snapshot, time_ns=snapshot.time_ns - off, end_ns=snapshot.end_ns - off), **more
        )


class Source:
    """A folder, and the model of what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree: Tree = {}
        folder.mkdir(exist_ok=True)

    def path(self, name: bytes) -> bytes:
        """Where a name is."""
        return os.path.join(os.fsencode(self.folder), name)

    def files(self) -> list[bytes]:
        """The names of files."""
        return sorted(name for name, content in self.tree.items() if content is not None)

    def write(self, name: bytes, content: bytes) -> None:
        """Write a file, and the folders above it."""
        folder = os.path.dirname(name)
        os.makedirs(self.path(folder), exist_ok=True)
        while folder:
            self.tree[folder] = None
            folder = os.path.dirname(folder)
        with open(self.path(name), "wb") as file:
            file.write(content)
        self.tree[name] = content

    def change_in_secret(self, name: bytes) -> None:
        """Change a file's content so that neither its size nor its time of change shows it."""
        content = self.tree[name]
        if content:
            status = os.stat(self.path(name))
            self.write(name, bytes(byte ^ 1 for byte in content))
            os.utime(self.path(name), ns=(status.st_atime_ns, status.st_mtime_ns))

    def remove(self, name: bytes) -> None:
        """Remove a file, or a folder with all that is in it."""
        path = self.path(name)
        if self.tree[name] is None:
            shutil.rmtree(path)
        else:
            os.unlink(path)
        self.tree = {other: content for other, content in self.tree.items() if not _is_in(other, name)}

    def rename(self, old: bytes, new: bytes) -> None:
        """Rename a file or a folder; nothing happens when the new name is taken, or lies in the old one."""
        folder = os.path.dirname(new)
        if new in self.tree or _is_in(new, old) or (folder and folder not in self.tree):
            return
        os.rename(self.path(old), self.path(new))
        self.tree = {
            new + other[len(old) :] if _is_in(other, old) else other: content for other, content in self.tree.items()
        }


def _is_in(name: bytes, folder: bytes) -> bool:
    return name == folder or name.startswith(folder + b"/")


class Mount:
    """A mount's tree without the kernel, which stays as long as its client."""

    def __init__(self, repository: Repository, root: Path) -> None:
        self.now = 0.0
        reader = repository.reader()
        self._ahead = ReadAhead(reader)
        self.system: FileSystem[Any] = FileSystem(
            repository,
            ViewBuilder(Numbers(root / "snapshots"), Numbers(root / "folders")),
            Desk(MountSource(reader, local=True), self._ahead),
            SimpleNamespace(),
            owner=OwnerMode.AS_STORED,
            me=(os.getuid(), os.getgid()),
            clock=lambda: self.now,
        )

    def ids(self) -> set[bytes]:
        """List the snapshots, as `ls MOUNT/ids` a moment later does."""
        self.now += 2
        return {name for name, _ in self._names(self._find(ROOT, b"ids"))}

    def read(self, sid: SnapshotId, folder: bytes) -> Tree:
        """Read all that a snapshot has below a folder."""
        self.now += 2
        link = self.system.readlink(self._find(self._find(ROOT, b"ids"), sid.hex().encode()))
        inode = ROOT
        for name in [*link.split(b"/")[1:], *folder.strip(b"/").split(b"/")]:
            inode = self._find(inode, name)
        return dict(self._below(inode, b""))

    def _below(self, inode: int, path: bytes) -> Iterator[tuple[bytes, bytes | None]]:
        for name, is_folder in self._names(inode):
            child = self._find(inode, name)
            inner = os.path.join(path, name)
            if is_folder:
                yield inner, None
                yield from self._below(child, inner)
            else:
                file = self.system.open_file(child)
                yield inner, bytes(file.read(0, file.size))

    def _find(self, inode: int, name: bytes) -> Any:
        return self.system.lookup(inode, name).st_ino  # type: ignore[arg-type]

    def _names(self, inode: Any) -> list[tuple[bytes, bool]]:
        told: list[tuple[bytes, bool]] = []

        def reply(name: bytes, after: int) -> bool:
            told.append((name, self.system.attributes_object.st_mode & 0o170000 == 0o040000))
            return True

        self.system.list_from(self.system.open_listing(inode), 0, reply)
        return [entry for entry in told if entry[0] not in (b".", b"..")]

    def close(self) -> None:
        """Unmount."""
        self._ahead.close()


@dataclass
class Client:
    """One machine: its folders, its profile, its clock, and a mount that stays while commands come and go."""

    name: str
    root: Path
    shared: MemoryStore
    source: Source
    skew_days: float = 0.0
    mount: Mount | None = None

    def __post_init__(self) -> None:
        self.places = Places.under(self.root)
        self.profile = Profile("docs", b"p" * 16, (os.fsencode(self.source.folder),), filters=KEEP_ALL)

    def open(self, store: MemoryStore | None = None, days_back: float = 0.0) -> Dated:
        """Open the repository anew, as each command does."""
        repository = Dated.open(self.shared if store is None else store, None, places=self.places)
        assert isinstance(repository, Dated)
        repository.days_back = days_back - self.skew_days
        return repository

    def lose_cache(self) -> None:
        """Lose what can be made again."""
        self.unmount()
        shutil.rmtree(self.places.cache, ignore_errors=True)  # there may be none yet

    def snap(self, repository: Repository) -> SnapshotId:
        """Take a snapshot."""
        done = take_snapshot(
            repository,
            SnapshotRequest(self.profile, "run"),
            places=self.places,
            hooks=NoHooks(),
            progress=NoProgress(),
            cancelled=lambda: False,
        )
        assert done.result == "complete" and done.snapshot is not None
        return done.snapshot

    def mounted(self) -> Mount:
        """Return its mount, which is made when it is asked for first."""
        if self.mount is None:
            self.mount = Mount(self.open(), self.root / "numbers")
        return self.mount

    def unmount(self) -> None:
        """Take the mount away."""
        if self.mount is not None:
            self.mount.close()
            self.mount = None


def contents(source: BlobSource, snapshot: Snapshot) -> Tree:
    """Return all that a snapshot has below its one source."""
    [folder] = snapshot.sources
    prefix = folder + b"/"
    return {
        path.removeprefix(prefix): None if entry.is_directory else bytes(Content.of(entry, source).read(0, entry.size))
        for path, entry, _ in walk(source, decode_root(snapshot.root))
        if path.startswith(prefix)
    }


def _refuse(error: OSError) -> None:
    raise error


def on_disk(folder: Path) -> Tree:
    """Return all that is in a folder; OSError when any of it cannot be read."""
    found: Tree = {}
    top = os.fsencode(folder)
    for place, folders, files in os.walk(top, onerror=_refuse):
        inner = os.path.relpath(place, top) if place != top else b""
        found |= {os.path.join(inner, name): None for name in folders}
        for name in files:
            found[os.path.join(inner, name)] = Path(os.fsdecode(os.path.join(place, name))).read_bytes()
    return found
