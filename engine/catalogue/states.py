"""What a path was in a snapshot, as the catalogue keeps it, out of the columns of a directory node.

`content` tells one content from another: of a file its one blob's short id, or a digest of its blobs and holes; of a
directory its tree's; of a link its target; of a device its numbers. Empty: nothing was read, or nothing is there.
"""

import stat
from collections.abc import Callable, Sequence
from typing import NamedTuple

from blake3 import blake3

from yester.engine.entries import Mark, Owner
from yester.engine.ids import SHORT_ID_SIZE
from yester.engine.trees.page_columns import DEVICE, malformed
from yester.engine.trees.pages import Page

ABSENT = 0
"""The mode of what is not there."""

_LARGEST = 2**63 - 1
_MODE_BITS = 16
_LISTED = Mark.LIST.value
_KEPT_MARKS = ~_LISTED


class State(NamedTuple):
    """What a path was. `size` is that of a file's bytes, of a directory what all files below it have."""

    mode: int
    """st_mode, and above its 16 bits the marks (engine/entries.py)."""
    owner: int
    size: int
    mtime_ns: int
    content: bytes
    extra: bytes | None
    """A digest of extended attributes and flags; None where there are none."""

    @property
    def st_mode(self) -> int:
        """The mode as stat gives it."""
        return self.mode & 0xFFFF

    @property
    def marks(self) -> Mark:
        """What was unusual when it was taken."""
        return Mark(self.mode >> _MODE_BITS)

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode & 0xFFFF)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode & 0xFFFF)


class Chunks(NamedTuple):
    """The blobs of a content that has several: their short ids in a row; none when `content` is a list object's."""

    content: bytes
    ids: bytes


GONE = State(ABSENT, 0, 0, 0, b"", None)


def only_below(before: State, after: State) -> bool:
    """Tell whether nothing differs but what is in a folder: its content, and the size and time that follow from it."""
    return (
        before.mode == after.mode and after.is_directory and before.owner == after.owner and before.extra == after.extra
    )


def states(page: Page, owner: Callable[[Owner], int], chunks: Callable[[Chunks], None]) -> list[State]:
    """Return the states of a leaf's rows; `chunks` is told the blobs of files of several. DamageError."""
    if not page.count:
        return []
    modes, sizes, mtimes = page.modes.tolist(), page.sizes.tolist(), page.mtimes.tolist()
    marks, rows = page.marks.tolist(), page.owner_rows.tolist()
    owners = [owner(each) for each in page.owners]
    if rows and max(rows) >= len(owners):
        malformed("an owner that is not there", page.blob)
    refs, ends = page.blobs(0, page.count) if len(page.ref_lengths) else ([], [0] * page.count)
    below = iter(page.bytes_below.tolist() if len(page.directory_rows) else ())
    found: list[State] = []
    start = 0
    rare = page.has_rare
    for row, (mode, end) in enumerate(zip(modes, ends, strict=True)):
        kind = stat.S_IFMT(mode)
        if kind == stat.S_IFDIR:
            size, content = next(below, 0), refs[start][:SHORT_ID_SIZE] if end > start else b""
        elif end == start + 1 and not rare and not marks[row]:
            size, content = sizes[row], refs[start][:SHORT_ID_SIZE]
        else:
            size, content = sizes[row], _content(page, row, kind, refs[start:end], chunks)
        extra = _extra(page, row) if rare else None
        known = mode | (marks[row] & _KEPT_MARKS) << _MODE_BITS if marks[row] else mode
        found.append(State(known, owners[rows[row]], min(size, _LARGEST), mtimes[row], content, extra))
        start = end
    return found


def _content(page: Page, row: int, kind: int, refs: Sequence[bytes], chunks: Callable[[Chunks], None]) -> bytes:
    if kind == stat.S_IFLNK:
        return page.target(row)
    if kind != stat.S_IFREG:
        device = page.device(row)
        return DEVICE.pack(*device) if device else b""
    listed = page.marks[row] & _LISTED
    extents = page.extents_column.get(row) if page.extents_column is not None else None
    ids = b"".join([ref[:SHORT_ID_SIZE] for ref in refs])
    if extents is None and (listed or len(refs) <= 1):
        if listed and refs:
            chunks(Chunks(ids, b""))
        return ids
    content = blake3(ids + b"\0" + (bytes(extents) if extents is not None else b"")).digest(SHORT_ID_SIZE)
    # A listed content with holes is one list object under another name.
    chunks(Chunks(content, b"\0" + ids if listed else ids))
    return content


def _extra(page: Page, row: int) -> bytes | None:
    xattrs = page.xattrs_column.get(row) if page.xattrs_column is not None else None
    flags = page.flags(row)
    if xattrs is None and not flags:
        return None
    return blake3(b"%d " % flags + (bytes(xattrs) if xattrs is not None else b"")).digest(8)
