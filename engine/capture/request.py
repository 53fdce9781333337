"""What is asked of a run, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from yester.engine.capture.streams import Stream
from yester.engine.capture.taken import Failure
from yester.engine.events import Result
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import Profile
from yester.engine.sealed.records import Statistics


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What to do in one run; `run` names its journal."""

    profile: Profile
    run: str
    tags: tuple[str, ...] = ()
    dry_run: bool = False
    accept_shrink: bool = False
    """Sources that are gone or small are meant to be: no warning, and the next run compares with this one."""
    streams: tuple[Stream, ...] = ()
    """Files beside the profile's sources that come out of pipes."""
    only_streams: bool = False
    """Take these alone."""
    read_from: Mapping[bytes, bytes] = field(default_factory=dict)
    """Source → where it is really read, both real paths (engine/capture/detours.py)."""

    @property
    def sources(self) -> tuple[bytes, ...]:
        """The folders and files to take."""
        return () if self.only_streams else self.profile.sources

    @property
    def stream_paths(self) -> tuple[bytes, ...]:
        """Where the streams are in the snapshot."""
        return tuple(stream.path for stream in self.streams)


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """What came of a run; `snapshot` is None when there is no new one: after a dry run, or when nothing changed."""

    snapshot: SnapshotId | None
    statistics: Statistics
    failures: tuple[Failure, ...]
    result: Result
    suspicions: tuple[str, ...] = ()
    """In words, which sources vanished or shrank."""
    same_as: SnapshotId | None = None
    """The snapshot that has all of this already, when there is no new one for that reason."""
    snapshots: int | None = None
    """How many complete ones the series has now."""
