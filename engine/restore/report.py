"""What a restore did and did not do."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MAX_FAILURES = 10_000
"""Failures beyond these are counted, not listed: a target that takes no attributes at all must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An entry of the snapshot that is not restored, or not wholly, and why."""

    path: bytes
    """In the snapshot."""
    what: str


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the caller's rights or the snapshot did not allow to restore."""

    count: int
    example: bytes
    """A path in the snapshot."""


@dataclass(slots=True)
class Counts:
    """Entries and bytes that were restored, and what became of those that were there."""

    files: int = 0
    directories: int = 0
    symlinks: int = 0
    specials: int = 0
    """Fifos, sockets and devices."""
    links: int = 0
    """Further names of hard-linked entries; their first name counts as what it is."""
    size: int = 0
    """Bytes of data written; holes do not count."""
    same: int = 0
    """Entries that were there already, with the same content."""
    set_aside: int = 0
    replaced: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """The end of a restore. ctime and birth time cannot be set by anyone and are not reported."""

    counts: Counts
    failures: tuple[Failure, ...]
    """Sorted by path, at most MAX_FAILURES."""
    failed: int
    """How many there were. Not 0: done with failures."""
    damaged: int
    """How many of them damage in the repository caused."""
    lacking: Mapping[str, Lack]
    """By what is lacking, such as "owner": what only root may restore, when the caller is not root."""


@dataclass(slots=True)
class Tally:
    """Takes what is done and what fails."""

    told: Callable[[Failure], None]
    """Called for each failure that is listed."""
    counts: Counts = field(default_factory=Counts)
    failed: int = 0
    damaged: int = 0
    _failures: list[Failure] = field(default_factory=list)
    _lacking: dict[str, Lack] = field(default_factory=dict)

    def fail(self, path: bytes, what: str, *, is_damage: bool = False) -> None:
        """Note that the entry at `path` is not restored, or not wholly; perhaps because of damage in the repository."""
        failure = Failure(path, what)
        self.failed += 1
        self.damaged += is_damage
        if len(self._failures) < MAX_FAILURES:
            self._failures.append(failure)
            self.told(failure)

    def lack(self, path: bytes, what: str) -> None:
        """Note that `what` of the entry could not be had, and that nobody did wrong."""
        before = self._lacking.get(what)
        self._lacking[what] = Lack(before.count + 1, before.example) if before else Lack(1, path)

    def report(self) -> RestoreReport:
        """Return all of it."""
        failures = tuple(sorted(self._failures, key=lambda each: (each.path, each.what)))
        lacking = MappingProxyType(dict(sorted(self._lacking.items())))
        return RestoreReport(self.counts, failures, self.failed, self.damaged, lacking)


def in_words(error: OSError) -> str:
    """Return what the system said, without names and numbers."""
    return os.strerror(error.errno).lower() if error.errno else str(error)
