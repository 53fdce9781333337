"""The packs of a repository, held against its index: which are there, which are whole, and which blobs are lost.

Others may write meanwhile: packs come before the fragments that name them, so that what is missing from a listing is
asked for again before it is a problem. Others may prune meanwhile: where a named pack is not there, the index is loaded
again, which says then where its blobs went. That a pack is named and gone is no damage; that a blob is nowhere is.
A pack that an archive holds is not gone but offline: that is asked after it was not there, as what a purge deletes is
held.
"""

import random
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from yester.engine.archive.holdings import NOTHING
from yester.engine.check.packs import PackVerdict, read_pack
from yester.engine.check.report import Problems
from yester.engine.errors import DamageError, Missing
from yester.engine.ids import SHORT_ID_SIZE, PackId
from yester.engine.packs.fragments import get_fragment
from yester.engine.packs.index import Index
from yester.engine.packs.packs import PackEntry, list_packs
from yester.engine.packs.segments import PACK_PREFIX_SIZE
from yester.engine.progress import Counters
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.sealing import ObjectKind, digest_of, kind_of
from yester.engine.store import Store

_THREADS = 2
_PACKS_AHEAD = 4
_LOOKS = 5
"""How often the index is loaded again while packs that it names are not there."""


class PackSurvey:
    """Looks at packs once, then answers what is lost. For one thread."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        index: Index,
        problems: Problems,
        counters: Counters,
        step: Callable[[], None],
    ) -> None:
        """`step` is called often, and may raise to stop."""
        self._store, self._keys, self._index = store, keys, index
        self._problems, self._counters, self._step = problems, counters, step
        self.notes: list[str] = []
        self.packs = self.packs_read = self.read_size = 0
        self.gone: set[PackId] = set()
        """Packs that the index names and that are neither there nor in an archive."""
        self.offline: set[PackId] = set()
        """Packs that the index names and that only archives have."""
        self.hidden: set[PackId] = set()
        """Packs that only archives have and no fragment names: what is in them shows once they are recalled."""
        self.damaged: list[PackVerdict] = []
        self.orphans: list[str] = []
        """Packs that no fragment names."""
        self._gone: dict[bytes, str] = {}
        """Packs that are not there and not held, by the first bytes of their ids."""
        self.stock = NOTHING
        """What archives hold."""
        self._bad: dict[bytes, int] = {}
        """Problems of blobs that cannot be read, by the first bytes of their pack's id and their short id."""
        self._unnamed: int | None = None

    def look(self, percent: int) -> None:
        """Look at every pack that the index names or the store lists; read all metadata, and a share of the data."""
        named: set[PackId] = set()
        listed = set(list_packs(self._store))
        self.packs = len(listed)
        to_read = _picked(listed, percent)
        self._counters.total_files = len(to_read)
        with ThreadPoolExecutor(_THREADS, "check") as pool:
            reading: deque[Future[PackVerdict]] = deque()
            try:
                for entry in self._entries_and_again(named):
                    self._step()
                    if self._must_read(entry, listed, to_read):
                        reading.append(pool.submit(read_pack, self._store, self._keys, entry))
                    if len(reading) >= _PACKS_AHEAD:
                        self._take(reading.popleft())
                while reading:
                    self._take(reading.popleft())
            finally:
                for each in reading:
                    each.cancel()
        self.orphans = sorted(name for name in listed if digest_of(name) not in named)
        self._look_for_archived(named)
        self.notes += self._archive_notes()

    def lost(self, blob: bytes) -> int | None:
        """Return the problem that keeps a blob from being read, None when it is there."""
        short, passed = blob[:SHORT_ID_SIZE], dict[bytes, int | None]()
        while (prefix := self._index.holder(short, passed)) is not None:
            problem = self._bad.get(prefix + short)
            if problem is None and prefix not in self._gone:
                return None
            passed[prefix] = problem
        for prefix, problem in passed.items():
            return self._problems.note(self._gone[prefix], "it is not there") if problem is None else problem
        if self._unnamed is None:
            what = "it names no pack for blobs that snapshots need"
            if self.hidden:
                what += f"; they may be in packs that are offline and that it does not name either: {len(self.hidden)}"
            self._unnamed = self._problems.note("index", what)
        return self._unnamed

    def _look_for_archived(self, named: Collection[PackId]) -> None:
        """Ask what archives hold, now that it is known what is not there."""
        self.stock = self._index.look_for_archived()
        for pack in self.gone & self.stock.held.keys():
            self.offline.add(pack)
            self.gone.discard(pack)
            del self._gone[pack[:PACK_PREFIX_SIZE]]
        online = {PackId(digest_of(name)) for name in list_packs(self._store)}
        self.hidden = self.stock.held.keys() - named - online

    def _archive_notes(self) -> list[str]:
        """Say what is offline."""
        notes = []
        if self.offline:
            held = (holding for pack in self.offline for holding in self.stock.held[pack])
            places = ", ".join(sorted({holding.archive_name or holding.archive for holding in held}))
            notes.append(f"Packs that are offline: {len(self.offline)}, in the archive {places}")
        unproven = sum(not self.stock.is_verified(pack) for pack in self.offline)
        if unproven:
            notes.append(
                f"Packs that are offline though nobody compared the copy in the archive: {unproven}; they were not "
                "purged, so recall them"
            )
        if self.hidden:
            notes.append(
                f"Packs in an archive that no index fragment names: {len(self.hidden)}; recall them, then the next run "
                "takes them up"
            )
        return notes

    @property
    def may_come_back(self) -> bool:
        """Whether what seems to be lost may be in an archive: a record of that is damaged, or a pack is hidden."""
        return bool(self.hidden or self.stock.damaged)

    def forgive_held(self) -> set[PackId]:
        """Take for offline the damaged packs that an archive holds, as they are once they were deleted; return them."""
        held = {verdict.entry.pack for verdict in self.damaged} & self.stock.held.keys()
        prefixes = {pack[:PACK_PREFIX_SIZE] for pack in held}
        self._bad = {key: number for key, number in self._bad.items() if key[:PACK_PREFIX_SIZE] not in prefixes}
        return held

    def ask_again(self) -> None:
        """Ask for packs that were not there, and note no longer those that have come back."""
        for prefix, name in list(self._gone.items()):
            with suppress(Missing):
                self._store.query(name)
                self.gone.discard(PackId(digest_of(name)))
                del self._gone[prefix]

    def unnamed_by(self, problem: int) -> None:
        """Let blobs that no fragment names be lost for this reason: the fragment that named them is damaged."""
        self._unnamed = problem

    def _entries_and_again(self, seen: set[PackId]) -> Iterator[PackEntry]:
        """Yield each pack that the index names, and, when one was not there, what a newer index names."""
        for _ in range(_LOOKS):
            gone = len(self.gone)
            yield from self._entries(seen)
            if len(self.gone) == gone:
                return
            self._index.refresh()

    def _entries(self, seen: set[PackId]) -> Iterator[PackEntry]:
        """Yield each pack that the index names, once."""
        for fragment in sorted(self._index.fragments()):
            try:
                packs = get_fragment(self._store, self._keys, fragment).packs
            except (Missing, DamageError):
                # Replaced since, or read soundly a moment ago: the index has what it said.
                continue
            for entry in packs:
                if entry.pack not in seen:
                    seen.add(entry.pack)
                    yield entry

    def _must_read(self, entry: PackEntry, listed: Collection[str], to_read: Collection[str]) -> bool:
        """Note a pack that is not there; return whether to read the one that is."""
        try:
            size = self._store.query(entry.name)
        except Missing:
            self.gone.add(entry.pack)
            self._gone[entry.pack[:PACK_PREFIX_SIZE]] = entry.name
            return False
        return size != entry.size or entry.name in to_read or entry.name not in listed

    def _take(self, coming: "Future[PackVerdict]") -> None:
        """Note what came of reading a pack."""
        try:
            verdict = coming.result()
        except Missing as error:
            self.notes.append(f"{error.name} was deleted while the check went on")
            return
        self.packs_read += 1
        self.read_size += verdict.read_size
        self._counters.size += verdict.read_size
        if verdict.what:
            self.damaged.append(verdict)
            prefix = verdict.entry.pack[:PACK_PREFIX_SIZE]
            number = self._problems.note(verdict.entry.name, verdict.what)
            self._bad.update((prefix + short, number) for short in verdict.bad)


def _picked(listed: Collection[str], percent: int) -> set[str]:
    """Return the packs to read whole: all metadata, and a share of the data."""
    data = sorted(name for name in listed if kind_of(name) is ObjectKind.DATA)
    share = random.sample(data, -(-len(data) * percent // 100))
    return {name for name in listed if kind_of(name) is ObjectKind.META}.union(share)
