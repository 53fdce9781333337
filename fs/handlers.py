"""What each kind of request is answered with: from the kernel's bytes to the tree and back.

Nothing here waits. What a tree raises passes through: an OSError is the errno that a program gets, NotAtHand and its
like say what must be had first, and all else is content that cannot be had (fs/answering.py).

What the kernel is spared: it opens neither files nor folders (ENOSYS once, and it never asks again, and keeps what it
read of them), nor asks whether it may (default_permissions), nor says that a file was closed; attributes and names
inside snapshots never expire. Forgetting is nothing to us but for versions (fs/versions/nodes.py).
"""

import errno
import os
from collections.abc import Callable, Mapping, Sequence

from yester.engine.store import Buffer
from yester.fs.file_reading import OpenFiles
from yester.fs.file_system import FileSystem
from yester.fs.inodes import Inode
from yester.fs.kept_listings import KeptListings
from yester.fs.names import NAME_MAX
from yester.fs.records import BLOCK_SIZE, Room, attributes_record, entry_record
from yester.fs.requests import (
    OLDEST_MINOR,
    VERSION,
    WRITING,
    Call,
    Flag,
    Request,
    attribute_in,
    forgotten_in,
    greeting,
    greeting_answer,
    is_of_open_file,
    name_in,
    open_answer,
    read_request,
    size_answer,
    size_in,
    space_answer,
    version_answer,
)

Answer = Sequence[Buffer]
"""What stands behind the header, in pieces."""

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_TRUNC
_NOTHING: Answer = ()


class Handlers:
    """The answers of one mount."""

    def __init__(self, system: FileSystem, invalidate: Callable[[Inode], None], *, xattrs: bool = True) -> None:
        """`invalidate` tells the kernel to let go of what it keeps of a folder's listing."""
        self.system = system
        self._xattrs = xattrs
        self._files = OpenFiles(system.open_file)
        self._flags = 0
        self._listings = KeptListings(invalidate)
        system.changed = self._listings.changed
        self._by_call: Mapping[int, Callable[[Request], Answer]] = {
            **dict.fromkeys(WRITING, self._refuse_writing),
            Call.INIT: self._greet,
            Call.LOOKUP: self._lookup,
            Call.GETATTR: self._getattr,
            Call.READLINK: self._readlink,
            Call.FORGET: self._forget,
            Call.BATCH_FORGET: self._forget,
            Call.INTERRUPT: self._nothing,
            Call.DESTROY: self._nothing,
            Call.OPEN: self._open,
            Call.READ: self._read,
            Call.RELEASE: self._nothing,
            Call.OPENDIR: self._opendir,
            Call.READDIRPLUS: self._readdir,
            Call.RELEASEDIR: self._nothing,
            Call.LISTXATTR: self._listxattr,
            Call.GETXATTR: self._getxattr,
            Call.STATFS: self._statfs,
        }

    def answer(self, request: Request) -> Answer:
        """Answer a request; what is not known is ENOSYS, after which the kernel does not ask again."""
        handler = self._by_call.get(request.call)
        if handler is None:
            raise _not_here()
        return handler(request)

    def _nothing(self, request: Request) -> Answer:
        return _NOTHING

    def _refuse_writing(self, request: Request) -> Answer:
        """The kernel refuses this by itself, unless someone mounts again without "ro"."""
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def _greet(self, request: Request) -> Answer:
        major, minor, flags = greeting(request.body)
        if major > VERSION[0]:
            return (version_answer(),)
        if major < VERSION[0] or minor < OLDEST_MINOR or not flags & Flag.DO_READDIRPLUS:
            raise OSError(errno.EPROTO, "a kernel older than 3.15")
        wanted = sum(Flag) & ~(0 if self._xattrs else Flag.POSIX_ACL)
        self._flags = wanted & flags
        return (greeting_answer(minor, self._flags),)

    # Names and attributes

    def _lookup(self, request: Request) -> Answer:
        return (entry_record(self.system.lookup(Inode(request.inode), name_in(request.body))),)

    def _getattr(self, request: Request) -> Answer:
        found = self.system.attributes(Inode(request.inode), of_open_file=is_of_open_file(request.body))
        return (attributes_record(found),)

    def _readlink(self, request: Request) -> Answer:
        return (self.system.readlink(Inode(request.inode)),)

    def _forget(self, request: Request) -> Answer:
        forgotten = forgotten_in(request.body, request.inode, many=request.call == Call.BATCH_FORGET)
        self.system.forget((Inode(inode), count) for inode, count in forgotten)
        self._listings.forget(Inode(inode) for inode, _ in forgotten)
        return _NOTHING

    # Folders

    def _opendir(self, request: Request) -> Answer:
        if self._flags & Flag.NO_OPENDIR_SUPPORT:
            raise _not_here()
        return (open_answer(),)

    def _readdir(self, request: Request) -> Answer:
        _, position, size = read_request(request.body)
        room = Room(size)
        self.system.list_from(Inode(request.inode), position, room)
        if self.system.may_change(Inode(request.inode)):
            self._listings.told(Inode(request.inode), is_end=not room.taken)
        return (b"".join(room.taken),)

    # Files

    def _open(self, request: Request) -> Answer:
        if size_in(request.body) & _WRITE_FLAGS:
            return self._refuse_writing(request)
        if self._flags & Flag.NO_OPEN_SUPPORT:
            raise _not_here()
        return (open_answer(),)

    def _read(self, request: Request) -> Answer:
        _, offset, size = read_request(request.body)
        return self._files.get(Inode(request.inode)).read(offset, size)

    # Extended attributes

    def _listxattr(self, request: Request) -> Answer:
        if not self._xattrs:
            raise _not_here()
        names = self.system.list_xattrs(Inode(request.inode), request.uid)
        return _sized(b"".join(name + b"\0" for name in names), size_in(request.body))

    def _getxattr(self, request: Request) -> Answer:
        if not self._xattrs:
            raise _not_here()
        value = self.system.xattr(Inode(request.inode), attribute_in(request.body))
        return _sized(value, size_in(request.body))

    # The whole

    def _statfs(self, request: Request) -> Answer:
        space = self.system.space()
        return (space_answer(space.blocks, space.entries, BLOCK_SIZE, NAME_MAX),)


def _sized(value: bytes, room: int) -> Answer:
    """Return a value, or how large it is where that was asked."""
    if not room:
        return (size_answer(len(value)),)
    if len(value) > room:
        raise OSError(errno.ERANGE, os.strerror(errno.ERANGE))
    return (value,)


def _not_here() -> OSError:
    return OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
