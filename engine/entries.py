"""One name in a directory, with everything a snapshot keeps of it."""

from dataclasses import dataclass
from enum import IntFlag
from stat import S_ISDIR, S_ISLNK, S_ISREG

from yester.engine.ids import BlobId, ListId, TreeId


class Mark(IntFlag):
    """What was unusual when the entry was taken (column 12 of a leaf node)."""

    CHANGED = 1
    UNREADABLE = 2
    EXCLUDED_MOUNT = 4
    LIST = 8
    """The content is a list object: `refs` holds its one id."""
    ATTRIBUTES_UNREADABLE = 16


@dataclass(frozen=True, slots=True)
class Owner:
    """User and group by number and by name; a name is empty when the source's host did not know one."""

    uid: int
    gid: int
    user: bytes = b""
    group: bytes = b""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is below a directory, itself not counted (except in `newest_ns`)."""

    entries: int = 0
    files: int = 0
    size: int = 0
    newest_ns: int = -(2**63)
    unreadable: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Ref:
    """A blob of a file and its length; length 0 for a tree or a list object."""

    blob: BlobId
    size: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a sparse file: `hole` bytes that were never written, then `data` bytes."""

    hole: int
    data: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory. Times are ns since 1970 and may lie outside 64 bits; sizes are bytes."""

    name: bytes
    mode: int
    owner: Owner
    size: int
    mtime_ns: int
    ctime_ns: int
    birth_ns: int | None = None
    atime_ns: int | None = None
    blocks: int = 0
    nlink: int = 1
    marks: Mark = Mark(0)
    refs: tuple[Ref, ...] = ()
    summary: Summary | None = None
    target: bytes = b""
    device: tuple[int, int] | None = None
    xattrs: bytes | BlobId = b""
    """The encoded attribute set (engine/trees/xattrs.py), or with `xattrs_stored` the id of the blob that holds it."""
    xattrs_stored: bool = False
    extents: tuple[Span, ...] | ListId | None = None
    """None: data without holes."""
    flags: int = 0
    link_group: int = 0

    @property
    def is_directory(self) -> bool:
        """Whether the entry is a directory."""
        return S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether the entry is a regular file."""
        return S_ISREG(self.mode)

    @property
    def is_symlink(self) -> bool:
        """Whether the entry is a symbolic link."""
        return S_ISLNK(self.mode)

    @property
    def tree(self) -> TreeId:
        """The directory's tree id. Only for directories that could be read; IndexError else."""
        return TreeId(self.refs[0].blob)
