"""The folders above the sources: a small tree from `/` down to each source, rooted as it was.

A source that is reached through symlinks keeps both: the links as they are and the folder they lead to.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yester.engine.capture.filters import Filter
from yester.engine.errors import UsageError

if TYPE_CHECKING:
    from yester.engine.capture.streams import Stream

_MAX_LINKS = 40
_REFUSED = {stat.S_IFIFO: "a fifo", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@dataclass(slots=True)
class Root:
    """A folder above sources (`children`), or a source itself (`whole`, `stream`)."""

    children: dict[bytes, "Root"] = field(default_factory=dict)
    whole: bool = False
    made: bool = False
    """A folder that is above streams alone, and need not be on this machine."""
    stream: "Stream | None" = None


def plan_roots(sources: Iterable[bytes]) -> tuple[Root, list[bytes]]:
    """Return the tree of folders above the sources and the sources that do not exist.

    UsageError for a source that is neither file nor folder nor symlink to one, or whose links go round.
    """
    top, missing = Root(), []
    for source in sources:
        try:
            _add(top, source)
        except FileNotFoundError:
            missing.append(source)
        except OSError as error:
            raise UsageError(f"The source {os.fsdecode(source)} cannot be reached: {error.strerror}") from None
    return top, missing


def unusable(sources: Iterable[bytes]) -> dict[bytes, str]:
    """Return of each source that can be none why not; one that does not exist is not among them."""
    found = {}
    for source in sources:
        try:
            plan_roots((source,))
        except UsageError as error:
            found[source] = error.what
    return found


def is_reached(source: bytes, others: Iterable[bytes], rules: Filter) -> bool:
    """Whether the walk comes to a source: where it lies in others, their filters may leave it out."""
    path = os.path.realpath(source)
    tops = (os.path.realpath(other) for other in others if other != source)
    above = [top.rstrip(b"/") for top in tops if path.startswith(top.rstrip(b"/") + b"/")]
    return not above or not any(_is_left_out(path, at, rules) for at in _ends(path, min(map(len, above))))


def _ends(path: bytes, start: int) -> Iterator[int]:
    """Yield where each part of a path ends that comes after `start`."""
    yield from (at for at in range(start + 1, len(path)) if path[at : at + 1] == b"/")
    yield len(path)


def _is_left_out(path: bytes, end: int, rules: Filter) -> bool:
    folder, slash, name = path[:end].rpartition(b"/")
    folder += slash
    return not rules.kept(folder, [name]) or rules.excluded(folder, name, os.path.isdir(path[:end]))


def _add(top: Root, source: bytes) -> None:
    parts = [part for part in source.split(b"/") if part]
    path, node, links = b"", top, 0
    while parts:
        part = parts.pop(0)
        if part == b"..":
            path = path.rpartition(b"/")[0]
            node = _node(top, path)
            continue
        if part == b".":
            continue
        path += b"/" + part
        status = os.lstat(path)
        node = node.children.setdefault(part, Root())
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if links > _MAX_LINKS:
                raise UsageError(f"The symlinks of the source {os.fsdecode(source)} go round")
            node.whole = True
            target = os.readlink(path)
            path = b"" if target.startswith(b"/") else path.rpartition(b"/")[0]
            node = _node(top, path)
            parts = [piece for piece in target.split(b"/") if piece] + parts
    _check_kind(source, path)
    node.whole = True


def _check_kind(source: bytes, path: bytes) -> None:
    kind = _REFUSED.get(stat.S_IFMT(os.lstat(path or b"/").st_mode))
    if kind is not None:
        raise UsageError(
            f"The source {os.fsdecode(source)} is {kind}, not a file or folder",
            hint="Name the folder that holds it: the entry itself is kept then.",
        )


def _node(top: Root, path: bytes) -> Root:
    node = top
    for part in path.split(b"/"):
        if part:
            node = node.children.setdefault(part, Root())
    return node
