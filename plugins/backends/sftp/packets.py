"""SFTP version 3 (draft-ietf-secsh-filexfer-02) and OpenSSH's extensions: packets from and to values. Pure.

A packet is a length, a kind, a number that its answer repeats, and fields. Whatever a server sends is taken apart by
bounds: a packet that does not hold what it claims is Garbled, and nothing is allocated for a claim.
"""

import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from yester.engine.store import Buffer

VERSION = 3

POSIX_RENAME = b"posix-rename@openssh.com"
HARD_LINK = b"hardlink@openssh.com"
FSYNC = b"fsync@openssh.com"
LIMITS = b"limits@openssh.com"
STATVFS = b"statvfs@openssh.com"


class Kind(IntEnum):
    """What a packet asks or answers."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    STAT = 17
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Code(IntEnum):
    """What a status says."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    NO_CONNECTION = 6
    CONNECTION_LOST = 7
    UNSUPPORTED = 8


class Mode(IntEnum):
    """How a file is opened."""

    READ = 0x01
    CREATE = 0x02 | 0x08 | 0x20
    """Write, create, and refuse what is there."""


class Garbled(Exception):
    """The server sent what no SFTP server sends; the text says what."""


@dataclass(frozen=True, slots=True)
class Status:
    """Done, or why not; `code` may be one that is not in Code."""

    code: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Handle:
    """An open file or folder."""

    handle: bytes


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of a file."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is known of a file; None what the server did not say. `mtime` in whole seconds."""

    size: int | None = None
    mode: int | None = None
    mtime: int | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file, as far as the server says."""
        return self.mode is None or stat.S_ISREG(self.mode)

    @property
    def may_be_folder(self) -> bool:
        """Whether it is a folder, or a link that may lead to one."""
        return self.mode is None or stat.S_ISDIR(self.mode) or stat.S_ISLNK(self.mode)


@dataclass(frozen=True, slots=True)
class Names:
    """Some files of a folder."""

    entries: tuple[tuple[bytes, Attributes], ...]


@dataclass(frozen=True, slots=True)
class Extended:
    """The answer to an extension, as it defines it."""

    body: bytes


Reply = Status | Handle | Data | Attributes | Names | Extended

_ANSWERS = {
    Kind.OPEN: (Handle, Status),
    Kind.OPENDIR: (Handle, Status),
    Kind.READ: (Data, Status),
    Kind.READDIR: (Names, Status),
    Kind.LSTAT: (Attributes, Status),
    Kind.FSTAT: (Attributes, Status),
    Kind.STAT: (Attributes, Status),
    Kind.EXTENDED: (Extended, Status),
}
"""What may answer a request; a status alone where it is not here."""


def answers(kind: Kind, reply: Reply) -> bool:
    """Whether a reply is one that may answer such a request."""
    return isinstance(reply, _ANSWERS.get(kind, (Status,)))


# To the server


def packet(kind: Kind, number: int, parts: tuple[Buffer, ...]) -> bytes:
    """Return the beginning of a request: everything up to its parts, which follow as they are."""
    return struct.pack(">IBI", 5 + sum(memoryview(part).nbytes for part in parts), kind, number)


def hello() -> bytes:
    """Return the first packet, which has no number."""
    return struct.pack(">IBI", 5, Kind.INIT, VERSION)


def text(value: bytes) -> bytes:
    """Return a string with its length before it."""
    return struct.pack(">I", len(value)) + value


def number32(value: int) -> bytes:
    """Return a number of four bytes."""
    return struct.pack(">I", value)


def number64(value: int) -> bytes:
    """Return a number of eight bytes."""
    return struct.pack(">Q", value)


def mode_attributes(mode: int) -> bytes:
    """Return attributes that hold nothing but a mode."""
    return struct.pack(">II", 0x04, mode)


# From the server


class Fields:
    """The fields of a packet, taken from the front. Garbled when there are fewer bytes than they claim."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: Buffer) -> None:
        self._data = memoryview(data)
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return so many bytes."""
        if size > len(self._data) - self._at:
            raise Garbled("an answer that ends too early")
        self._at += size
        return bytes(self._data[self._at - size : self._at])

    def byte(self) -> int:
        """Return a number of one byte."""
        return self.take(1)[0]

    def number32(self) -> int:
        """Return a number of four bytes."""
        return int.from_bytes(self.take(4), "big")

    def number64(self) -> int:
        """Return a number of eight bytes."""
        return int.from_bytes(self.take(8), "big")

    def text(self) -> bytes:
        """Return a string."""
        return self.take(self.number32())

    def rest(self) -> bytes:
        """Return what is left."""
        return self.take(len(self._data) - self._at)

    @property
    def more(self) -> bool:
        """Whether bytes are left."""
        return self._at < len(self._data)


def extensions(fields: Fields) -> dict[bytes, bytes]:
    """Return what the server's first packet offers; Garbled when it is none, or of another version."""
    if fields.byte() != Kind.VERSION:
        raise Garbled("something else than a version at first")
    version = fields.number32()
    if version != VERSION:
        raise Garbled(f"version {version} of the protocol, which was not asked for")
    offered = {}
    while fields.more:
        name = fields.text()
        offered[name] = fields.text()
    return offered


def decode(fields: Fields) -> tuple[int, Reply]:
    """Return the number and the content of an answer."""
    kind = fields.byte()
    if kind not in _DECODERS:
        raise Garbled(f"a packet of kind {kind}")
    return fields.number32(), _DECODERS[kind](fields)


def _status(fields: Fields) -> Status:
    code = fields.number32()
    # Early servers end here.
    return Status(code, fields.text().decode("utf-8", "replace") if fields.more else "")


def _attributes(fields: Fields) -> Attributes:
    flags = fields.number32()
    size = fields.number64() if flags & 0x01 else None
    if flags & 0x02:
        fields.take(8)
    mode = fields.number32() if flags & 0x04 else None
    mtime = None
    if flags & 0x08:
        fields.take(4)
        mtime = fields.number32()
    if flags & 0x80000000:
        for _ in range(fields.number32()):
            fields.text()
            fields.text()
    return Attributes(size, mode, mtime)


def _names(fields: Fields) -> Names:
    entries = []
    for _ in range(fields.number32()):
        name = fields.text()
        fields.text()  # the line that `ls -l` would print
        entries.append((name, _attributes(fields)))
    return Names(tuple(entries))


_DECODERS: dict[int, Callable[[Fields], Reply]] = {
    Kind.STATUS: _status,
    Kind.HANDLE: lambda fields: Handle(fields.text()),
    Kind.DATA: lambda fields: Data(fields.text()),
    Kind.NAME: _names,
    Kind.ATTRS: _attributes,
    Kind.EXTENDED_REPLY: lambda fields: Extended(fields.rest()),
}
