"""The index of a repository: which blob lies where, in constant memory.

What it knows comes from three places: segments (local files that cover fragments already fetched), packs of
this run that no segment covers yet, and frames of this run that lie in no stored pack yet. The last two are
`pending`, a dict from short id to Frame, shared with the writer: one look-up tells it whether a blob was added
before, stored or not.

Only fragments that the store still lists count, and none that another listed fragment replaces. Segments
are dropped as a whole when one of their fragments does not count any more, and built again from the others.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from threading import RLock
from typing import NamedTuple, Protocol

from yester.engine.archive.holdings import Holdings, Stock
from yester.engine.archive.shelves import Shelves
from yester.engine.errors import DamageError, Missing
from yester.engine.ids import SHORT_ID_SIZE, BlobKind, FragmentId, PackId
from yester.engine.packs.fragments import Fragment, get_fragment, list_fragments, put_fragment
from yester.engine.packs.packs import Frame, PackEntry
from yester.engine.packs.segment_folder import SegmentFolder, discard
from yester.engine.packs.segment_writing import Records, Run, pack_row, write_segment
from yester.engine.packs.segments import (
    PACK_PREFIX_SIZE,
    Location,
    Segment,
    SegmentDamaged,
    pack_prefix,
    place_of,
)
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.engine.store import Store, bring

BATCH = 1 << 16
"""Blobs that are kept in memory, about 200 bytes each, before they become a segment."""

FRAGMENT_BLOBS = 1 << 16
"""Blobs that one fragment names, about, so that a long run is indexed as it goes."""

_LISTINGS = 5
"""How often a fragment may be listed and not be there before that is an error."""


class Indexed(Protocol):
    """What writing and reading blobs need of a repository (engine/repository.py)."""

    @property
    def store(self) -> Store:
        """Where the objects are."""
        ...

    @property
    def keys(self) -> Keys:
        """The keys; perhaps waits until they are derived."""
        ...

    @property
    def index(self) -> "Index":
        """The one index that all who use this repository object share."""
        ...


class _Batch(NamedTuple):
    """Packs, and the fragments that name them, on their way into one segment."""

    packs: list[PackEntry]
    fragments: set[FragmentId]
    replaced: set[FragmentId]

    @property
    def blobs(self) -> int:
        return sum(entry.directory.blobs for entry in self.packs)


class Index:
    """Look-ups may come from any thread, while one thread at a time adds."""

    def __init__(self, store: Store, keys: Callable[[], Keys], folder: Path, *, is_blind: bool = False) -> None:
        """Load what the store lists. `folder` holds the segments; it is made, 0700, when it is not there.

        `keys` is called only when a fragment has to be fetched. A damaged fragment is left out and said in `damaged`:
        its packs look like orphans, which the next run adopts. A write-only client's index (`is_blind`) reads no
        fragments, and knows what this client stored itself.
        """
        self.pending: dict[bytes, Frame] = {}
        self.damaged: dict[FragmentId, str] = {}
        self._store = store
        self._keys = keys
        self._folder = SegmentFolder(folder)
        self._lock = RLock()
        self.segments: tuple[Segment, ...] = self._folder.opened()
        """What is known of earlier runs; empty for a new repository. For the index to change."""
        self._unnamed: list[PackEntry] = []
        self._named = _Batch([], set(), set())
        self._allowed: AbstractSet[PackId] | None = None
        self._since: set[PackId] = set()
        """Packs stored since the last `restrict`, which count too."""
        self._denied: frozenset[bytes] = frozenset()
        self._is_blind = is_blind
        self._unsure: frozenset[bytes] = frozenset()
        """Packs that are not to be built upon: those that do not count, and those of write-only clients."""
        self._gone: set[PackId] = set()
        self._shelves = Shelves(store, keys)
        self._held: frozenset[bytes] = frozenset()
        """Packs that an archive holds: they may be offline."""
        self._ways: tuple[frozenset[bytes], ...] = (frozenset(),)
        """Packs that are passed over by one look-up after the other, until one finds the blob."""
        self.refresh()

    # What is where

    def __contains__(self, blob: bytes) -> bool:
        """Tell whether a blob (full or short id) is stored, or was added in this run, in a pack that counts."""
        short = blob[:SHORT_ID_SIZE]
        return short in self.pending or (bool(self.segments) and self._find(short) is not None)

    def holder(self, short: bytes, but: Collection[bytes] = ()) -> bytes | None:
        """Return the first 12 bytes of the id of a pack of earlier runs that holds the blob; None when none does.

        `but` are such bytes of packs that are not meant.
        """
        found = self._find(short, but)
        return None if found is None else pack_prefix(found[1])

    def locate(self, blob: bytes, but: Collection[PackId] = ()) -> Location | None:
        """Return where a blob (full or short id) lies; None when it is nowhere, or in no stored pack yet.

        `but` are packs of earlier runs that are not meant. What lies only in packs that do not count is found all the
        same: that a prune is about to delete one is a reason not to build on it, and none to call its content lost.
        """
        short = blob[:SHORT_ID_SIZE]
        frame = self.pending.get(short)
        if frame is not None and frame.entry is not None:
            return _place(frame, frame.entry, short)
        passed = [pack[:PACK_PREFIX_SIZE] for pack in but] if but else []
        found = self._find(short, passed)
        if found is None and self._allowed is not None:
            found = self._first(short, frozenset(pack[:PACK_PREFIX_SIZE] for pack in self._gone).union(passed))
        return None if found is None else found[0].location(found[1])

    def holds(self, short: bytes) -> bool:
        """Tell whether a blob need not be stored again: whether a pack that counts has it, or it was added in this run.

        Packs of write-only clients do not count here, but for these themselves: such a pack may claim to hold what
        others are yet to store, and they would not store it.
        """
        return short in self.pending or (bool(self.segments) and self._first(short, self._unsure) is not None)

    def blind_packs(self) -> frozenset[bytes]:
        """Return the first 12 bytes of the ids of packs that came from write-only clients."""
        return frozenset().union(*(segment.blind_packs() for segment in self.segments))

    def _find(self, short: bytes, but: Collection[bytes] = ()) -> tuple[Segment, bytes] | None:
        """Return the first segment that has the blob in a pack that counts, and the blob's record there.

        What may be offline comes after what is not, and packs of write-only clients come last: one that claims to hold
        a blob hides no other that does.
        """
        for denied in self._ways:
            found = self._first(short, denied.union(but) if but else denied)
            if found is not None:
                return found
        return None

    def _first(self, short: bytes, denied: Collection[bytes]) -> tuple[Segment, bytes] | None:
        place = place_of(short)
        while True:
            try:
                for segment in self.segments:
                    record = segment.find(short, place, denied)
                    if record is not None:
                        return segment, record
                return None
            except SegmentDamaged as damage:
                self._rebuild(damage.path)

    def packs(self) -> set[PackId]:
        """Return all packs that the index names, whether they count or not."""
        with self._lock:
            known = {entry.pack for entry in (*self._named.packs, *self._unnamed)}
            for segment in self.segments:
                known.update(segment.packs())
        return known

    def fragments(self) -> set[FragmentId]:
        """Return the fragments whose content is known."""
        with self._lock:
            return self._covered()

    def written_whole(self, folder: Path) -> Segment:
        """Write all that is known as one segment into another folder, where it stays as it is. OSError when it cannot.

        A pack that two fragments name may be in it twice, with equal records.
        """
        with self._lock:
            while True:
                runs: list[Run] = [*self.segments, Records(self._named.packs)]
                rows = [row for segment in self.segments for row in segment.pack_rows()]
                try:
                    return write_segment(folder, runs, (), (), [*rows, *map(pack_row, self._named.packs)])
                except SegmentDamaged as damage:
                    self._rebuild(damage.path)

    def superseded(self) -> set[FragmentId]:
        """Return the fragments that those whose content is known replace: they are of no use any more."""
        with self._lock:
            return set[FragmentId]().union(*(segment.replaced for segment in self.segments))

    @property
    def blobs(self) -> int:
        """The number of blobs known; one in two packs counts twice."""
        return sum(map(len, self.segments)) + len(self.pending)

    # What counts

    def restrict(self, packs: AbstractSet[PackId]) -> None:
        """Let only these packs count as present, and those that are stored from now on.

        Blobs of this run that lie in other packs are forgotten, so that adding them again stores them again.
        """
        with self._lock:
            self._allowed = packs
            self._since.clear()
            self._deny()
            lost = [short for short, frame in self.pending.items() if frame.entry and frame.entry.pack not in packs]
            for short in lost:
                del self.pending[short]

    def set_aside(self, pack: PackId) -> None:
        """Let a pack that is gone from the store count no more: blobs that lie in others too are found there."""
        with self._lock:
            self._gone.add(pack)
            self._deny()

    def look_for_archived(self, online: AbstractSet[PackId] = frozenset()) -> Stock:
        """Return what archives hold now; from here on blobs are looked for in such packs last: they may be offline.

        `online` are packs that are not. StoreError when the store fails.
        """
        stock = self._shelves.look()
        with self._lock:
            self._held = frozenset(pack[:PACK_PREFIX_SIZE] for pack in stock.held.keys() - online)
            self._deny()
        return stock

    def archive_records(self) -> dict[str, Holdings]:
        """Return the records of what archives hold, by the names of their objects. StoreError."""
        return self._shelves.records()

    def _deny(self) -> None:
        """Collect the packs that do not count: none or few, however many there are."""
        allowed, denied = self._allowed, set(self._gone)
        if allowed is not None:
            denied.update(pack for segment in self.segments for pack in segment.packs() if pack not in allowed)
        self._denied = frozenset(pack[:PACK_PREFIX_SIZE] for pack in denied if pack not in self._since)
        self._unsure = self._denied if self._is_blind else self._denied | self.blind_packs()
        self._ways = tuple(dict.fromkeys((self._unsure | self._held, self._unsure, self._denied)))

    # What this run adds

    def stored(self, entry: PackEntry, frames: Iterable[Frame]) -> None:
        """Learn of a pack of this run that the store now has. Its blobs are pending already."""
        with self._lock:
            self._since.add(entry.pack)
            self._unnamed.append(entry)
            for frame in frames:
                frame.entry = entry

    def unnamed_blobs(self) -> int:
        """Return how many stored blobs no stored fragment names yet."""
        return sum(entry.directory.blobs for entry in self._unnamed)

    def name(self) -> FragmentId | None:
        """Store a fragment that names all packs of this run which none names yet; None when there are none."""
        with self._lock:
            packs, self._unnamed = self._unnamed, []
        if not packs:
            return None
        try:
            fragment = put_fragment(self._store, self._keys(), Fragment(tuple(packs)))
        except BaseException:
            with self._lock:
                self._unnamed = packs + self._unnamed
            raise
        with self._lock:
            self._named.packs.extend(packs)
            self._named.fragments.add(fragment)
            # Who cannot read fragments learns from none what he stored.
            if self._named.blobs >= BATCH or self._is_blind:
                self._freeze()
        return fragment

    def add_packs(self, packs: Iterable[PackEntry], replaces: Collection[FragmentId] = ()) -> FragmentId:
        """Store a fragment that names packs which earlier runs left, and learn it."""
        content = Fragment(tuple(packs), tuple(replaces))
        fragment = put_fragment(self._store, self._keys(), content)
        with self._lock:
            self._since.update(entry.pack for entry in content.packs)
            self._load(set(self._covered()) | {fragment}, {fragment: content})
        return fragment

    def _freeze(self) -> None:
        """Turn the named packs of this run into a segment, and keep their blobs in memory no longer."""
        batch, self._named = self._named, _Batch([], set(), set())
        self._add_segment(batch)
        self.segments = self._folder.merged(self.segments)
        self._forget(batch.packs)

    def _forget(self, packs: Iterable[PackEntry]) -> None:
        """Drop the pending blobs of these packs."""
        pending = self.pending
        for entry in packs:
            ids = entry.directory.ids
            for at in range(0, len(ids), SHORT_ID_SIZE):
                short = ids[at : at + SHORT_ID_SIZE]
                frame = pending.get(short)
                # Not when the pack was lost and the blob added again: then another frame holds it.
                if frame is not None and frame.entry is entry:
                    del pending[short]

    # Fragments and segments

    def refresh(self) -> None:
        """List fragments again: load new ones, forget what is gone or replaced. StoreError when the store fails."""
        if self._is_blind:
            # What the fragments are merged into says nothing to this client; which packs are there, it lists itself.
            self._deny()
            return
        with self._lock:
            attempts = 0
            while True:
                try:
                    self._load(list_fragments(self._store), {})
                    return
                except Missing as error:
                    # Gone since it was listed: others merge fragments all the time. Still listed: this store is odd.
                    attempts += error.name in self._store.list(error.name)
                    if attempts == _LISTINGS:
                        raise

    def disown(self, fragments: Collection[FragmentId]) -> None:
        """Let fragments count no more that turned out to be damaged: what is remembered of them is nowhere else.

        StoreError when the store fails.
        """
        with self._lock:
            self.damaged.update((fragment, "it is not what was written") for fragment in fragments)
            self.refresh()

    def _covered(self) -> set[FragmentId]:
        return self._named.fragments.union(*(segment.fragments for segment in self.segments))

    def _load(self, listed: AbstractSet[FragmentId], fetched: dict[FragmentId, Fragment]) -> None:
        """Make the segments cover exactly the listed fragments that no other listed one replaces."""
        sound = (segment for segment in self.segments if segment.fragments <= listed)
        replaced = set[FragmentId]().union(*(segment.replaced for segment in sound))
        while True:
            self._drop(listed - replaced - self.damaged.keys())
            wanted = listed - replaced - self._covered() - self.damaged.keys()
            if not wanted:
                break
            for batch in self._batches(wanted, fetched):
                replaced |= batch.replaced
                self._add_segment(batch)
        self.segments = self._folder.merged(self.segments)
        self._deny()

    def _drop(self, counting: AbstractSet[FragmentId]) -> None:
        """Let go of every segment that covers a fragment which does not count, and of what memory has of such ones."""
        if not self._named.fragments <= counting:
            batch, self._named = self._named, _Batch([], set(), set())
            self._forget(batch.packs)
        void = [segment for segment in self.segments if not segment.fragments <= counting]
        self.segments = tuple(segment for segment in self.segments if segment.fragments <= counting)
        for segment in void:
            discard(segment.path)

    def _batches(self, wanted: Iterable[FragmentId], fetched: dict[FragmentId, Fragment]) -> Iterator[_Batch]:
        """Yield the content of fragments in batches that memory can hold."""
        wanted = tuple(wanted)
        bring(self._store, [name_of(ObjectKind.INDEX, fragment) for fragment in wanted if fragment not in fetched])
        batch = _Batch([], set(), set())
        for fragment in wanted:
            try:
                content = fetched.get(fragment) or get_fragment(self._store, self._keys(), fragment)
            except DamageError as error:
                self.damaged[fragment] = error.what
                continue
            batch.packs.extend(content.packs)
            batch.fragments.add(fragment)
            batch.replaced.update(content.replaces)
            if batch.blobs >= BATCH:
                yield batch
                batch = _Batch([], set(), set())
        if batch.fragments:
            yield batch

    def _add_segment(self, batch: _Batch) -> None:
        self.segments += (self._folder.written(*batch),)

    def _rebuild(self, path: Path) -> None:
        """Throw a damaged segment away and fetch its fragments again, unless another thread just did."""
        with self._lock:
            if any(segment.path == path for segment in self.segments):
                self.segments = tuple(segment for segment in self.segments if segment.path != path)
                discard(path)
                self.refresh()


def _place(frame: Frame, entry: PackEntry, short: bytes) -> Location:
    """Return where a blob of this run lies. A frame has few blobs: no table of positions is worth its memory."""
    ids = frame.ids
    at = ids.find(short)
    while at % SHORT_ID_SIZE:
        at = ids.find(short, at + 1)
    row = at // SHORT_ID_SIZE
    return Location(
        entry.pack,
        frame.kind,
        frame.offset,
        frame.sealed_size,
        frame.size,
        frame.codec,
        frame.number,
        sum(frame.lengths[:row]),
        frame.lengths[row],
        BlobKind(frame.kinds[row]),
        entry.header,
        entry.size,
    )
