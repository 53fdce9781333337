"""The archive port: somewhere slow that keeps copies of files, and brings them back when asked.

The engine knows an archive as this; plugins (plugins/portal, contracts section 5) are made to fit it. Every call
blocks, takes as long as tapes do, and is made by one thread at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class FileSet(NamedTuple):
    """One content, wherever copies of it lie; what an archive is asked about (contracts section 5.3).

    A named tuple, as plugins replace fields of it (`_replace(external_ids=…)`) and hand it back.
    """

    files: Sequence[str]
    """Absolute paths that all hold the same content, or are to: any readable one is archived, one is restored to."""
    item_id: str
    """What the content is called; of a pack, its object's name."""
    sha1: str
    """Of the content, in hexadecimal digits."""
    external_ids: Sequence[str] = ()
    """Where the archive has it: set by `archive`, kept by who asked, handed back for `restore` and `delete`."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """When the file sets that a bulk policy has gathered are handed over: as soon as any of these is reached."""

    count: int | None = None
    size: int | None = None
    """Bytes."""
    interval_s: float | None = None
    """Since the first one was gathered."""
    time_of_day: str | None = None
    """Local time, `HH:MM`."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A storage policy of an archive."""

    uuid: str
    name: str
    is_bulk: bool
    """File sets of several jobs go into one call."""
    constraints: Constraints = Constraints()
    costs: Mapping[str, float] = field(default_factory=dict)
    """What the archive knows of: `restore_per_gb`, `restore_wait_s`, `minimum_days`, … (docs/archives.md)."""
    trusts_archive: bool = False
    """The person accepted that the archive's own verification stands for reading back before a purge."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One file set that was not done, in the archive's words."""

    item_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call, whichever generation of plugin gave it (contracts section 5.2).

    What is in neither `done` nor `refused` was not spoken of: who asked takes it for not done.
    """

    done: tuple[FileSet, ...]
    refused: tuple[Refusal, ...] = ()
    words: str = ""
    """What the archive said of the whole call."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """What it said beside, such as volumes and barcodes, by its own names."""
    pending: tuple[Refusal, ...] = ()
    """Of `restore`: what is on its way, in the archive's words; who asks again later gets it, or learns more."""
    remarks: tuple[str, ...] = ()
    """What was wrong with how it answered, in sentences for the person: nothing of that is in `done`."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether an archive could be reached when it was asked last."""

    is_ready: bool
    asked_ns: int
    words: str = ""
    """Why it could not, as far as it says so."""


class Archive(Protocol):
    """One archive. A method raises ArchiveError, in the archive's words, when nobody knows what was done of it."""

    @property
    def guid(self) -> str:
        """What it is told apart by, on every host and for ever."""
        ...

    @property
    def name(self) -> str:
        """What a person knows it by."""
        ...

    def policies(self) -> Sequence[Policy]:
        """Return its storage policies."""
        ...

    def is_ready(self) -> bool:
        """Whether it is set up and can be reached; who asks often keeps the answer for a while."""
        ...

    def archive(self, file_sets: Sequence[FileSet], policy_uuid: str, job_id: str) -> Answer:
        """Take copies; those done come back with `external_ids`. A job may ask again for what it asked before."""
        ...

    def restore(self, file_sets: Sequence[FileSet], policy_uuid: str, *, is_bulk: bool = False) -> Answer:
        """Bring each back to one path of its `files`; `is_bulk` is for what a bulk policy took."""
        ...

    def delete(self, file_sets: Sequence[FileSet], policy_uuid: str) -> Answer:
        """Let go of its copies."""
        ...

    def verify(self, file_sets: Sequence[FileSet], policy_uuid: str) -> Answer | None:
        """Let it look at its own copies where they are; None when it has no way to."""
        ...

    def close(self) -> None:
        """End what runs for it."""
        ...


class Archives(Protocol):
    """The archives that a command works with, by the names that people and records know them by."""

    def named(self, name: str) -> Archive:
        """Return the archive of a guid, of a plugin's name, or of its own name.

        UsageError: there is none, it is off, or it cannot be loaded.
        """
        ...

    def all(self) -> Mapping[str, Archive]:
        """Return each archive that can be loaded, by guid."""
        ...

    def readiness(self, archive: Archive) -> Readiness:
        """Whether an archive is ready: asked now, or as it said a short while ago."""
        ...

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long each plugin was at work."""
        ...

    def close(self) -> None:
        """End what runs for them."""
        ...
