"""Files over a connection, with as many requests on their way as pay off: an answer is waited for, not its flight.

What the server refuses is Refused, for the store to say of which object; after that the connection serves others. A
connection that something else broke off is ended by its pool.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from yester.engine.errors import Broken, StoreError
from yester.engine.store import Buffer
from yester.plugins.backends.sftp.connection import Connection
from yester.plugins.backends.sftp.packets import (
    FSYNC,
    HARD_LINK,
    POSIX_RENAME,
    STATVFS,
    Attributes,
    Code,
    Data,
    Extended,
    Fields,
    Garbled,
    Handle,
    Kind,
    Mode,
    Names,
    Reply,
    Status,
    mode_attributes,
    number32,
    number64,
    text,
)

FLIGHT_SIZE = 4 << 20
"""How much of a file is on its way at once: twice the window of an SSH channel, and all the memory that a call takes
beyond the object itself."""

_LISTINGS = 4
"""How many parts of a folder are asked for at once; OpenSSH gives 100 names each."""
_MOST_NAMES = 4_000_000
"""No folder of a repository has as many: a server that goes on and on is stopped."""
_SMALL_PARTS = 64

Entries = list[tuple[bytes, Attributes]]


class Refused(Exception):
    """The server did not do it."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.words)
        self.code, self.words = status.code, status.words


class Files:
    """What a store does with files, over a connection that it has for itself."""

    def __init__(self, link: Connection) -> None:
        self._link = link

    @property
    def links(self) -> bool:
        """Whether the server makes hard links."""
        return HARD_LINK in self._link.offered

    def look(self, path: bytes, *, follow: bool = False) -> Attributes:
        """Return what is at a path: a link itself, unless it is to be followed. Refused."""
        reply = self._done(self._link.send(Kind.STAT if follow else Kind.LSTAT, text(path)))
        assert isinstance(reply, Attributes)
        return reply

    def is_there(self, path: bytes) -> bool:
        """Whether anything is at a path. Refused."""
        try:
            self.look(path)
        except Refused as refused:
            if refused.code != Code.NO_SUCH_FILE:
                raise
            return False
        return True

    def make_folder(self, path: bytes) -> None:
        """Make a folder for its owner alone. Refused."""
        self._done(self._link.send(Kind.MKDIR, text(path), mode_attributes(0o700)))

    def remove_folder(self, path: bytes) -> None:
        """Remove an empty folder. Refused, also when it is not empty."""
        self._done(self._link.send(Kind.RMDIR, text(path)))

    def remove(self, path: bytes) -> None:
        """Remove a file. Refused."""
        self._done(self._link.send(Kind.REMOVE, text(path)))

    def rename(self, path: bytes, to: bytes) -> None:
        """Rename a file, in one step in the place of what has the name. Refused."""
        self._done(self._link.extend(POSIX_RENAME, text(path), text(to)))

    def link(self, path: bytes, to: bytes) -> None:
        """Give a file a second name. Refused, also when there is something of that name."""
        self._done(self._link.extend(HARD_LINK, text(path), text(to)))

    def room(self, path: bytes) -> tuple[int, bool] | None:
        """Return how many bytes are free, and whether nothing can be written; None when the server does not say."""
        if STATVFS not in self._link.offered:
            return None
        reply = self._link.wait(self._link.extend(STATVFS, text(path)))
        if not isinstance(reply, Extended):
            return None
        try:
            fields = Fields(reply.body)
            _, fragment, _, _, free, _, _, inodes, _, flags, _ = (fields.number64() for _ in range(11))
        except Garbled:
            return None
        return (free * fragment if inodes else 0), bool(flags & 1)

    # Whole files

    def create(self, path: bytes) -> bytes:
        """Return the handle of a new file, for its owner alone. Refused, also when there is one."""
        reply = self._done(self._link.send(Kind.OPEN, text(path), number32(Mode.CREATE), mode_attributes(0o600)))
        assert isinstance(reply, Handle)
        return reply.handle

    def fill(self, handle: bytes, buffers: Sequence[Buffer]) -> int:
        """Write a file, make it durable where the server can, and close it. Returns its size. Refused."""
        under_way: deque[int] = deque()
        at, head = 0, text(handle)
        try:
            for parts, size in _chunks(buffers, self._link.chunk_size):
                if len(under_way) * self._link.chunk_size >= FLIGHT_SIZE:
                    self._done(under_way.popleft())
                under_way.append(self._link.send(Kind.WRITE, head, number64(at), number32(size), *parts))
                at += size
            if FSYNC in self._link.offered:
                under_way.append(self._link.extend(FSYNC, head))
            under_way.append(self._link.send(Kind.CLOSE, head))
            while under_way:
                self._done(under_way.popleft())
        except Refused:
            for number in under_way:
                self._link.do_not_heed(number)
            self._link.do_not_heed(self._link.send(Kind.CLOSE, head))
            raise
        return at

    @contextmanager
    def opened(self, path: bytes) -> Iterator[tuple[bytes, int]]:
        """Give the handle and the size of a plain file. Refused; NoFile when something else is there."""
        looked, opened = self._link.send(Kind.LSTAT, text(path)), self._link.send(*_opening(path))
        found = self._link.wait(looked)
        if isinstance(found, Attributes) and not found.is_file:
            # To open a pipe may take for ever: its answer is not waited for, and the connection goes with it.
            raise NoFile
        reply = self._done(opened)
        assert isinstance(reply, Handle)
        try:
            if not isinstance(found, Attributes):
                raise Refused(found if isinstance(found, Status) else Status(Code.FAILURE))
            yield reply.handle, self.size(reply.handle) if found.size is None else found.size
        finally:
            self._let_go(reply.handle)

    def size(self, handle: bytes) -> int:
        """Return the size of an open file. Refused."""
        reply = self._done(self._link.send(Kind.FSTAT, text(handle)))
        assert isinstance(reply, Attributes)
        return reply.size or 0

    def read_whole(self, handle: bytes, size: int) -> bytes | None:
        """Return an open file that was of this size; None when it is not any more. Refused."""
        asked = self._link.send(Kind.FSTAT, text(handle))
        data = self.read(handle, 0, size)
        status = self._done(asked)
        assert isinstance(status, Attributes)
        return data if status.size in (None, size) else None

    def read(self, handle: bytes, offset: int, size: int) -> bytes | None:
        """Return a range of an open file; None when the file ends before. Refused."""
        asked: deque[tuple[int, int, int]] = deque()
        pieces: dict[int, bytes] = {}
        at, end, chunk, head = offset, offset + size, self._link.chunk_size, text(handle)
        while at < end or asked:
            while at < end and len(asked) * chunk < FLIGHT_SIZE:
                length = min(chunk, end - at)
                asked.append((self._link.send(Kind.READ, head, number64(at), number32(length)), at, length))
                at += length
            number, start, length = asked.popleft()
            reply = self._link.wait(number)
            if not isinstance(reply, Data):
                for number, _, _ in asked:
                    self._link.do_not_heed(number)
                if isinstance(reply, Status) and reply.code == Code.EOF:
                    return None
                raise _refused(reply)
            found = len(reply.data)
            if not 0 < found <= length:
                raise Broken(f"The server gave {found} bytes of a file where {length} were asked for")
            pieces[start] = reply.data
            if found < length:
                rest = number64(start + found), number32(length - found)
                asked.append((self._link.send(Kind.READ, head, *rest), start + found, length - found))
        return b"".join(pieces[start] for start in sorted(pieces))

    def sync_folder(self, path: bytes) -> bool:
        """Make a folder's names durable; whether the server could. It can where a folder opens as a file does."""
        reply = self._link.wait(self._link.send(*_opening(path)))
        if not isinstance(reply, Handle):
            return False
        synced = self._link.wait(self._link.extend(FSYNC, text(reply.handle)))
        self._let_go(reply.handle)
        return isinstance(synced, Status) and synced.code == Code.OK

    # Folders

    def folders(self, paths: Sequence[bytes]) -> list[Entries]:
        """Return what is in each of some folders, asked for at once; nothing where there is no such folder. Refused."""
        opening = [self._link.send(Kind.OPENDIR, text(path)) for path in paths]
        replies = [self._link.wait(number) for number in opening]
        handles = [reply.handle if isinstance(reply, Handle) else None for reply in replies]
        try:
            for reply in replies:
                if isinstance(reply, Status) and reply.code != Code.NO_SUCH_FILE:
                    raise _refused(reply)
            found: list[Entries] = [[] for _ in paths]
            unread = {place: handle for place, handle in enumerate(handles) if handle is not None}
            while unread:
                self._read_on(unread, found)
        finally:
            for handle in handles:
                if handle is not None:
                    self._let_go(handle)
        return found

    def _read_on(self, unread: dict[int, bytes], found: list[Entries]) -> None:
        """Read the next parts of folders; those that end are unread no more."""
        asked = [
            (place, self._link.send(Kind.READDIR, text(handle)))
            for place, handle in unread.items()
            for _ in range(_LISTINGS)
        ]
        replies = [(place, self._link.wait(number)) for place, number in asked]
        for place, reply in replies:
            if isinstance(reply, Names) and len(found[place]) < _MOST_NAMES:
                found[place] += reply.entries
            elif isinstance(reply, Status) and reply.code == Code.EOF:
                unread.pop(place, None)
            elif isinstance(reply, Names):
                raise Broken("The server's list of a folder has no end")
            else:
                raise _refused(reply)

    def _let_go(self, handle: bytes) -> None:
        """Close a handle without waiting; a connection that is lost has none."""
        try:
            self._link.do_not_heed(self._link.send(Kind.CLOSE, text(handle)))
        except StoreError:
            return

    def _done(self, number: int) -> Reply:
        """Return the answer to a request that was done. Refused."""
        reply = self._link.wait(number)
        if isinstance(reply, Status) and reply.code != Code.OK:
            raise _refused(reply)
        return reply


class NoFile(Exception):
    """A link, a folder, a pipe lies where an object should be."""


def _refused(reply: Reply) -> Refused:
    return Refused(reply if isinstance(reply, Status) else Status(Code.FAILURE))


def _opening(path: bytes) -> tuple[Kind, bytes, bytes, bytes]:
    return Kind.OPEN, text(path), number32(Mode.READ), number32(0)


def _chunks(buffers: Sequence[Buffer], size: int) -> Iterator[tuple[list[Buffer], int]]:
    """Yield the buffers' bytes in pieces of this size, each with its size; the last is smaller."""
    parts: list[Buffer] = []
    held = 0
    for buffer in buffers:
        rest = memoryview(buffer).cast("B")
        while rest:
            part = rest[: size - held]
            parts.append(part)
            held += len(part)
            rest = rest[len(part) :]
            if held == size:
                yield _few(parts), held
                parts, held = [], 0
    if parts:
        yield _few(parts), held


def _few(parts: list[Buffer]) -> list[Buffer]:
    """Return the parts, joined where they are many: each costs more than its bytes."""
    return [b"".join(parts)] if len(parts) > _SMALL_PARTS else parts
