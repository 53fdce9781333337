"""Copying what is needed out of packs that go, into packs that stay.

A frame of which all is needed is opened, verified and sealed as it is, without compressing it again; of others the
blobs that are needed are gathered in new frames, in the order in which they lie. Data and metadata stay apart. Every
blob is compared with its id before it is copied: what is damaged is never passed on as if it were whole, and its pack
stays where it is. A new pack has a salt of its own, as every object.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from yester.engine.errors import Broken, DamageError
from yester.engine.ids import SHORT_ID_SIZE, BlobKind
from yester.engine.packs.compression import PLAIN, ZSTD, compress, decompress
from yester.engine.packs.packs import BLOB_LIMIT, PACK_SIZE, Frame, OpenPack, PackEntry
from yester.engine.sealed.keys import Keys, blob_id
from yester.engine.sealed.sealing import Domain, ObjectKind, Opener
from yester.engine.store import Buffer, Store, let_go, mending

_FRAME_SIZE = 256 << 10
_FRAME_BLOBS = 4096
_SPAN_SIZE = 4 << 20
_GAP_SIZE = 64 << 10

IsNeeded = Callable[[bytes, int, int], bool]
"""Whether the copy of a blob (short id) in this frame of the pack, that starts there, is to be copied."""


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A frame of a stored pack, and which of its blobs are wanted."""

    number: int
    offset: int
    sealed_size: int
    first: int
    """The number of its first blob in the pack."""
    wanted: tuple[bool, ...]


class Repacker:
    """Copies blobs into new packs, one of each kind at a time. For one thread."""

    def __init__(self, store: Store, keys: Keys, stored: Callable[[PackEntry], None], level: int = 3) -> None:
        """`stored` is told of each pack that the store has taken."""
        self._store = store
        self._keys = keys
        self._stored = stored
        self._level = level
        self._open: dict[ObjectKind, OpenPack] = {}
        self._gathering: dict[ObjectKind, tuple[Frame, bytearray]] = {}

    def copy(self, entry: PackEntry, is_needed: IsNeeded) -> int:
        """Copy what is needed of a pack; return its stored size. DamageError when any of it is not what was written.

        What was copied before an error does no harm: it lies twice then. Missing when the pack is gone.
        """
        size = 0
        opener = Opener(entry.header, self._keys, entry.name)
        for row, sealed in _fetched(self._store, entry, _frames(entry, is_needed)):
            stored = self._opened(opener, entry, row, sealed)
            plain = self._verified(entry, row, stored)
            if all(row.wanted):
                self._gather_no_more(entry.kind)
                self._seal(_frame(entry, row), entry.directory.codecs[row.number], stored)
            else:
                self._gather(entry, row, plain)
            size += row.sealed_size * sum(row.wanted) // len(row.wanted)
        return size

    def flush(self) -> None:
        """Store what is open."""
        for kind in tuple(self._gathering):
            self._gather_no_more(kind)
        for kind in tuple(self._open):
            self._close(kind)

    def _opened(self, opener: Opener, entry: PackEntry, row: FrameRow, sealed: Buffer) -> bytes:
        try:
            return opener.open(Domain.FRAME, row.number, sealed)
        except DamageError:
            if not let_go(self._store, entry.name):
                raise
        return opener.open(Domain.FRAME, row.number, read_part(self._store, entry.name, row.offset, row.sealed_size))

    def _verified(self, entry: PackEntry, row: FrameRow, stored: bytes) -> memoryview:
        """Return the plain text of a frame of which every wanted blob is what its id says."""
        plain = _plain(entry, row.number, stored)
        for at, start, size in _blobs(entry, row):
            key = self._keys.id_key(BlobKind(entry.directory.kinds[at]))
            if blob_id(key, plain[start : start + size])[:SHORT_ID_SIZE] != _short(entry, at):
                raise DamageError(f"{entry.name} is damaged: blob {_short(entry, at).hex()} is not what its id says")
        return plain

    def _gather(self, entry: PackEntry, row: FrameRow, plain: memoryview) -> None:
        for at, start, size in _blobs(entry, row):
            frame, text = self._gathering.setdefault(entry.kind, (Frame(entry.kind), bytearray()))
            if text and len(text) + size > BLOB_LIMIT:
                self._gather_no_more(entry.kind)
                frame, text = self._gathering.setdefault(entry.kind, (Frame(entry.kind), bytearray()))
            frame.add(BlobKind(entry.directory.kinds[at]), _short(entry, at), size)
            text += plain[start : start + size]
            if len(text) >= _FRAME_SIZE or len(frame.shorts) >= _FRAME_BLOBS:
                self._gather_no_more(entry.kind)

    def _gather_no_more(self, kind: ObjectKind) -> None:
        """Seal what was gathered, so that blobs stay in the order in which they came."""
        gathered = self._gathering.pop(kind, None)
        if gathered is not None:
            frame, text = gathered
            packed = compress(text, self._level)
            frame.close()
            self._seal(frame, PLAIN if packed is None else ZSTD, text if packed is None else packed)

    def _seal(self, frame: Frame, codec: int, stored: Buffer) -> None:
        pack = self._open.get(frame.kind)
        if pack is not None and not pack.fits(len(stored), len(frame.lengths)):
            self._close(frame.kind)
            pack = None
        if pack is None:
            pack = self._open[frame.kind] = OpenPack(frame.kind, self._keys, memoryview(bytearray(PACK_SIZE)))
        pack.seal(frame, codec, stored)

    def _close(self, kind: ObjectKind) -> None:
        entry, content = self._open.pop(kind).finish()
        self._store.put(entry.name, [content])
        self._stored(entry)


def _plain(entry: PackEntry, number: int, stored: bytes) -> memoryview:
    """Return the plain text of an opened frame; DamageError when it is not what the directory says."""
    size = entry.directory.plain_sizes[number]
    if entry.directory.codecs[number] == PLAIN:
        return memoryview(stored)
    try:
        return memoryview(decompress(stored, size))
    except ValueError as error:
        raise DamageError(f"{entry.name} is damaged: frame {number}: {error}") from error


def _frames(entry: PackEntry, is_needed: IsNeeded) -> Iterator[FrameRow]:
    """Yield the frames in which anything is needed."""
    directory, first = entry.directory, 0
    for number, count in enumerate(directory.blob_counts):
        starts = accumulate(directory.lengths[first : first + count - 1], initial=0)
        wanted = tuple([is_needed(_short(entry, at), number, start) for at, start in enumerate(starts, first)])
        if any(wanted):
            yield FrameRow(number, directory.offsets[number], directory.sealed_sizes[number], first, wanted)
        first += count


def _fetched(store: Store, entry: PackEntry, frames: Iterator[FrameRow]) -> Iterator[tuple[FrameRow, memoryview]]:
    """Yield frames with their sealed bytes, neighbours read together; DamageError when the pack ends too early."""
    span: list[FrameRow] = []
    for row in frames:
        if span and not _joins(span, row):
            yield from _read(store, entry, span)
            span = []
        span.append(row)
    if span:
        yield from _read(store, entry, span)


def _joins(span: Sequence[FrameRow], row: FrameRow) -> bool:
    gap = row.offset - span[-1].offset - span[-1].sealed_size
    return gap <= _GAP_SIZE and row.offset + row.sealed_size - span[0].offset <= _SPAN_SIZE


def _read(store: Store, entry: PackEntry, span: Sequence[FrameRow]) -> Iterator[tuple[FrameRow, memoryview]]:
    start, end = span[0].offset, span[-1].offset + span[-1].sealed_size
    try:
        data = memoryview(mending(store, entry.name, lambda: read_part(store, entry.name, start, end - start)))
    except Broken as error:
        raise DamageError(f"{entry.name} is damaged: {error.what}") from error
    for row in span:
        yield row, data[row.offset - start : row.offset - start + row.sealed_size]


def read_part(store: Store, name: str, offset: int, size: int) -> Buffer:
    """Return bytes of an object, by a range get where the store can. Broken when it ends before."""
    if store.capabilities.ranges:
        return store.get_range(name, offset, size)
    data = store.get(name)[offset : offset + size]
    if len(data) != size:
        raise Broken(f"{name} ends before byte {offset + size}", name=name)
    return data


def _blobs(entry: PackEntry, row: FrameRow) -> Iterator[tuple[int, int, int]]:
    """Yield of each wanted blob of a frame its number in the pack, and where it starts and its size."""
    start = 0
    for at, wanted in enumerate(row.wanted, row.first):
        size = entry.directory.lengths[at]
        if wanted:
            yield at, start, size
        start += size


def _short(entry: PackEntry, at: int) -> bytes:
    return entry.directory.ids[SHORT_ID_SIZE * at : SHORT_ID_SIZE * (at + 1)]


def _frame(entry: PackEntry, row: FrameRow) -> Frame:
    """Return a frame with the blobs of a stored one."""
    directory, frame = entry.directory, Frame(entry.kind)
    for at in range(row.first, row.first + len(row.wanted)):
        frame.add(BlobKind(directory.kinds[at]), _short(entry, at), directory.lengths[at])
    frame.close()
    return frame
