"""Blobs on their way into another repository of the same identity, a frame at a time.

Where every blob of a frame is wanted, its bytes go over as they are compressed; only the seal is new. What is wanted is
gathered by pack, up to a limit, and read in the order in which it lies: so a pack is read in long stretches, and
memory stays bounded whatever the size of a snapshot. A frame is compared with the ids of its blobs before it goes
over, on threads, a few stretches ahead: damage is not copied.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from yester.engine.errors import Broken, DamageError, Missing
from yester.engine.ids import SHORT_ID_SIZE, PackId
from yester.engine.packs.compression import PLAIN, decompress
from yester.engine.packs.reading import GAP_SIZE, SPAN_SIZE, BlobReader
from yester.engine.packs.segments import Location
from yester.engine.packs.writing import BlobWriter
from yester.engine.repository import Repository
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.sealing import Domain, Opener, name_of
from yester.engine.store import Buffer, part_of

_WINDOW = 1 << 17
"""Blobs that are gathered before they go over; about 300 bytes each."""
_AHEAD = 3
"""Stretches of at most SPAN_SIZE that are read and compared ahead."""
_THREADS = 2


@dataclass(slots=True)
class _WantedFrame:
    """A frame of the source, and which of its blobs are wanted."""

    place: Location
    blobs: dict[bytes, Location]
    """By short id."""

    @property
    def is_whole(self) -> bool:
        """Whether every blob of the frame is wanted."""
        return sum(location.size for location in self.blobs.values()) == self.place.plain_size

    @property
    def rows(self) -> list[tuple[bytes, Location]]:
        """The wanted blobs in the order in which they lie; an empty one shares its place with the one after it."""
        return sorted(self.blobs.items(), key=lambda blob: (blob[1].start, blob[1].size))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A frame that was read and found to be what its ids say; `stored` as it is compressed."""

    wanted: _WantedFrame
    stored: bytes
    plain: Buffer


class FrameCopier:
    """Gathers wanted blobs of one repository and stores them in another. For one thread; close it at the end."""

    def __init__(
        self,
        source: Repository,
        target: Repository,
        reader: BlobReader,
        writer: BlobWriter,
        tick: Callable[[int], None],
    ) -> None:
        """`tick` is told the plain bytes that went over, and may raise to stop."""
        self._source, self._index, self._reader, self._writer, self._tick = source, target.index, reader, writer, tick
        self._wanted: dict[PackId, dict[int, _WantedFrame]] = {}
        self._count = 0
        self._pool = ThreadPoolExecutor(_THREADS, "copy")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def want(self, blob: bytes) -> None:
        """Let a blob go over, sooner or later. DamageError when the source has none of that id."""
        location = self._source.index.locate(blob)
        if location is None:
            raise DamageError(f"Blob {blob.hex()} is in no pack that the index names", hint="Run `yester check`.")
        frames = self._wanted.setdefault(location.pack, {})
        frame = frames.get(location.frame)
        if frame is None:
            frame = frames[location.frame] = _WantedFrame(location, {})
        short = blob[:SHORT_ID_SIZE]
        self._count += short not in frame.blobs
        frame.blobs[short] = location
        if self._count >= _WINDOW:
            self.flush()

    def flush(self) -> None:
        """Bring all that is gathered over."""
        wanted, self._wanted, self._count = self._wanted, {}, 0
        spans = (span for frames in wanted.values() for span in _spans(frames))
        coming: deque[tuple[list[_WantedFrame], Future[list[_Opened]]]] = deque()
        for span in spans:
            coming.append((span, self._pool.submit(self._read, span)))
            if len(coming) > _AHEAD:
                self._store(*coming.popleft())
        while coming:
            self._store(*coming.popleft())

    def _store(self, span: list[_WantedFrame], coming: "Future[list[_Opened]]") -> None:
        try:
            opened = coming.result()
        except (DamageError, Broken, Missing):
            # Perhaps another pack has the blobs, or the index has changed: the reader knows where to look.
            self._store_singly(span)
            return
        for frame in opened:
            self._store_frame(frame)

    def _store_singly(self, span: list[_WantedFrame]) -> None:
        for frame in span:
            for short, location in frame.rows:
                self._writer.add(location.blob_kind, self._reader.blob(location.blob_kind, short))
                self._tick(location.size)

    def _store_frame(self, frame: _Opened) -> None:
        rows = frame.wanted.rows
        lacking = [row for row in rows if not self._index.holds(row[0])]
        if frame.wanted.is_whole and len(lacking) == len(rows):
            self._writer.add_frame(
                bytes(location.blob_kind for _, location in rows),
                [short for short, _ in rows],
                array("I", [location.size for _, location in rows]),
                frame.wanted.place.codec,
                frame.stored,
            )
        else:
            plain = memoryview(frame.plain)
            for _, location in lacking:
                self._writer.add(location.blob_kind, plain[location.start : location.start + location.size])
        self._tick(sum(location.size for _, location in rows))

    # On the threads

    def _read(self, span: list[_WantedFrame]) -> list[_Opened]:
        """Read frames that lie close together, open them, and compare what is wanted with its ids."""
        first, last = span[0].place, span[-1].place
        name = name_of(first.kind, first.pack)
        size = last.offset + last.sealed_size - first.offset
        data = part_of(self._source.store, name, first.offset, size, first.pack_size)
        opener = Opener(first.header, self._source.keys, name)
        view = memoryview(data)
        return [self._open(opener, frame, view, first.offset, name) for frame in span]

    def _open(self, opener: Opener, frame: _WantedFrame, data: memoryview, base: int, name: str) -> _Opened:
        place = frame.place
        start = place.offset - base
        stored = opener.open(Domain.FRAME, place.frame, data[start : start + place.sealed_size])
        try:
            plain = stored if place.codec == PLAIN else decompress(stored, place.plain_size)
        except ValueError as error:
            raise DamageError(f"{name} is damaged: frame {place.frame}: {error}") from error
        view, keys = memoryview(plain), self._source.keys
        for short, location in frame.blobs.items():
            piece = view[location.start : location.start + location.size]
            if blob_id(keys.id_key(location.blob_kind), piece)[:SHORT_ID_SIZE] != short:
                raise DamageError(f"{name} is damaged: blob {short.hex()} is not what its id says")
        return _Opened(frame, stored, plain)


def _spans(frames: dict[int, _WantedFrame]) -> Iterator[list[_WantedFrame]]:
    """Group the wanted frames of one pack that one read may fetch together."""
    span: list[_WantedFrame] = []
    for frame in _in_order(frames.values()):
        if span and not _joins(span[0].place, span[-1].place, frame.place):
            yield span
            span = []
        span.append(frame)
    if span:
        yield span


def _in_order(frames: Iterable[_WantedFrame]) -> list[_WantedFrame]:
    return sorted(frames, key=lambda frame: frame.place.offset)


def _joins(first: Location, last: Location, place: Location) -> bool:
    gap = place.offset - last.offset - last.sealed_size
    return gap <= GAP_SIZE and place.offset + place.sealed_size - first.offset <= SPAN_SIZE
