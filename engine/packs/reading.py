"""Reading blobs: locate, fetch the frame, open, decompress, verify; decoded frames stay in memory by a byte budget.

Every blob is compared with its id before it is handed out: once for as long as its frame stays in memory. Threads that
want the same frame wait for the one that fetches it. A pack that is gone was perhaps pruned and its blobs stored
elsewhere, as is what a run found damaged: every other pack that has the blob is asked, and the index is loaded again,
before that is an error.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from threading import Event, Lock
from typing import TypeVar

from yester.engine.archive.holdings import offline
from yester.engine.errors import Broken, DamageError, Missing, Offline, YesterError
from yester.engine.ids import BlobKind, PackId
from yester.engine.packs.compression import PLAIN, decompress
from yester.engine.packs.index import Indexed
from yester.engine.packs.segments import Location
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.sealing import Domain, Opener, name_of
from yester.engine.store import Buffer, let_go, part_of

_Bytes = bytes | memoryview
_FrameKey = tuple[PackId, int]
_T = TypeVar("_T")

SPAN_SIZE = 4 << 20
"""How much of a pack one range get of `read_ahead` fetches at most."""
GAP_SIZE = 64 << 10
"""Bytes between two wanted frames that are fetched too, rather than asking twice."""
_OPENERS = 256
_LOADS = 8
"""How often the index is loaded again for a blob that has gone from where it said."""

_LOCATED = 1 << 14
"""Blobs whose places are remembered: whoever reads ahead reads soon."""
_WHOLE_PACKS = 2
_CHECK = "Run `yester check` to see what is hit."


class _Decoded:
    """The plain text of a frame, and the ids that blobs in it were compared with."""

    __slots__ = ("plain", "verified")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self.verified: set[bytes] = set()


class _FrameCache:
    """Decoded frames, the least recently used ones dropped when they are more than `budget` bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._size = 0
        self._frames: OrderedDict[_FrameKey, _Decoded] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _FrameKey) -> _Decoded | None:
        with self._lock:
            frame = self._frames.get(key)
            if frame is not None:
                self._frames.move_to_end(key)
            return frame

    def put(self, key: _FrameKey, frame: _Decoded) -> None:
        with self._lock:
            old = self._frames.pop(key, None)
            self._frames[key] = frame
            self._size += len(frame.plain) - (len(old.plain) if old else 0)
            while self._size > self._budget and len(self._frames) > 1:
                _, dropped = self._frames.popitem(last=False)
                self._size -= len(dropped.plain)


class BlobReader:
    """Reads blobs. Any number of threads use one at once."""

    def __init__(self, repository: Indexed, cache_size: int = 64 << 20) -> None:
        """`cache_size` is the budget for decoded frames, in bytes."""
        self._repository = repository
        self._index = repository.index
        self._cache = _FrameCache(cache_size)
        self._lock = Lock()
        self._coming: dict[_FrameKey, _Coming] = {}
        self._located: dict[bytes, Location] = {}
        self._openers: OrderedDict[PackId, Opener] = OrderedDict()
        self._packs: OrderedDict[PackId, bytes] = OrderedDict()

    def blob(self, kind: BlobKind, id: bytes) -> _Bytes:
        """Return the bytes of a blob by its full or short id.

        DamageError names the pack when the bytes are not what was written or the pack is gone; Offline when nothing but
        a pack in an archive has it; StoreError when the store fails otherwise.
        """
        return self._retried(id, lambda location: self._read(kind, id, location))

    def cached(self, id: bytes) -> _Bytes | None:
        """Return the bytes of a blob if its frame is in memory. Never touches the store."""
        location = self.location(id)
        if location is None:
            return None
        frame = self._cache.get((location.pack, location.frame))
        return None if frame is None else self._piece(location.blob_kind, id, location, frame)

    def location(self, id: bytes) -> Location | None:
        """Return where a blob lies; None when no index fragment names it."""
        location = self._located.get(id)
        if location is None:
            location = self._index.locate(id)
            if location is not None:
                if len(self._located) >= _LOCATED:
                    self._located.clear()
                self._located[id] = location
        return location

    def read_ahead(self, ids: Iterable[bytes]) -> None:
        """Fetch the frames of these blobs into memory, neighbours together.

        A hint: what cannot be had is passed over, and whoever reads the blob then meets the error.
        """
        wanted: dict[_FrameKey, Location] = {}
        for id in ids:
            location = self.location(id)
            if location is not None and self._cache.get((location.pack, location.frame)) is None:
                wanted[location.pack, location.frame] = location
        for span in _spans(sorted(wanted.values(), key=lambda location: (location.pack, location.offset))):
            self._request(span)

    def batch(self, kind: BlobKind, ids: Sequence[bytes]) -> list[Buffer | None]:
        """Return many blobs, fetching their frames together; None for each that `blob` would have to look into."""
        places = [self._index.locate(id) for id in ids]
        wanted = {(place.pack, place.frame): place for place in places if place is not None}
        coming: dict[_FrameKey, _Coming] = {}
        for span in _spans(sorted(wanted.values(), key=lambda location: (location.pack, location.offset))):
            for each in self._request(span):
                coming[each.location.pack, each.location.frame] = each
        frames = {key: each.decoded() for key, each in coming.items()}
        return [
            None if place is None else self._sound_piece(kind, id, place, frames[place.pack, place.frame])
            for id, place in zip(ids, places, strict=True)
        ]

    def _sound_piece(self, kind: BlobKind, id: bytes, location: Location, frame: _Decoded | None) -> _Bytes | None:
        try:
            return None if frame is None else self._piece(kind, id, location, frame)
        except DamageError:
            return None

    def _retried(self, id: bytes, read: Callable[[Location], _Bytes]) -> _Bytes:
        """Read by the index, then from any other pack that has the blob, then by the index as it is by now.

        The index is loaded again each time that nothing is left of what it named: several prunes may move a blob on
        while it is looked for. Whether a pack that is not there was purged is asked then too: a purge deletes nothing
        that is not known to be held by then.
        """
        location, passed, gone = self.location(id), set[PackId](), dict[PackId, str]()
        lost: DamageError | None = None
        asleep: Offline | None = None
        for _ in range(_LOADS):
            while location is not None:
                try:
                    return read(location)
                except Missing as error:
                    lost = DamageError(f"{error.name} is gone from the store", hint=_CHECK)
                    gone[location.pack] = error.name
                except Offline as error:
                    asleep = error
                except DamageError as error:
                    lost = error
                passed.add(location.pack)
                location = self._elsewhere(id, passed)
            self._index.refresh()
            held = self._index.look_for_archived().held if gone else {}
            for pack, name in gone.items():
                if pack in held:
                    # Not set aside: it may come back at any time.
                    asleep = offline(name, held[pack])
                else:
                    self._index.set_aside(pack)
            self._located.clear()
            location = self._elsewhere(id, passed)
            if location is None:
                break
            self._located[id] = location
        if asleep is not None:
            raise asleep
        if lost is not None:
            raise lost
        raise DamageError(f"Blob {id.hex()} is in no pack that the index names", hint=_CHECK)

    def _elsewhere(self, id: bytes, passed: set[PackId]) -> Location | None:
        """Return another place of a blob. What this run wrote itself the index names whether it was passed or not."""
        location = self._index.locate(id, passed)
        return None if location is not None and location.pack in passed else location

    def _read(self, kind: BlobKind, id: bytes, location: Location) -> _Bytes:
        frame = self._cache.get((location.pack, location.frame))
        if frame is None:
            frame = self._request([location])[0].result()
        return self._piece(kind, id, location, frame)

    def _piece(self, kind: BlobKind, id: bytes, location: Location, frame: _Decoded) -> _Bytes:
        """Return the blob's part of a frame, compared with the blob's id."""
        start, size = location.start, location.size
        whole = size == len(frame.plain)
        piece = frame.plain if whole else memoryview(frame.plain)[start : start + size]
        if id not in frame.verified:
            if blob_id(self._repository.keys.id_key(kind), piece)[: len(id)] != id:
                raise DamageError(f"{_name(location)} is damaged: blob {id.hex()} is not what its id says", hint=_CHECK)
            frame.verified.add(id)
        return piece

    def _request(self, span: Sequence[Location]) -> list["_Coming"]:
        """Fetch the frames of one pack that nobody has or fetches; return all, some still on their way."""
        answers, mine = [], []
        with self._lock:
            for location in span:
                key = (location.pack, location.frame)
                coming = self._coming.get(key)
                if coming is None:
                    coming = _Coming(location)
                    frame = self._cache.get(key)
                    if frame is None:
                        self._coming[key] = coming
                        mine.append(coming)
                    else:
                        coming.arrive(frame)
                answers.append(coming)
        if mine:
            self._fetch(mine)
        return answers

    def _fetch(self, frames: Sequence["_Coming"]) -> None:
        """Fetch and decode frames that lie close together in one pack; errors go to whoever waits for them."""
        waited_for = deque(frames)
        try:
            self._decode_each(waited_for)
        except YesterError as error:
            self._arrive(waited_for, error)
        except BaseException as error:
            self._arrive(waited_for, error)
            raise

    def _decode_each(self, frames: "deque[_Coming]") -> None:
        """Fetch frames with one read and decode them; those that arrived, or are damaged, leave the queue."""
        first, last = frames[0].location, frames[-1].location
        size = last.offset + last.sealed_size - first.offset
        data, is_fresh = self._first_bytes(first, size)
        opener = self._opener(first)
        while frames:
            location = frames[0].location
            start = location.offset - first.offset
            try:
                frame = _decode(opener, location, data[start : start + location.sealed_size])
            except DamageError as error:
                if not is_fresh and self._is_mended(first):
                    is_fresh = True
                    data = memoryview(self._bytes(first, first.offset, size))
                    continue
                self._arrive([frames.popleft()], error)
            else:
                self._cache.put((location.pack, location.frame), frame)
                self._arrive([frames.popleft()], frame)

    def _first_bytes(self, location: Location, size: int) -> tuple[memoryview, bool]:
        """Return bytes of a pack from a frame on, and whether the store had to mend them."""
        try:
            return memoryview(self._bytes(location, location.offset, size)), False
        except DamageError:
            if not self._is_mended(location):
                raise
        return memoryview(self._bytes(location, location.offset, size)), True

    def _is_mended(self, location: Location) -> bool:
        """Tell the store that a pack is damaged; whether asking again may help."""
        with self._lock:
            self._packs.pop(location.pack, None)
        return let_go(self._repository.store, _name(location))

    def _arrive(self, frames: Collection["_Coming"], outcome: "_Decoded | BaseException") -> None:
        with self._lock:
            for coming in frames:
                self._coming.pop((coming.location.pack, coming.location.frame), None)
        for coming in frames:
            coming.arrive(outcome)

    def _bytes(self, location: Location, offset: int, size: int) -> Buffer:
        """Return bytes of a pack, by a range get where the store can, else out of the whole pack."""
        store, name = self._repository.store, _name(location)
        try:
            if store.capabilities.ranges:
                data: Buffer = part_of(store, name, offset, size, location.pack_size)
            else:
                data = memoryview(self._whole_pack(location.pack, name))[offset : offset + size]
        except Broken as error:
            raise DamageError(f"{name} is damaged: {error.what}", hint=_CHECK) from error
        if len(data) != size:
            raise DamageError(f"{name} is damaged: it ends too early", hint=_CHECK)
        return data

    def _whole_pack(self, pack: PackId, name: str) -> bytes:
        with self._lock:
            data = self._packs.get(pack)
        if data is None:
            data = self._repository.store.get(name)
        with self._lock:
            _remember(self._packs, pack, data, _WHOLE_PACKS)
        return data

    def _opener(self, location: Location) -> Opener:
        with self._lock:
            opener = self._openers.get(location.pack)
        if opener is None:
            opener = Opener(location.header, self._repository.keys, _name(location))
        with self._lock:
            _remember(self._openers, location.pack, opener, _OPENERS)
        return opener


class _Coming:
    """A frame that one thread fetches and any number wait for."""

    __slots__ = ("_arrived", "_outcome", "location")

    def __init__(self, location: Location) -> None:
        self.location = location
        self._arrived = Event()
        self._outcome: _Decoded | BaseException | None = None

    def arrive(self, outcome: _Decoded | BaseException) -> None:
        self._outcome = outcome
        self._arrived.set()

    def decoded(self) -> _Decoded | None:
        """Wait for the frame; None when it does not come."""
        self._arrived.wait()
        return self._outcome if isinstance(self._outcome, _Decoded) else None

    def result(self) -> _Decoded:
        """Wait for the frame; raises what kept it from coming."""
        self._arrived.wait()
        if isinstance(self._outcome, _Decoded):
            return self._outcome
        assert self._outcome is not None
        raise self._outcome


def _name(location: Location) -> str:
    return name_of(location.kind, location.pack)


def _decode(opener: Opener, location: Location, sealed: Buffer) -> _Decoded:
    """Return a frame decoded; DamageError naming the pack when it is not what the index says."""
    stored = opener.open(Domain.FRAME, location.frame, sealed)
    if location.codec == PLAIN and len(stored) == location.plain_size:
        return _Decoded(stored)
    try:
        return _Decoded(decompress(stored, location.plain_size))
    except ValueError as error:
        raise DamageError(f"{_name(location)} is damaged: frame {location.frame}: {error}", hint=_CHECK) from error


def _remember(recent: "OrderedDict[PackId, _T]", pack: PackId, value: _T, limit: int) -> None:
    """Make `value` the newest of at most `limit`."""
    recent[pack] = value
    recent.move_to_end(pack)
    while len(recent) > limit:
        recent.popitem(last=False)


def _spans(locations: Iterable[Location]) -> Iterator[list[Location]]:
    """Group frames, sorted by pack and offset, that one range get may fetch together."""
    span: list[Location] = []
    for location in locations:
        if span and not _joins(span, location):
            yield span
            span = []
        span.append(location)
    if span:
        yield span


def _joins(span: list[Location], location: Location) -> bool:
    first, last = span[0], span[-1]
    gap = location.offset - last.offset - last.sealed_size
    size = location.offset + location.sealed_size - first.offset
    return location.pack == first.pack and gap <= GAP_SIZE and size <= SPAN_SIZE
