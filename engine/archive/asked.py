"""What archives are asked for, and what became of it; pure.

A *request* is what a person asked for at one time: its *jobs* are one for each pack. Jobs go to the archive in *calls*
of many: a call has an id of its own, which the archive gets, and keeps it when it is asked again after a kill.

What a job can become from each state is in COURSES. A job to archive that is to be purged as well goes on as one to
purge once it is archived, which is where a request to purge begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from yester.engine.ids import PackId, SnapshotId
from yester.engine.sealed.sealing import ObjectKind, name_of


class Kind(StrEnum):
    """What an archive is asked to do with a pack."""

    ARCHIVE = "archive"
    PURGE = "purge"
    """Nothing: the online copy goes, after the archive's was looked at."""
    RECALL = "recall"
    DELETE = "delete"


class State(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    ARCHIVED = "archived"
    PURGED = "purged"
    RESTORING = "restoring"
    RESTORED = "restored"
    DELETED = "deleted"
    FAILED = "failed"
    CANCELLED = "cancelled"


FIRST: Mapping[Kind, State] = MappingProxyType(
    {
        Kind.ARCHIVE: State.QUEUED,
        Kind.PURGE: State.ARCHIVED,
        Kind.RECALL: State.QUEUED,
        Kind.DELETE: State.QUEUED,
    }
)
"""How a job of each kind begins, and where one waits that was not done yet."""

AT_WORK: Mapping[Kind, State] = MappingProxyType(
    {
        Kind.ARCHIVE: State.RUNNING,
        Kind.PURGE: State.RUNNING,
        Kind.RECALL: State.RESTORING,
        Kind.DELETE: State.RUNNING,
    }
)
"""What a job is while it is in a call."""

DONE: Mapping[Kind, State] = MappingProxyType(
    {
        Kind.ARCHIVE: State.ARCHIVED,
        Kind.PURGE: State.PURGED,
        Kind.RECALL: State.RESTORED,
        Kind.DELETE: State.DELETED,
    }
)
"""What a job is that was done."""

COURSES: Mapping[Kind, Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        kind: {
            FIRST[kind]: frozenset({AT_WORK[kind], State.CANCELLED}),
            AT_WORK[kind]: frozenset({AT_WORK[kind], DONE[kind], State.FAILED, FIRST[kind]}),
            State.FAILED: frozenset({FIRST[kind]}),
        }
        for kind in Kind
    }
)
"""What each state may become; nothing where it is not named."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One pack, and what is wanted of an archive for it."""

    pack: PackId
    size: int
    archive: str
    """The archive's guid."""
    policy: str
    sha1: str = ""
    """Known of what was archived before."""
    external_ids: tuple[str, ...] = ()
    archive_name: str = ""
    """What a person knows the archive by."""
    stays: bool = False
    """It is not purged, whatever the request says of the others."""

    @property
    def name(self) -> str:
        """The pack's object name, by which archives know it."""
        return name_of(ObjectKind.DATA, self.pack)


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for at one time."""

    id: str
    kind: Kind
    asked_ns: int
    about: str
    """In words, which snapshots it is about."""
    user: str = ""
    is_purging: bool = False
    """What is archived is purged afterwards."""
    snapshots: tuple[SnapshotId, ...] = ()
    """Those that it is about: a pack is purged when no other one needs it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One pack of a request."""

    id: int
    request: str
    kind: Kind
    state: State
    wanted: Wanted
    is_purging: bool
    call: str
    """The call that it is in, or was in last."""
    words: str
    """What the archive, or yester, said of it last."""
    queued_ns: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job in a call."""

    job: int
    state: State
    words: str = ""
    external_ids: tuple[str, ...] = ()
    sha1: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A request, and how far its jobs are."""

    request: Request
    states: Mapping[State, int]
    open: int
    """Jobs for which something is still to be done."""
    size: int
    archives: tuple[str, ...]
    """What a person knows the archives by."""
    words: tuple[str, ...]
    """What was said of jobs that are not done, each sentence once."""


def halves(jobs: Sequence[Job]) -> tuple[Sequence[Job], Sequence[Job]]:
    """Return the two halves of several jobs."""
    middle = len(jobs) // 2
    return jobs[:middle], jobs[middle:]


def by_request(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """Return jobs by their request."""
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.request, []).append(job)
    return found


def portions(jobs: Sequence[Job], size: int) -> list[list[Job]]:
    """Return jobs in their order, in portions of at most `size` bytes; one that is larger goes alone."""
    found: list[list[Job]] = []
    left = 0
    for job in jobs:
        if not found or job.wanted.size > left:
            found.append([])
            left = size
        found[-1].append(job)
        left -= job.wanted.size
    return found
