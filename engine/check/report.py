"""What a check found: problems of objects, and the files that each of them hits."""

from collections.abc import Callable
from dataclasses import dataclass, field

from yester.engine.ids import SnapshotId

MAX_HITS = 100_000
"""Files beyond these are counted and told, not kept in the report: lost packs may hit millions."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A file of a snapshot that cannot be read as it was, or only in part."""

    snapshot: SnapshotId
    path: bytes
    is_all_below: bool = False
    """The path is a directory of which names are lost, so that nobody can say what was there."""

    @property
    def place(self) -> bytes:
        """SNAPSHOT:PATH as a person may type it; a directory that is lost ends in a slash."""
        slash = b"/" if self.is_all_below and not self.path.endswith(b"/") else b""
        return self.snapshot.hex()[:12].encode() + b":" + self.path + slash


@dataclass(frozen=True, slots=True)
class Problem:
    """An object that is not what was written, or not there."""

    subject: str
    """The object's name, or what else is wrong."""
    what: str
    hits: tuple[Hit, ...]
    """At most MAX_HITS over all problems."""
    hit_count: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The end of a check. Any problem is damage (exit code 5)."""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    """What is no damage but worth knowing, such as packs that nothing names yet."""
    snapshots: int
    directories: int
    """Different ones: equal directories are looked at once."""
    files: int
    packs: int
    packs_read: int
    """Packs that were read whole; metadata packs always are."""
    read_size: int
    """Bytes of those."""


@dataclass(slots=True)
class _Found:
    subject: str
    what: str
    hits: list[Hit] = field(default_factory=list)
    hit_count: int = 0


class Problems:
    """Collects problems, known by number, and what they hit. For one thread."""

    def __init__(self, told: Callable[[str, str, Hit | None], None]) -> None:
        """`told` is called with subject and what for each problem, and again with each file that it hits."""
        self._told = told
        self._found: list[_Found] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._kept = 0

    def note(self, subject: str, what: str) -> int:
        """Return the number of this problem, a new one or the one it already has."""
        number = self._numbers.setdefault((subject, what), len(self._found))
        if number == len(self._found):
            self._found.append(_Found(subject, what))
            self._told(subject, what, None)
        return number

    def hit(self, number: int, hit: Hit) -> None:
        """Note that a problem hits a file."""
        found = self._found[number]
        found.hit_count += 1
        if self._kept < MAX_HITS:
            self._kept += 1
            found.hits.append(hit)
        self._told(found.subject, found.what, hit)

    def __len__(self) -> int:
        return len(self._found)

    def report(self) -> tuple[Problem, ...]:
        """Return all of it, files sorted by snapshot and path."""
        return tuple(
            Problem(each.subject, each.what, tuple(sorted(each.hits, key=_order)), each.hit_count)
            for each in self._found
        )


def _order(hit: Hit) -> tuple[bytes, bytes]:
    return hit.snapshot, hit.path
