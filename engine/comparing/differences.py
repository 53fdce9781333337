"""What a difference is: a path, what happened to it, and in what it differs.

Of a folder, only its own attributes count: what is in it has differences of its own, and its size and time of
modification follow from them.
"""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from yester.engine.catalogue.states import State
from yester.engine.entries import Mark, Owner


class Happened(StrEnum):
    """What happened to a path."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


class Look(NamedTuple):
    """What is compared of an entry. `content` and `extra` are those of the catalogue (engine/catalogue/states.py)."""

    mode: int
    owner: Owner
    size: int
    mtime_ns: int
    content: bytes
    extra: bytes | None
    marks: Mark = Mark(0)

    @classmethod
    def of(cls, state: State, owner: Owner) -> "Look":
        """Return the look of a state; `owner` is the one that it names by number."""
        return cls(state.st_mode, owner, state.size, state.mtime_ns, state.content, state.extra, state.marks)

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


@dataclass(frozen=True, slots=True)
class Difference:
    """A path that differs; `before` is None when it was added, `after` when it was removed."""

    path: bytes
    happened: Happened
    before: Look | None
    after: Look | None
    what: tuple[str, ...] = ()
    """In what the two differ: of what was changed, or renamed and changed."""
    origin: bytes = b""
    """Of what was renamed: what it was called."""
    offset: int | None = None
    """Where a content that was read first differs."""
    rotten: bool = False
    """Whether the content differs though size and time of modification do not."""


_CONTENTS = {stat.S_IFLNK: "target", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}


def facets(before: Look, after: Look) -> tuple[str, ...]:
    """Return in what two looks at one path differ."""
    kind = stat.S_IFMT(before.mode)
    if kind != stat.S_IFMT(after.mode):
        return ("type",)
    found = []
    if kind != stat.S_IFDIR:
        if before.content != after.content:
            found.append(_CONTENTS.get(kind, "content"))
        if kind == stat.S_IFREG and before.size != after.size:
            found.append("size")
    if stat.S_IMODE(before.mode) != stat.S_IMODE(after.mode):
        found.append("mode")
    if (before.owner.uid, before.owner.gid) != (after.owner.uid, after.owner.gid):
        found.append("owner")
    if kind != stat.S_IFDIR and before.mtime_ns != after.mtime_ns:
        found.append("mtime")
    if before.extra != after.extra:
        found.append("attributes")
    if (before.marks ^ after.marks) & Mark.UNREADABLE:
        found.append("readable")
    return tuple(found)


def difference(path: bytes, before: Look | None, after: Look | None) -> Difference | None:
    """Return what happened to a path, None when nothing did that counts."""
    if before is None or after is None:
        happened = Happened.ADDED if before is None else Happened.REMOVED
        return None if before is after else Difference(path, happened, before, after)
    what = facets(before, after)
    return Difference(path, Happened.CHANGED, before, after, what) if what else None


def with_renames(differences: Iterable[Difference]) -> Iterator[Difference]:
    """Yield the differences in order of their paths, those that are one path under another name joined.

    What is the same in a folder that was renamed is left out, as the folder stands for it.
    """
    kept = sorted(differences, key=lambda each: each.path.split(b"/"))
    removed: dict[tuple[bytes, int, bool], list[Difference]] = {}
    for each in kept:
        if each.before is not None and each.after is None and _tells(each.before):
            removed.setdefault(_identity(each.before), []).append(each)
    origins: dict[bytes, Difference] = {}
    gone: set[bytes] = set()
    folders: list[tuple[bytes, bytes]] = []
    for each in kept:
        if each.before is not None or each.after is None or not _tells(each.after):
            continue
        if _within(each.path, folders, 1):
            continue
        source = _taken(removed.get(_identity(each.after), []), gone, folders, each)
        if source is not None:
            origins[each.path] = source
            gone.add(source.path)
            if each.after.is_directory:
                folders.append((source.path, each.path))
    for each in kept:
        origin = origins.get(each.path)
        if origin is not None and origin.before is not None and each.after is not None:
            what = tuple(facet for facet in facets(origin.before, each.after) if facet != "content")
            yield replace(each, happened=Happened.RENAMED, before=origin.before, what=what, origin=origin.path)
        elif each.path in gone or _within(each.path, folders, 0 if each.after is None else 1):
            continue
        else:
            yield each


def _tells(look: Look) -> bool:
    """Whether a content says which file or folder it is: empty ones are all the same."""
    return look.size > 0 and bool(look.content) and (look.is_file or look.is_directory)


def _identity(look: Look) -> tuple[bytes, int, bool]:
    return look.content, look.size, look.is_directory


def _within(path: bytes, folders: list[tuple[bytes, bytes]], side: int) -> bool:
    return any(path.startswith(pair[side] + b"/") for pair in folders)


def _taken(
    sources: list[Difference], gone: set[bytes], folders: list[tuple[bytes, bytes]], target: Difference
) -> Difference | None:
    """Return one that is still free, of the same name if there is such."""
    free = [each for each in sources if each.path not in gone and not _within(each.path, folders, 0)]
    name = target.path.rpartition(b"/")[2]
    return next((each for each in free if each.path.rpartition(b"/")[2] == name), free[0] if free else None)
