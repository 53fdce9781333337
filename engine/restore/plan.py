"""What a restore is about to do, decided before anything is written: where it starts, and what names mean. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry
from yester.engine.errors import UsageError
from yester.engine.trees.directories import open_directory

MAX_NAME_SIZE = 255
"""Of names that this module makes up; file systems hold no longer ones."""


class Conflict(StrEnum):
    """What happens to an entry of the target that has a restored one's name; the values are those of `--on-conflict`.

    Directories are merged. A file of the same content is left where it is and, unless the policy has what is
    there stay, gets the stored attributes.
    """

    KEEP_BOTH = "keep-both"
    """The restored entry gets the name; the one that was there is renamed to NAME.before-TIME."""
    OVERWRITE = "overwrite"
    """The restored entry replaces it; a directory that is not empty is still renamed, never deleted."""
    SKIP = "skip"
    """What is there stays as it is."""
    NEWER = "newer"
    """What is there stays, unless it was modified before the restored one was: that one replaces it."""


@dataclass(frozen=True, slots=True)
class Start:
    """An entry that was asked for, and the name it gets in the target; no name: it becomes the target itself."""

    entry: Entry
    ordinal: int
    path: bytes
    """Where it is in the snapshot."""
    name: bytes

    @property
    def folder(self) -> bytes:
        """The directory of the snapshot that the target stands for."""
        return self.path.rpartition(b"/")[0] or b"/"


def starts(source: BlobSource, root: Entry, paths: Sequence[bytes], *, in_place: bool = False) -> tuple[Start, ...]:
    """Return where the restore begins, one Start a path; of "/" or no path at all, the whole snapshot.

    With `in_place` each comes back to where it was, and one that lies in another comes with that. UsageError when the
    snapshot has no such path, or two of them would get the same name.
    """
    found = [_find(source, root, path) for path in paths] or [Start(root, 0, b"/", b"")]
    if in_place:
        return _outermost(found)
    taken: dict[bytes, bytes] = {}
    for start in found:
        if taken.setdefault(start.name, start.path) != start.path:
            raise UsageError(
                f"{_text(taken[start.name])} and {_text(start.path)} would both become {_text(start.name)}",
                hint="Restore them one after the other, to different targets.",
            )
    return tuple({start.path: start for start in found}.values())


def _outermost(found: Sequence[Start]) -> tuple[Start, ...]:
    """Return those that lie in no other one, once each, in order of their paths."""
    kept: list[Start] = []
    for start in sorted(found, key=lambda start: start.path.split(b"/")):
        above = kept[-1].path.rstrip(b"/") if kept else None
        if above is None or not (start.path + b"/").startswith(above + b"/"):
            kept.append(start)
    return tuple(kept)


def _find(source: BlobSource, root: Entry, path: bytes) -> Start:
    """Descend to `path`, counting ordinals; `..` and symlinks are not followed, a snapshot holds them as they are."""
    entry, ordinal, at = root, 0, b""
    for name in [part for part in path.split(b"/") if part not in (b"", b".")]:
        inside = open_directory(source, entry).find(name) if entry.is_directory and entry.refs else None
        if inside is None:
            raise UsageError(
                f"The snapshot has no {_text(path)}",
                hint=f"{_text(at or b'/')} is {_kind(entry)} in it. `yester show SNAPSHOT` lists what was taken.",
            )
        page, row, below = inside
        entry, ordinal, at = page.entry(row), ordinal + 1 + below, at + b"/" + name
    return Start(entry, ordinal, at or b"/", at.rpartition(b"/")[2])


def _kind(entry: Entry) -> str:
    if entry.is_symlink:
        return f"a link to {_text(entry.target)}"
    return "the last folder of that path that is" if entry.is_directory else "no folder"


def _text(path: bytes) -> str:
    return path.decode(errors="backslashreplace")


def aside_name(name: bytes, label: bytes, taken: Callable[[bytes], bool]) -> bytes:
    """Return NAME.LABEL, shortened to what a file system holds, with -2, -3 … when `taken` says there is one."""
    number = 1
    while True:
        suffix = b"." + label + (b"" if number == 1 else b"-%d" % number)
        found = name[: MAX_NAME_SIZE - len(suffix)] + suffix
        if not taken(found):
            return found
        number += 1
