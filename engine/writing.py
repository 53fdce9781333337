"""Writing blobs: hash, deduplicate, gather in frames; threads compress, seal, pack and store.

The thread that adds does as little as it can for each blob: a keyed hash, two look-ups, three appends.
Everything else happens once for each frame of about 256 KiB, in worker threads, and once for each pack, in
storing threads:

    add -> frame -> [queue] -> worker: join, compress, reserve, seal
        -> pack -> [queue] -> storer: finish, put -> fragment

Queues are bounded by permits, not by themselves: a frame needs one of `threads + 2` permits, and a pack one of
four buffers, which are reused. A worker that waits for a buffer waits for a storer, and a storer waits for
nobody, so nothing can wait in a circle. A pack is handed over by whoever seals its last frame after it was
closed.

The first error of any thread stops them all: what is queued is thrown away, and `add` and `flush` raise it.
"""

import mmap
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Condition, Semaphore, Thread
from types import TracebackType
from typing import Self

from yester.engine.compression import PLAIN, ZSTD, compress
from yester.engine.ids import SHORT_ID_SIZE, BlobId, BlobKind, PackId
from yester.engine.index import FRAGMENT_BLOBS, Indexed
from yester.engine.keys import blob_id
from yester.engine.packs import BLOB_LIMIT, PACK_SIZE, Frame, OpenPack, pack_kind
from yester.engine.sealing import ObjectKind
from yester.engine.store import Buffer

LARGE_BLOB = 128 << 10
"""A blob of this size or more is a frame of its own."""
FRAME_SIZE = 256 << 10
FRAME_BLOBS = 4096
_BUFFERS = 4
_STORERS = 2


@dataclass(slots=True)
class WriteStatistics:
    """What a writer has done so far: new blobs, their plain bytes, and the bytes of the packs that were stored."""

    added_blobs: int = 0
    added_size: int = 0
    stored_size: int = 0
    stored_packs: int = 0


class BlobWriter:
    """Adds blobs to a repository. One at a time for each index; `add`, `flush` and `close` are for one thread.

    As a context manager it flushes at the end, or, when an exception passes, drops what is not stored. Either way
    no thread and no half object stays.
    """

    def __init__(self, repository: Indexed, *, level: int = 3, threads: int = 2) -> None:
        self.packs: set[PackId] = set()
        """Packs that this writer stored."""
        self._store = repository.store
        self._keys = repository.keys
        self._index = repository.index
        self._pending = self._index.pending
        self._id_keys = [self._keys.id_key(kind) for kind in BlobKind]
        self._level = level
        self._held: set[bytes] = set()
        self._data = Frame(ObjectKind.DATA)
        self._meta = Frame(ObjectKind.META)
        self._closed_blobs = 0
        self._closed_size = 0
        self._flushed_blobs = 0
        self._permits = Semaphore(threads + 2)
        self._frames: SimpleQueue[Frame | None] = SimpleQueue()
        self._full_packs: SimpleQueue[OpenPack | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._worker_count = threads
        # Guards all below, and whatever OpenPack says is for the holder of the lock.
        self._changed = Condition()
        self._open_packs: dict[ObjectKind, OpenPack] = {}
        self._buffers: list[memoryview] = []
        self._buffers_made = 0
        self._busy = 0
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
        blobs = self._closed_blobs + len(self._data.blobs) + len(self._meta.blobs)
        size = self._closed_size + self._data.size + self._meta.size
        return WriteStatistics(blobs, size, self._stored_size, len(self.packs))

    @property
    def dependencies(self) -> set[PackId]:
        """Packs of earlier runs that hold blobs which were added again, or asked for with `has`."""
        return self._index.full_packs(self._held)

    def has(self, blob: bytes) -> bool:
        """Tell whether a blob is stored already, or was added; if so its pack becomes a dependency."""
        short = blob[:SHORT_ID_SIZE]
        return short in self._pending or self._depend(short)

    def _depend(self, short: bytes) -> bool:
        holder = self._index.holder(short)
        if holder is None:
            return False
        self._held.add(holder)
        return True

    def add(self, kind: BlobKind, data: Buffer) -> BlobId:
        """Store a blob unless it is stored already, and return its id.

        `data` is the caller's again when this returns: anything but `bytes` is copied, once. Blocks while the threads
        lag behind. Raises what a thread raised (StoreError), and ValueError for a blob over 8 MiB.
        """
        blob = blob_id(self._id_keys[kind], data)
        short = blob[:SHORT_ID_SIZE]
        if short in self._pending or (self._index.segments and self._depend(short)):
            return blob
        if self._failure is not None:
            raise self._failure
        if type(data) is not bytes:
            data = bytes(data)
        size = len(data)
        if size >= LARGE_BLOB:
            self._add_large(kind, short, data)
            return blob
        frame = self._data if kind == 0 else self._meta
        frame.blobs.append(data)
        frame.shorts.append(short)
        frame.kinds.append(kind)
        self._pending[short] = frame
        frame.size += size
        if frame.size >= FRAME_SIZE or len(frame.shorts) == FRAME_BLOBS:
            self._close_frame(frame)
        return blob

    def flush(self) -> None:
        """Return when everything added so far is stored and named by a stored fragment. Raises as `add` does."""
        for frame in (self._data, self._meta):
            if frame.blobs:
                self._close_frame(frame)
        with self._changed:
            self._await_idle()
            for pack in self._open_packs.values():
                self._close_pack(pack)
            self._open_packs.clear()
            self._await_idle()
        self._index.name()
        self._flushed_blobs = self._closed_blobs

    def close(self) -> None:
        """Stop the threads. What was not flushed is dropped."""
        with self._changed:
            if self._failure is None:
                self._failure = RuntimeError("this writer is closed")
            self._changed.notify_all()
        workers, storers = self._threads[: self._worker_count], self._threads[self._worker_count :]
        for _ in workers:
            self._frames.put(None)
        for thread in workers:
            thread.join()
        for _ in storers:
            self._full_packs.put(None)
        for thread in storers:
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

    def _add_large(self, kind: BlobKind, short: bytes, data: bytes) -> None:
        if len(data) > BLOB_LIMIT:
            raise ValueError(f"a blob of {len(data)} bytes is too large")
        frame = Frame(pack_kind(kind))
        frame.blobs.append(data)
        frame.shorts.append(short)
        frame.kinds.append(kind)
        frame.size = len(data)
        self._pending[short] = frame
        self._submit(frame)

    def _close_frame(self, frame: Frame) -> None:
        """Hand a frame over, and begin a new one of its kind."""
        if frame.kind is ObjectKind.DATA:
            self._data = Frame(frame.kind)
        else:
            self._meta = Frame(frame.kind)
        self._submit(frame)

    def _submit(self, frame: Frame) -> None:
        self._closed_blobs += len(frame.blobs)
        self._closed_size += frame.size
        if not self._threads:
            self._start()
        self._permits.acquire()
        with self._changed:
            if self._failure is not None:
                self._permits.release()
                raise self._failure
            self._busy += 1
        self._frames.put(frame)

    def _start(self) -> None:
        targets = [self._work] * self._worker_count + [self._store_packs] * _STORERS
        self._threads = [Thread(target=target, daemon=True, name=f"yester-{target.__name__}") for target in targets]
        for thread in self._threads:
            thread.start()

    # Under the lock

    def _await_idle(self) -> None:
        """Wait until no frame and no closed pack is on its way."""
        while self._busy and self._failure is None:
            self._changed.wait()
        if self._failure is not None:
            raise self._failure

    def _close_pack(self, pack: OpenPack) -> None:
        pack.closed = True
        self._busy += 1
        if not pack.unsealed:
            self._full_packs.put(pack)

    def _reserve(self, frame: Frame, codec: int, stored_size: int) -> OpenPack:
        """Find a pack with room for the frame, opening one if need be, and give the frame its place there."""
        while self._failure is None:
            pack = self._open_packs.get(frame.kind)
            if pack is not None and pack.fits(stored_size, len(frame.lengths)):
                pack.reserve(frame, codec, stored_size)
                return pack
            if pack is not None:
                del self._open_packs[frame.kind]
                self._close_pack(pack)
            elif (buffer := self._free_buffer()) is not None:
                self._open_packs[frame.kind] = OpenPack(frame.kind, self._keys, buffer)
            else:
                self._changed.wait()
        raise self._failure

    def _free_buffer(self) -> memoryview | None:
        if self._buffers:
            return self._buffers.pop()
        if self._buffers_made == _BUFFERS:
            return None
        self._buffers_made += 1
        # Anonymous memory costs only the pages that are written: a small pack does not touch 16 MiB.
        return memoryview(mmap.mmap(-1, PACK_SIZE))

    def _done(self, count: int = 1) -> None:
        with self._changed:
            self._busy -= count
            self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            if self._failure is None:
                self._failure = error
            self._changed.notify_all()

    # The threads

    def _work(self) -> None:
        while (frame := self._frames.get()) is not None:
            try:
                if self._failure is None:
                    self._pack(frame)
            except BaseException as error:  # noqa: BLE001 -- the thread that adds raises it
                self._fail(error)
            finally:
                self._permits.release()
                self._done()

    def _pack(self, frame: Frame) -> None:
        """Compress a frame and seal it into a pack."""
        plain = frame.join()
        packed = compress(plain, self._level)
        stored = plain if packed is None else packed
        with self._changed:
            pack = self._reserve(frame, PLAIN if packed is None else ZSTD, len(stored))
        try:
            pack.seal(frame, stored)
        finally:
            with self._changed:
                pack.unsealed -= 1
                if pack.closed and not pack.unsealed:
                    self._full_packs.put(pack)

    def _store_packs(self) -> None:
        while (pack := self._full_packs.get()) is not None:
            try:
                if self._failure is None:
                    self._store_pack(pack)
            except BaseException as error:  # noqa: BLE001 -- the thread that adds raises it
                self._fail(error)
            finally:
                with self._changed:
                    self._buffers.append(pack.buffer)
                self._done()

    def _store_pack(self, pack: OpenPack) -> None:
        entry, content = pack.finish()
        self._store.put(entry.name, [content])
        self._index.stored(entry, pack.frames)
        with self._changed:
            self.packs.add(entry.pack)
            self._stored_size += entry.size
        if self._index.unnamed_blobs() >= FRAGMENT_BLOBS:
            self._index.name()
