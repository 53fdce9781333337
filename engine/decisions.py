"""What hooks may decide about an entry before it is taken; pure.

Hooks are asked about every entry that the filters keep, in the order of os.walk: all of a directory's entries together
and sorted by name, then each of its folders in turn. What lies below a folder that is left out is not asked about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple


class Candidate(NamedTuple):
    """An entry as the file system has it. Times are ns since 1970."""

    path: bytes
    """Absolute."""
    mode: int
    """Type and permission bits, as in st_mode."""
    size: int
    mtime_ns: int
    ctime_ns: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an entry; by default nothing is different."""

    skip: bool = False
    """It is not taken, and of a folder nothing below it."""
    empty: bool = False
    """A folder is taken, but nothing below it."""
    read: bool = False
    """A file is read although nothing says that it changed."""
    mode: int | None = None
    """Permission bits, up to 0o7777."""
    uid: int | None = None
    gid: int | None = None
    mtime_ns: int | None = None
    content: bytes | None = None
    """What a file is to hold instead of its own content, of which nothing is read then."""
    content_path: bytes | None = None
    """A file that holds it; it must be there until the run has ended."""

    @property
    def is_replacing(self) -> bool:
        """Whether the entry gets other content."""
        return self.content is not None or self.content_path is not None

    @property
    def is_altering(self) -> bool:
        """Whether the snapshot will have something else than the file system."""
        return self.is_replacing or any(value is not None for value in (self.mode, self.uid, self.gid, self.mtime_ns))


Decisions = Mapping[int, Decision]
"""Place in the candidates → what becomes of it; the others are taken as they are."""


def agreed(first: Decision, then: Decision) -> Decision:
    """Return what two hooks decide, one after the other: of values the later counts."""
    content = then if then.is_replacing else first
    return replace(
        then,
        skip=first.skip or then.skip,
        empty=first.empty or then.empty,
        read=first.read or then.read,
        mode=first.mode if then.mode is None else then.mode,
        uid=first.uid if then.uid is None else then.uid,
        gid=first.gid if then.gid is None else then.gid,
        mtime_ns=first.mtime_ns if then.mtime_ns is None else then.mtime_ns,
        content=content.content,
        content_path=content.content_path,
    )


def not_below(candidates: Sequence[Candidate], decisions: Decisions) -> list[int]:
    """Return the places of those that are not below a folder which these decisions leave out or empty."""
    shut = tuple(candidates[place].path + b"/" for place, each in decisions.items() if each.skip or each.empty)
    if not shut:
        return list(range(len(candidates)))
    return [place for place, each in enumerate(candidates) if not each.path.startswith(shut)]
