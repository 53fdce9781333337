"""Packs: frames of blobs, sealed one by one, with a directory at the end (docs/format.md, section 4.2).

A pack grows in one preallocated buffer: frames are sealed into it one after the other, and `finish` adds directory,
padding and footer and names the whole.

A pack is closed when the next frame would take it over 16 MiB. That is a Padmé length, and so is every
multiple of 256 KiB below it, down to 8 MiB: the padding of a full pack costs little.
"""

import os
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from struct import Struct
from struct import error as StructError

from yester.engine.errors import DamageError, UsageError
from yester.engine.ids import SHORT_ID_SIZE, BlobKind, PackId
from yester.engine.packs.compression import PLAIN, ZSTD, compress, decompress
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.padding import PACK_MINIMUM, padme
from yester.engine.sealed.sealing import (
    HEADER_SIZE,
    TAG_SIZE,
    Domain,
    ObjectKind,
    Opener,
    Sealer,
    digest_of,
    name_of,
    object_name,
)
from yester.engine.store import Buffer, Store, mending

PACK_SIZE = 16 << 20
"""Where a pack is closed, and the size of the buffer that it grows in."""
PACK_LIMIT = 32 << 20
"""No reader accepts a larger one."""
BLOB_LIMIT = 8 << 20
"""Bytes of a blob, and of the plain text of a frame, at most."""
FRAMES_LIMIT = 1 << 14
"""Frames of a pack that we write; the index keeps their number in 16 bits."""
BLOBS_LIMIT = 1 << 16
"""Blobs of a pack that we write. Until a pack is stored, each of its blobs is held in memory: a million tiny files
would fit into one."""

_COUNTS = Struct("<II")
_STORED = Struct("<BI")
_FOOTER = Struct("<QIIIQ20x")
FOOTER_SIZE = _FOOTER.size + TAG_SIZE
_FRAME_ROW = 11
_BLOB_ROW = 5 + SHORT_ID_SIZE
PACK_KINDS = (ObjectKind.DATA, ObjectKind.META)


def pack_kind(kind: BlobKind) -> ObjectKind:
    """Return the kind of pack in which blobs of this kind lie."""
    return ObjectKind.DATA if kind == BlobKind.DATA else ObjectKind.META


def list_packs(store: Store) -> Iterator[str]:
    """Yield the names of all packs that the store lists; what only looks like one is passed over."""
    for kind in PACK_KINDS:
        for name in store.list(name_of(kind, b"")):
            with suppress(UsageError):
                digest_of(name)
                yield name


@dataclass(frozen=True)
class PackDirectory:
    """Where the blobs of a pack lie, in columns: one row for each frame, one for each blob."""

    sealed_sizes: "array[int]"
    plain_sizes: "array[int]"
    codecs: bytes
    blob_counts: "array[int]"
    kinds: bytes
    lengths: "array[int]"
    ids: bytes
    """The short ids of all blobs, one after the other."""

    @property
    def frames(self) -> int:
        """The number of frames."""
        return len(self.sealed_sizes)

    @property
    def blobs(self) -> int:
        """The number of blobs."""
        return len(self.kinds)

    @cached_property
    def offsets(self) -> list[int]:
        """Where each frame begins in the pack, and at the end where the last one ends."""
        return list(accumulate(self.sealed_sizes, initial=HEADER_SIZE))

    def encode(self) -> bytes:
        """Return the plain text of the directory."""
        return b"".join(
            (
                _COUNTS.pack(self.frames, self.blobs),
                self.sealed_sizes.tobytes(),
                self.plain_sizes.tobytes(),
                self.codecs,
                self.blob_counts.tobytes(),
                self.kinds,
                self.lengths.tobytes(),
                self.ids,
            )
        )

    @classmethod
    def decode(cls, data: Buffer, name: str) -> "PackDirectory":
        """Return the directory whose plain text this is; DamageError naming the pack when it makes no sense."""
        try:
            directory = cls._columns(bytes(data))
            directory._check()
        except (ValueError, StructError) as error:
            raise DamageError(f"{name} is damaged: its directory makes no sense ({error})") from error
        return directory

    @classmethod
    def _columns(cls, data: bytes) -> "PackDirectory":
        frames, blobs = _COUNTS.unpack_from(data)
        widths = (4 * frames, 4 * frames, frames, 2 * frames, blobs, 4 * blobs, SHORT_ID_SIZE * blobs)
        ends = list(accumulate(widths, initial=_COUNTS.size))
        if len(data) != ends[-1]:
            raise ValueError("length")
        columns = [data[start:end] for start, end in pairwise(ends)]
        sealed, plain, codecs, counts, kinds, lengths, ids = columns
        return cls(array("I", sealed), array("I", plain), codecs, array("H", counts), kinds, array("I", lengths), ids)

    def _check(self) -> None:
        """Raise ValueError unless every number agrees with the others and with the limits of the format."""
        if self.frames > 0xFFFF or HEADER_SIZE + sum(self.sealed_sizes) + FOOTER_SIZE > PACK_LIMIT:
            raise ValueError("too large")
        if sum(self.blob_counts) != self.blobs:
            raise ValueError("number of blobs")
        if self.kinds and max(self.kinds) > max(BlobKind):
            raise ValueError("kind of blob")
        blob = 0
        for sealed, plain, codec, count in zip(
            self.sealed_sizes, self.plain_sizes, self.codecs, self.blob_counts, strict=True
        ):
            if codec not in (PLAIN, ZSTD) or plain > BLOB_LIMIT or sealed < TAG_SIZE or not count:
                raise ValueError("frame")
            if codec == PLAIN and sealed != plain + TAG_SIZE:
                raise ValueError("size of a plain frame")
            if sum(self.lengths[blob : blob + count]) != plain:
                raise ValueError("lengths of blobs")
            blob += count


@dataclass(frozen=True, slots=True)
class PackEntry:
    """A stored pack, as an index fragment names it: enough to read any blob in it with one range get."""

    pack: PackId
    size: int
    header: bytes
    directory: PackDirectory

    @property
    def kind(self) -> ObjectKind:
        """Data or metadata."""
        return ObjectKind(self.header[7])

    @property
    def name(self) -> str:
        """The pack's object name."""
        return name_of(self.kind, self.pack)


class Frame:
    """What is known of blobs that are compressed and sealed together, from the first one to a place in a stored pack.

    `entry` is set last, once the pack is stored: whoever sees it may read everything else.
    """

    __slots__ = (
        "codec",
        "entry",
        "ids",
        "kind",
        "kinds",
        "lengths",
        "number",
        "offset",
        "sealed_size",
        "shorts",
        "size",
    )

    def __init__(self, kind: ObjectKind) -> None:
        self.kind = kind
        self.size = 0
        self.kinds = bytearray()
        self.shorts: list[bytes] = []
        self.ids = b""
        self.lengths: array[int] = array("I")
        self.codec = PLAIN
        self.sealed_size = 0
        self.number = 0
        self.offset = 0
        self.entry: PackEntry | None = None

    def add(self, kind: BlobKind, short: bytes, size: int) -> None:
        """Note a blob after those that are in it."""
        self.kinds.append(kind)
        self.shorts.append(short)
        self.lengths.append(size)
        self.size += size

    def close(self) -> None:
        """Add no more: from here on the ids are one string, which takes less memory."""
        self.ids = b"".join(self.shorts)
        self.shorts = []


class OpenPack:
    """A pack being filled, by one thread at a time."""

    def __init__(self, kind: ObjectKind, keys: Keys, buffer: memoryview) -> None:
        """Begin a pack in `buffer`, which has PACK_SIZE bytes and belongs to the pack until it is stored."""
        self.kind = kind
        self.buffer = buffer
        self.frames: list[Frame] = []
        self._sealer = Sealer(kind, keys)
        self._end = HEADER_SIZE
        self._blobs = 0
        buffer[:HEADER_SIZE] = self._sealer.header

    def fits(self, sealed_size: int, blobs: int) -> bool:
        """Tell whether another frame leaves room for directory and footer, and keeps the limits."""
        frames = len(self.frames) + 1
        if frames > FRAMES_LIMIT or self._blobs + blobs > BLOBS_LIMIT:
            return False
        directory = _STORED.size + _COUNTS.size + _FRAME_ROW * frames + _BLOB_ROW * (self._blobs + blobs) + TAG_SIZE
        return self._end + sealed_size + directory + FOOTER_SIZE <= PACK_SIZE

    def seal(self, frame: Frame, codec: int, stored: Buffer) -> None:
        """Give the frame the next number, which is its nonce, and the next place, and seal its bytes into it."""
        frame.codec = codec
        frame.sealed_size = len(stored) + TAG_SIZE
        frame.number = len(self.frames)
        frame.offset = self._end
        self.frames.append(frame)
        self._end += frame.sealed_size
        self._blobs += len(frame.lengths)
        place = self.buffer[frame.offset : self._end]
        self._sealer.seal_into(Domain.FRAME, frame.number, stored, place)

    def finish(self) -> tuple[PackEntry, memoryview]:
        """Add directory, padding and footer; return the entry and the bytes to store, a view of the buffer."""
        directory = self._directory()
        end = self._end + self._seal_directory(directory.encode())
        unpadded = end + FOOTER_SIZE
        size = padme(unpadded, PACK_MINIMUM)
        footer = size - FOOTER_SIZE
        self.buffer[end:footer] = os.urandom(footer - end)
        fields = _FOOTER.pack(self._end, end - self._end, directory.frames, directory.blobs, unpadded)
        self._sealer.seal_into(Domain.FOOTER, 0, fields, self.buffer[footer:size])
        content = self.buffer[:size]
        name = object_name(self.kind, [content])
        self._sealer.named(name)
        pack = PackId(digest_of(name))
        return PackEntry(pack, size, bytes(self.buffer[:HEADER_SIZE]), directory), content

    def _directory(self) -> PackDirectory:
        frames = self.frames
        lengths: array[int] = array("I")
        for frame in frames:
            lengths.extend(frame.lengths)
        return PackDirectory(
            sealed_sizes=array("I", [frame.sealed_size for frame in frames]),
            plain_sizes=array("I", [frame.size for frame in frames]),
            codecs=bytes([frame.codec for frame in frames]),
            blob_counts=array("H", [len(frame.lengths) for frame in frames]),
            kinds=b"".join([frame.kinds for frame in frames]),
            lengths=lengths,
            ids=b"".join([frame.ids for frame in frames]),
        )

    def _seal_directory(self, plain: bytes) -> int:
        """Seal the directory after the last frame; return its sealed size."""
        packed = compress(plain)
        text = _STORED.pack(PLAIN if packed is None else ZSTD, len(plain)) + (plain if packed is None else packed)
        size = len(text) + TAG_SIZE
        self._sealer.seal_into(Domain.DIRECTORY, 0, text, self.buffer[self._end : self._end + size])
        return size


def read_directory(store: Store, name: str, keys: Keys) -> PackEntry:
    """Return what a pack says of itself, by three small range gets (header, footer, directory).

    Raises DamageError naming the pack when it is not whole, StoreError when the store fails.
    """
    return mending(store, name, lambda: _read_directory(store, name, keys))


def _read_directory(store: Store, name: str, keys: Keys) -> PackEntry:
    size = store.query(name)
    if not HEADER_SIZE + FOOTER_SIZE <= size <= PACK_LIMIT:
        raise DamageError(f"{name} is damaged: {size} bytes is no size of a pack")
    header = bytes(store.get_range(name, 0, HEADER_SIZE))
    opener = Opener(header, keys, name)
    footer = opener.open(Domain.FOOTER, 0, store.get_range(name, size - FOOTER_SIZE, FOOTER_SIZE))
    offset, sealed_size, frames, blobs, unpadded = _FOOTER.unpack(footer)
    if offset + sealed_size + FOOTER_SIZE != unpadded or unpadded > size:
        raise DamageError(f"{name} is damaged: its footer makes no sense")
    text = opener.open(Domain.DIRECTORY, 0, store.get_range(name, offset, sealed_size))
    directory = PackDirectory.decode(_directory_text(text, name), name)
    if (directory.frames, directory.blobs, directory.offsets[-1]) != (frames, blobs, offset):
        raise DamageError(f"{name} is damaged: footer and directory do not agree")
    return PackEntry(PackId(digest_of(name)), size, header, directory)


def _directory_text(text: bytes, name: str) -> Buffer:
    """Return the plain text of an opened directory."""
    try:
        codec, plain_size = _STORED.unpack_from(text)
        stored = memoryview(text)[_STORED.size :]
        if plain_size > PACK_LIMIT or codec not in (PLAIN, ZSTD):
            raise ValueError("codec or size")
        return decompress(stored, plain_size) if codec == ZSTD else stored
    except (ValueError, StructError) as error:
        raise DamageError(f"{name} is damaged: its directory cannot be read ({error})") from error
