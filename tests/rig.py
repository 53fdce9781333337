"""A repository in memory with one profile, and what a snapshot of it says, for tests of everything above the store."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yester.engine.blobs import BlobSource
from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.entries import Entry
from yester.engine.events import Event
from yester.engine.hooks import AllEvents
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.profiles.profile import FilterSpec, Profile
from yester.engine.profiles.writing import new_profile
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.engine.sealed.records import Snapshot
from yester.engine.store import Store
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, walk
from yester.plugins.backends.memory import MemoryStore


def write(path: Path, content: bytes = b"x") -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


ABOVE_SIZE = 4000
"""More than the folders above a source take, which others may change at any time."""

KEEP_ALL = FilterSpec(defaults=False, caches=False)


class Recorder(AllEvents):
    """Hooks that remember every event."""

    wants_files = True

    def __init__(self) -> None:
        self.events: list[Event] = []

    def event(self, event: Event) -> None:
        self.events.append(event)


@dataclass
class Rig:
    """One client of one repository."""

    places: Places
    profile: Profile
    store: Store = field(default_factory=MemoryStore)
    hooks: Recorder = field(default_factory=Recorder)
    cancelled: Callable[[], bool] = lambda: False
    made: bool = False
    secret: bytes | None = None

    @classmethod
    def of(cls, home: Path, *sources: Path | bytes, filters: FilterSpec = KEEP_ALL, name: str = "docs") -> "Rig":
        """Prepare snapshots of `sources`, with state and cache below `home`."""
        paths = [os.fsencode(source) for source in sources]
        places = Places.default()
        assert str(places.state).startswith(str(home))
        return cls(places, new_profile(name, paths, filters=filters))

    def open(self) -> Repository:
        """Open the repository anew, as each command does; made at the first call, not encrypted without a secret."""
        if not self.made:
            self.made = True
            return Repository.create(self.store, self.secret, places=self.places)
        secret = self.secret
        return Repository.open(self.store, None if secret is None else lambda: secret, places=self.places)

    def snap(self, *, dry_run: bool = False, tags: tuple[str, ...] = ()) -> SnapshotResult:
        """Take a snapshot."""
        request = SnapshotRequest(self.profile, "run", tags=tags, dry_run=dry_run)
        return take_snapshot(
            self.open(),
            request,
            places=self.places,
            hooks=self.hooks,
            progress=NoProgress(),
            cancelled=self.cancelled,
        )

    def taken(self, snapshot: SnapshotId | None) -> "Taken":
        """Return what a snapshot holds."""
        assert snapshot is not None
        repository = self.open()
        record = repository.snapshot(snapshot)
        source = repository.reader()
        entries = {path: (entry, ordinal) for path, entry, ordinal in walk(source, decode_root(record.root))}
        return Taken(record, source, entries)


@dataclass(frozen=True)
class Taken:
    """The entries of one snapshot by path."""

    record: Snapshot
    source: BlobSource
    entries: dict[bytes, tuple[Entry, int]]

    def __getitem__(self, path: Path | bytes) -> Entry:
        return self.entries[os.fsencode(path)][0]

    def __contains__(self, path: Path | bytes) -> bool:
        return os.fsencode(path) in self.entries

    def content(self, path: Path | bytes) -> bytes:
        """Return a file's bytes as the snapshot has them."""
        entry = self[path]
        return bytes(Content.of(entry, self.source).read(0, entry.size))

    def below(self, folder: Path) -> Iterator[bytes]:
        """Yield the paths below `folder`."""
        prefix = os.fsencode(folder) + b"/"
        return (path for path in self.entries if path.startswith(prefix))
