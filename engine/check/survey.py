"""The packs of a repository, held against its index: which are there, which are whole, and which blobs are lost.

Others may write meanwhile: packs come before the fragments that name them, so that what is missing from a listing is
asked for again before it is a problem. Others may prune meanwhile: where a named pack is not there, the index is loaded
again, which says then where its blobs went. That a pack is named and gone is no damage; that a blob is nowhere is.
"""

import random
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

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
        """Packs that the index names and that are not there."""
        self.damaged: list[PackVerdict] = []
        self.orphans: list[str] = []
        """Packs that no fragment names."""
        self._gone: dict[bytes, str] = {}
        """Packs that are not there, by the first bytes of their ids."""
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
            self._unnamed = self._problems.note("index", "it names no pack for blobs that snapshots need")
        return self._unnamed

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
