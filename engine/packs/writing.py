"""Writing blobs: hash, deduplicate, gather in frames; processes compress, threads store.

The thread that adds does as little as it can for each blob: a keyed hash, two look-ups, a copy into the frame's slot
of shared memory. Everything else happens once for each frame of about 256 KiB, or once for each pack of 16 MiB:

    add -> frame in a slot -> compressing process -> seal into the open pack
        -> pack -> [queue] -> storing thread: finish, put -> fragment

Frames are sealed by the thread that adds, so that packs need no lock and keys never leave this process; when all
processes are busy it compresses as well. They are sealed in the order in which they were closed, whoever compressed
them: what is read together later lies together. A pack needs one of a few buffers, which are
reused: who finds none waits for a storing thread, and those wait for nobody.

The first error of a thread stops all: what is queued is thrown away, and `add` and `flush` raise it.
"""

import mmap
from array import array
from collections import deque
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from yester.engine.errors import YesterError
from yester.engine.ids import SHORT_ID_SIZE, BlobId, BlobKind, PackId
from yester.engine.packs.compressing import SLOT_SIZE
from yester.engine.packs.compression import PLAIN, ZSTD, compress, is_worth
from yester.engine.packs.compressors import Compressors, Slot, spare_processors
from yester.engine.packs.index import FRAGMENT_BLOBS, Indexed
from yester.engine.packs.packs import BLOB_LIMIT, PACK_SIZE, Frame, OpenPack, PackEntry, pack_kind
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.store import Buffer

LARGE_BLOB = 128 << 10
"""A blob of this size or more is a frame of its own."""
FRAME_SIZE = 256 << 10
FRAME_BLOBS = 4096
_CLOSED = 64
"""Frames that may wait for one before them: what a process that is stopped may cost in memory."""
_NO_MEMORY = "End other programs, or raise the limit of this one, and run it again."
_STORERS, _STORERS_FAR = 2, 4
"""Packs that are stored at once: two keep a disk busy, while a server takes its time to answer for each."""
_SPARE_BUFFERS = 2
"""For the pack that is being filled, of data and of metadata."""


@dataclass(slots=True)
class WriteStatistics:
    """What a writer has done so far: new blobs, their plain bytes, and the bytes of the packs that were stored."""

    added_blobs: int = 0
    added_size: int = 0
    stored_size: int = 0
    stored_packs: int = 0


class _Filling:
    """A frame that blobs are added to, and the slot that their bytes are in."""

    __slots__ = ("frame", "slot")

    def __init__(self, kind: ObjectKind, slot: Slot | None) -> None:
        assert slot is not None
        self.frame = Frame(kind)
        self.slot = slot


class _Closed:
    """A frame that waits to be sealed: `stored` is there when it is compressed, `slot` when it came from a process."""

    __slots__ = ("codec", "frame", "slot", "stored")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.slot: Slot | None = None
        self.codec = PLAIN
        self.stored: Buffer | None = None

    def compress(self, plain: Buffer, level: int) -> None:
        """Compress it here and now. `plain` may change afterwards."""
        packed = compress(plain, level)
        self.codec = PLAIN if packed is None else ZSTD
        self.stored = bytes(plain) if packed is None else packed

    def compressed(self, slot: Slot, packed_size: int) -> None:
        """Take what a process made of it."""
        if is_worth(packed_size, self.frame.size):
            self.codec = ZSTD
            self.stored = slot.packed[:packed_size]
        else:
            self.stored = slot.plain[: self.frame.size]


class BlobWriter:
    """Adds blobs to a repository. One at a time for each index, and for one thread, but for `statistics`.

    As a context manager it flushes at the end, or, when an exception passes, drops what is not stored. Either way
    no thread, no process and no half object stays.
    """

    def __init__(
        self, repository: Indexed, *, level: int = 3, processes: int | None = None, at_once: bool = False
    ) -> None:
        """Compress in so many processes, by default one for each processor but the one that this thread is on.

        They start when there is something for them to do, or `at_once`, where much is sure to come.
        """
        self.packs: set[PackId] = set()
        """Packs that this writer stored."""
        self._store = repository.store
        self._keys = repository.keys
        self._index = repository.index
        self._pending = self._index.pending
        self._id_keys = [self._keys.id_key(kind) for kind in BlobKind]
        self._level = level
        self._compressors = Compressors(level, spare_processors() if processes is None else processes)
        if at_once:
            self._compressors.start()
        self._closed: deque[_Closed] = deque()
        """Frames that are not sealed yet, in order."""
        self._compressing: dict[int, _Closed] = {}
        """Those that were handed over, by the numbers of their slots."""
        self._data = _Filling(ObjectKind.DATA, self._compressors.take())
        self._meta = _Filling(ObjectKind.META, self._compressors.take())
        self._closed_blobs = 0
        self._closed_size = 0
        self._flushed_blobs = 0
        self._open_packs: dict[ObjectKind, OpenPack] = {}
        self._storers = _STORERS if self._store.capabilities.local else _STORERS_FAR
        self._buffers: list[memoryview] = []
        self._buffers_made = 0
        self._threads: list[Thread] = []
        self._full: SimpleQueue[OpenPack | None] = SimpleQueue()
        self._storing = 0
        """Packs in `_full`, with a thread or in `_done`."""
        self._done: SimpleQueue[tuple[OpenPack, PackEntry | None]] = SimpleQueue()
        self._stored_size = 0
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.flush()
        finally:
            self.close()

    @property
    def statistics(self) -> WriteStatistics:
        """What this writer has done so far. May be asked from any thread."""
        data, meta = self._data.frame, self._meta.frame
        blobs = self._closed_blobs + len(data.kinds) + len(meta.kinds)
        size = self._closed_size + data.size + meta.size
        return WriteStatistics(blobs, size, self._stored_size, len(self.packs))

    def add(self, kind: BlobKind, data: Buffer) -> BlobId:
        """Store a blob unless it is stored already, and return its id.

        `data` is the caller's again when this returns. Blocks while the store lags behind. Raises what a thread raised
        (StoreError), and ValueError for a blob over 8 MiB.
        """
        blob = blob_id(self._id_keys[kind], data)
        short = blob[:SHORT_ID_SIZE]
        if short in self._pending or (self._index.segments and self._index.holds(short)):
            return blob
        if self._failure is not None:
            raise self._failure
        size = len(data)
        if size >= LARGE_BLOB:
            self._add_large(kind, short, data)
            return blob
        filling = self._data if kind == 0 else self._meta
        frame = filling.frame
        end = frame.size + size
        filling.slot.plain[frame.size : end] = data
        frame.add(kind, short, size)
        self._pending[short] = frame
        if end >= FRAME_SIZE or len(frame.shorts) == FRAME_BLOBS:
            self._close_filling(filling)
        return blob

    def add_frame(self, kinds: bytes, shorts: list[bytes], lengths: "array[int]", codec: int, stored: bytes) -> None:
        """Store a whole frame that was compressed elsewhere; its blobs, by short id, are ones that are not stored.

        The caller has compared them with their ids. Blocks and raises as `add` does.
        """
        if self._failure is not None:
            raise self._failure
        frame = Frame(pack_kind(BlobKind(kinds[0])))
        for kind, short, length in zip(kinds, shorts, lengths, strict=True):
            frame.add(BlobKind(kind), short, length)
            self._pending[short] = frame
        closed = self._close(frame)
        closed.codec, closed.stored = codec, stored

    def flush(self) -> None:
        """Return when everything added so far is stored and named by a stored fragment. Raises as `add` does."""
        if self._failure is not None:
            raise self._failure
        for filling in (self._data, self._meta):
            if filling.frame.kinds:
                self._close_filling(filling)
        while self._closed:
            self._seal_compressed(wait=True)
        for pack in self._open_packs.values():
            self._close_pack(pack)
        self._open_packs.clear()
        while self._storing:
            self._take_stored()
        self._index.name()
        self._flushed_blobs = self._closed_blobs

    def close(self) -> None:
        """Stop the threads and processes. What was not flushed is dropped."""
        if self._failure is None:
            self._failure = RuntimeError("this writer is closed")
        self._compressors.close()
        for _ in self._threads:
            self._full.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._open_packs.clear()
        self._forget_unstored()

    def _forget_unstored(self) -> None:
        """Leave nothing in the index that claims to be added and is in no pack."""
        if self._flushed_blobs == self.statistics.added_blobs:
            return
        lost = [short for short, frame in self._pending.items() if frame.entry is None]
        for short in lost:
            del self._pending[short]

    def _add_large(self, kind: BlobKind, short: bytes, data: Buffer) -> None:
        size = len(data)
        if size > BLOB_LIMIT:
            raise ValueError(f"a blob of {size} bytes is too large")
        frame = Frame(pack_kind(kind))
        frame.add(kind, short, size)
        self._pending[short] = frame
        closed = self._close(frame)
        slot = self._compressors.take() if size <= SLOT_SIZE else None
        if slot is not None:
            slot.plain[:size] = data
            if self._hand_over(closed, slot):
                return
            self._compressors.give_back(slot)
        closed.compress(data, self._level)

    def _close_filling(self, filling: _Filling) -> None:
        """Let a frame be compressed, and begin a new one of its kind."""
        frame, slot = filling.frame, filling.slot
        closed = self._close(frame)
        filling.frame = Frame(frame.kind)
        another = self._compressors.take()
        if another is not None:
            if self._hand_over(closed, slot):
                filling.slot = another
                return
            self._compressors.give_back(another)
        closed.compress(slot.plain[: frame.size], self._level)

    def _close(self, frame: Frame) -> _Closed:
        """Count a frame that is full, and seal those before it that are ready, lest many wait."""
        frame.close()
        self._closed_blobs += len(frame.kinds)
        self._closed_size += frame.size
        self._seal_compressed(wait=len(self._closed) >= _CLOSED)
        closed = _Closed(frame)
        self._closed.append(closed)
        return closed

    def _hand_over(self, closed: _Closed, slot: Slot) -> bool:
        """Let a process compress it, unless all are busy."""
        if not self._compressors.hand_over(slot, closed.frame.size):
            return False
        self._compressing[slot.number] = closed
        closed.slot = slot
        return True

    def _seal_compressed(self, *, wait: bool = False) -> None:
        """Take what the processes have done, and seal all that is compressed and not preceded by what is not."""
        for slot, packed_size in self._compressors.answers(wait=wait):
            closed = self._compressing.pop(slot.number)
            if packed_size is None:
                closed.compress(slot.plain[: closed.frame.size], self._level)
            else:
                closed.compressed(slot, packed_size)
        while self._closed and (stored := self._closed[0].stored) is not None:
            closed = self._closed.popleft()
            self._seal(closed.frame, closed.codec, stored)
            if closed.slot is not None:
                self._compressors.give_back(closed.slot)

    def _seal(self, frame: Frame, codec: int, stored: Buffer) -> None:
        """Seal a frame into the open pack of its kind, a new one where there is no room."""
        pack = self._open_packs.get(frame.kind)
        if pack is not None and not pack.fits(len(stored), len(frame.lengths)):
            del self._open_packs[frame.kind]
            self._close_pack(pack)
            pack = None
        if pack is None:
            pack = self._open_packs[frame.kind] = OpenPack(frame.kind, self._keys, self._free_buffer())
        pack.seal(frame, codec, stored)

    def _free_buffer(self) -> memoryview:
        while not self._buffers and self._buffers_made == self._storers + _SPARE_BUFFERS:
            self._take_stored()
        if self._buffers:
            return self._buffers.pop()
        self._buffers_made += 1
        # Anonymous memory costs only the pages that are written: a small pack does not touch 16 MiB.
        try:
            return memoryview(mmap.mmap(-1, PACK_SIZE))
        except OSError as error:
            # Whoever adds would take it for an error of the file that is read, and go on without this frame.
            self._failure = YesterError(f"There is no memory for a pack: {error.strerror}", hint=_NO_MEMORY)
            raise self._failure from error

    def _close_pack(self, pack: OpenPack) -> None:
        while not self._done.empty():
            self._take_stored()
        if not self._threads:
            self._threads = [
                Thread(target=self._store_packs, daemon=True, name="yester-store") for _ in range(self._storers)
            ]
            for thread in self._threads:
                thread.start()
        self._storing += 1
        self._full.put(pack)

    def _take_stored(self) -> None:
        """Wait until a pack is stored, and take its buffer back. Raises what a thread raised."""
        pack, entry = self._done.get()
        self._storing -= 1
        self._buffers.append(pack.buffer)
        if entry is None and self._failure is not None:
            raise self._failure
        if entry is not None:
            self.packs.add(entry.pack)
            self._stored_size += entry.size

    # The storing threads

    def _store_packs(self) -> None:
        while (pack := self._full.get()) is not None:
            entry = None
            try:
                if self._failure is None:
                    entry = self._store_pack(pack)
            except BaseException as error:  # noqa: BLE001 -- the thread that adds raises it
                if self._failure is None:
                    self._failure = error
            finally:
                self._done.put((pack, entry))

    def _store_pack(self, pack: OpenPack) -> PackEntry:
        entry, content = pack.finish()
        self._store.put(entry.name, [content])
        self._index.stored(entry, pack.frames)
        if self._index.unnamed_blobs() >= FRAGMENT_BLOBS:
            self._index.name()
        return entry
