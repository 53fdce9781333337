"""What of a repository a mount shows: all of it, one profile, one snapshot, or one folder of a snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass

from yester.engine.entries import Entry
from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.selection import LATEST, narrowed, time_name
from yester.engine.trees.directories import decode_root, open_directory


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person asks for; empty texts for all."""

    profile: str = ""
    """A profile, or PROFILE@HOST."""
    snapshot: str = ""
    """A snapshot as the command line names them; where only a path is given, the newest."""
    path: bytes = b""
    """A folder of the snapshot."""

    @property
    def is_one_snapshot(self) -> bool:
        """Whether one snapshot, or a folder of it, is all that is shown."""
        return bool(self.snapshot or self.path)


@dataclass(frozen=True, slots=True)
class Top:
    """The folder of a snapshot that is the root of a mount."""

    id: SnapshotId
    snapshot: Snapshot
    path: bytes
    ordinal: int
    entry: Entry

    def __str__(self) -> str:
        """What `yester mounts` shows; the path may hold bytes that are no UTF-8."""
        named = f"snapshot {self.id.hex()[:8]} ({self.snapshot.profile}@{time_name(self.snapshot.time_ns)})"
        return named + (":" + self.path.decode(errors="surrogateescape") if self.path else "")

    @property
    def entries_below(self) -> int:
        """How many entries it holds, at any depth."""
        return self.entry.summary.entries if self.entry.summary else 0


class OneSnapshot:
    """The list of snapshots of a mount that shows one: it never changes, whatever happens to the repository's."""

    def __init__(self, sid: SnapshotId, snapshot: Snapshot) -> None:
        self._listed = sid, snapshot

    def snapshot_ids(self) -> set[SnapshotId]:
        """Return its id."""
        return {self._listed[0]}

    def snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        """Return it."""
        return [self._listed]

    def labels(self) -> Mapping[SnapshotId, Label]:
        """Return nothing, since nothing of it is shown."""
        return {}


class OneProfile:
    """The snapshots of one profile of one host, from a repository."""

    def __init__(self, repository: Repository, profile: str, host: str) -> None:
        self._repository = repository
        self._profile = profile
        self._host = host

    def __str__(self) -> str:
        """What `yester mounts` shows."""
        return f"profile {self._profile}"

    def snapshot_ids(self) -> set[SnapshotId]:
        """As Repository; of all profiles, since an id does not say whose it is."""
        return self._repository.snapshot_ids()

    def snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        """Return those of the profile, oldest first."""
        found = self._repository.snapshots()
        return [each for each in found if (each[1].profile, each[1].host) == (self._profile, self._host)]

    def labels(self) -> Mapping[SnapshotId, Label]:
        """Return nothing: tags are not shown where one profile is."""
        return {}


def one_profile(repository: Repository, name: str) -> OneProfile:
    """Return the list of a profile's snapshots; UsageError unless the repository has just one of that name."""
    snapshots = repository.snapshots()
    found = sorted({(snapshot.profile, snapshot.host) for _, snapshot in narrowed(snapshots, name, None)})
    if not found:
        known = ", ".join(sorted({snapshot.profile for _, snapshot in snapshots})) or "none yet"
        raise UsageError(f"No snapshot is of a profile {name}", hint=f"Profiles in this repository: {known}.")
    if len(found) > 1:
        choices = ", ".join(f"{profile}@{host}" for profile, host in found)
        raise UsageError(f"Several hosts have a profile {name}", hint=f"Write one of: {choices}.")
    return OneProfile(repository, *found[0])


def top_of(repository: Repository, scope: Scope) -> Top:
    """Return the folder that is to be the root; UsageError when the snapshot has no folder there."""
    if scope.profile:
        one_profile(repository, scope.profile)  # says more clearly what is wrong with it
    sid, snapshot = repository.find_snapshot(scope.snapshot or LATEST, profile=scope.profile or None)
    source = repository.reader()
    entry, ordinal = decode_root(snapshot.root), 0
    names = list(filter(None, scope.path.split(b"/")))
    for name in names:
        found = open_directory(source, entry).find(name) if entry.is_directory and entry.refs else None
        if found is None:
            raise _no_folder(scope, sid, "There is no folder")
        page, row, index = found
        entry, ordinal = page.entry(row), ordinal + 1 + index
    if not entry.is_directory or not entry.refs:
        what = "could not be read when the snapshot was taken:" if entry.is_directory else "is no folder:"
        raise _no_folder(scope, sid, f"This {what}")
    return Top(sid, snapshot, b"".join(b"/" + name for name in names), ordinal, entry)


def _no_folder(scope: Scope, sid: SnapshotId, what: str) -> UsageError:
    path = scope.path.decode("utf-8", "backslashreplace")
    return UsageError(f"{what} {path} in snapshot {sid.hex()[:8]}", hint=f"Look around: yester show {sid.hex()[:8]}:/")
