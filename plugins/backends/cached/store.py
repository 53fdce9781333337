"""A store behind a cache on this machine.

Objects never change, and all that is kept here has a name that says its bytes. So a copy is as good as the original
for ever, and there is nothing to keep up to date: what is there and what is not, sizes, sessions, marks and the config
are always asked of the store, and deletions are carried out there. What is kept of an object goes when the store lists
it no more.

    whole     metadata packs, index fragments, snapshots, labels, tombstones: always, when they are read or put
    blocks    of data packs, where the store has ranges: within a byte budget, fetched ahead of who reads on
    packs     of data, whole, where it has none: within that budget

Which folder is the repository's is known once its config was read; before that all calls pass through. What cannot be
kept, for lack of room or rights, is in memory for a moment and then fetched again: slower, nothing else. Digests find
what the disk made of a file; what the store itself gave wrongly, and nobody can tell before it is opened, the reader
says (`let_go`).
"""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from blake3 import blake3

from yester.engine.errors import Broken, StoreError, YesterError
from yester.engine.sealed.config import CONFIG_NAME, decode_config
from yester.engine.sealed.sealing import is_digest_name
from yester.engine.store import Buffer, Capabilities, Readiness, Store, let_go, paths_of
from yester.plugins.backends.cached.blocks import blocks_of, first_byte, size_of, stretches
from yester.plugins.backends.cached.budget import Budget
from yester.plugins.backends.cached.crew import Crew
from yester.plugins.backends.cached.files import KINDS, CacheFiles, kind_of
from yester.plugins.backends.cached.flights import Flight, Flights
from yester.plugins.backends.cached.streams import Streams

log = logging.getLogger("yester.cache")

DATA = "data"
SPAN_BLOCKS = 16
"""One request fetches at most 4 MiB."""
AHEAD_THREADS = 4
"""As many requests as SFTP has connections; each brings up to SPAN_BLOCKS."""
AHEAD_BLOCKS = 8
"""What each of them asks for: 2 MiB take a moment on any line, and who waits for the first of them gets it soon."""
BRING_THREADS = 8
MEMORY_SIZE = 32 << 20
"""What is held of things that could not be kept."""

_Key = tuple[str, int]
_WHOLE = -1
"""In the place of a block's number: the object."""


class CachedStore:
    """A store, seen through the cache. Threads share it."""

    def __init__(self, store: Store, folder_of: Callable[[bytes], Path], budget_size: int) -> None:
        """`folder_of` says where the cache of the repository with an id is; `budget_size` is for data, bytes."""
        self._store, self._folder_of, self._budget_size = store, folder_of, budget_size
        self._files: CacheFiles | None = None
        self._budget: Budget | None = None
        self._sound: set[str] = set()
        """Objects whose files were compared with their names."""
        self._flights: Flights[_Key] = Flights()
        self._streams = Streams()
        self._lock = threading.Lock()
        self._crew = Crew(AHEAD_THREADS, "fetch-ahead")
        self._memory: OrderedDict[_Key, bytes] = OrderedDict()
        self._memory_size = 0
        self._has_said = False

    @property
    def capabilities(self) -> Capabilities:
        """What the store can do, and ranges; it is never local, or nobody would ask a cache."""
        return replace(self._store.capabilities, ranges=True, local=False)

    @property
    def place(self) -> str:
        """Where the store is."""
        return self._store.place

    @property
    def folder(self) -> Path | None:
        """The store's folder."""
        return self._store.folder

    def paths_of(self, name: str) -> Sequence[Path]:
        """Return where the store has an object as a file."""
        return paths_of(self._store, name)

    @property
    def itself(self) -> Store:
        """The store without the cache."""
        return self._store

    def behind(self, wrap: Callable[[Store], Store]) -> None:
        """Put something between the cache and the store; before anything else is done."""
        self._store = wrap(self._store)

    # Objects

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store the object, and keep it if it is one of those that are kept always."""
        self._store.put(name, buffers, if_absent=if_absent, group=group)
        if name == CONFIG_NAME:
            self._learn(b"".join(buffers))
        elif self._files is not None and _is_whole(name) and _fits(name, *buffers):
            self._files.write(name, buffers)

    def get(self, name: str) -> bytes:
        """Return the whole object."""
        if self._files is None or not (_is_whole(name) or self._is_whole_pack(name)):
            data = self._store.get(name)
            if name == CONFIG_NAME:
                self._learn(data)
            return data
        kept = self._kept(name)
        return self._fetched(name) if kept is None else kept

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of an object: exactly that is asked for, since where a pack ends is not known."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        if (self._files is not None and _is_whole(name)) or not self._store.capabilities.ranges:
            return self._part(name, offset, size)
        return self._store.get_range(name, offset, size)

    def get_part(self, name: str, offset: int, size: int, whole_size: int) -> bytes:
        """Return a part of an object of this size, out of blocks."""
        if self._files is None or kind_of(name) != DATA or self._is_whole_pack(name):
            return self.get_range(name, offset, size)
        if not 0 <= offset < offset + size <= whole_size or not is_digest_name(name):
            return self._store.get_range(name, offset, size)
        wanted = blocks_of(offset, size)
        self._fetch_ahead(name, wanted, whole_size)
        found = self._blocks(name, wanted, whole_size)
        start = offset - first_byte(wanted.start)
        return (found[0] if len(found) == 1 else b"".join(found))[start : start + size]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that the store has; of a kind that is listed whole, what it has no more is not kept."""
        kind, dot, rest = prefix.partition(".")
        gone = self._files.names(kind) if self._files is not None and dot and not rest else set()
        for name in self._store.list(prefix):
            gone.discard(name)
            yield name
        for name in gone:
            self._drop(name)

    def query(self, name: str) -> int:
        """Return the object's size, as the store says."""
        return self._store.query(name)

    def delete(self, name: str) -> None:
        """Remove the object there and here."""
        self._drop(name)
        self._store.delete(name)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """What is kept whole is ready; all else the store is asked for."""
        files = self._files
        kept = {name for name in names if files is not None and files.has(name)}
        ready = dict.fromkeys(kept, Readiness.READY)
        rest = [name for name in names if name not in kept]
        return {**ready, **(self._store.prepare(rest) if rest else {})}

    def tidy(self) -> None:
        """Let the store tidy up."""
        self._store.tidy()

    def close(self) -> None:
        """Close the store."""
        self._crew.close()
        if self._budget is not None:
            self._budget.note()
        self._store.close()

    # What only some stores do (engine/store.py, Keeping and Mending)

    def bring(self, names: Iterable[str]) -> None:
        """Fetch whole objects that are not kept, several at once."""
        files = self._files
        if files is None:
            return
        lacking = [name for name in names if _is_whole(name) and not files.has(name)]
        if len(lacking) < 2:
            return

        def fetch(name: str) -> None:
            # Whoever reads it then meets what is wrong.
            with suppress(StoreError):
                self._fetched(name)

        with ThreadPoolExecutor(min(BRING_THREADS, len(lacking)), "bring") as pool:
            deque(pool.map(fetch, lacking), 0)

    def let_go(self, name: str) -> bool:
        """Drop what is kept of an object that turned out to be damaged, and say so; let the store mend its own."""
        was_kept = self._drop(name)
        is_mended = let_go(self._store, name)
        if was_kept and not is_mended:
            self._say(name)
        return was_kept or is_mended

    # Whole objects

    def _learn(self, config: bytes) -> None:
        """Find the folder of the repository."""
        # Who opens it says what is wrong.
        with suppress(YesterError):
            self._files = CacheFiles(self._folder_of(decode_config(config).repository))
            self._budget = Budget(self._files, self._budget_size)

    def _is_whole_pack(self, name: str) -> bool:
        return kind_of(name) == DATA and is_digest_name(name) and not self._store.capabilities.ranges

    def _kept(self, name: str) -> bytes | None:
        """Return an object as it is kept, if it is what its name says."""
        files = self._files
        data = None if files is None else files.read(name)
        if files is None or data is None:
            return self._remembered((name, _WHOLE))
        if _fits(name, data):
            self._sound.add(name)
            self._note_read(name)
            return data
        self._say(name)
        files.drop(name)
        return None

    def _part(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of an object that is kept whole."""
        if name in self._sound and self._files is not None:
            part = self._files.read_part(name, offset, size)
            if part is not None:
                self._note_read(name)
                return part
        data = self.get(name)
        if offset + size > len(data):
            raise Broken(f"{name} in {self.place} ends before byte {offset + size}", name=name)
        return data[offset : offset + size]

    def _note_read(self, name: str) -> None:
        if self._files is not None and self._budget is not None and kind_of(name) == DATA:
            self._budget.read(self._files.path(name))

    def _fetched(self, name: str) -> bytes:
        """Fetch an object and keep it; while one thread does, others wait."""
        key = (name, _WHOLE)
        _, others = self._flights.claim([key])
        if others:
            return others[key].result()
        try:
            data = self._store.get(name)
            # What is not what its name says is left to whoever opens it.
            if _fits(name, data):
                self._keep(name, data)
        except BaseException as problem:
            self._flights.land(key, problem)
            raise
        self._flights.land(key, data)
        return data

    def _keep(self, name: str, data: bytes) -> None:
        files, budget = self._files, self._budget
        may = files is not None and budget is not None and (kind_of(name) in KINDS or budget.may_keep(len(data)))
        if files is not None and may and files.write(name, [data]):
            self._sound.add(name)
        else:
            self._remember((name, _WHOLE), data)

    # Blocks

    def _blocks(self, name: str, wanted: Iterable[int], whole_size: int) -> Sequence[bytes]:
        """Return these blocks of a pack: kept, on their way, or fetched now."""
        found: dict[int, bytes] = {}
        lacking = []
        for number in wanted:
            block = self._kept_block(name, number, whole_size)
            if block is None:
                lacking.append(number)
            else:
                found[number] = block
        if lacking:
            found.update(self._fetched_blocks(name, lacking, whole_size))
        return [found[number] for number in sorted(found)]

    def _kept_block(self, name: str, number: int, whole_size: int) -> bytes | None:
        files, budget = self._files, self._budget
        assert files is not None and budget is not None
        try:
            block = files.read_block(name, number, size_of(number, whole_size))
        except ValueError:
            self._say(name)
            return None
        if block is None:
            return self._remembered((name, number))
        budget.read(files.block(name, number))
        return block

    def _fetched_blocks(self, name: str, lacking: Iterable[int], whole_size: int) -> dict[int, bytes]:
        """Fetch blocks that nobody has under way, in long stretches, and wait for the others."""
        mine, others = self._flights.claim((name, number) for number in lacking)
        found = self._landed(name, mine, whole_size)
        found.update(self._fetch(name, mine, whole_size))
        found.update({number: flight.result() for (_, number), flight in others.items()})
        return found

    def _landed(self, name: str, mine: dict[_Key, Flight], whole_size: int) -> dict[int, bytes]:
        """Take back what was claimed and came between the look for it and the claim."""
        found = {}
        for key in list(mine):
            block = self._kept_block(name, key[1], whole_size)
            if block is not None:
                found[key[1]] = block
                del mine[key]
                self._flights.land(key, block)
        return found

    def _fetch(self, name: str, mine: Mapping[_Key, Flight], whole_size: int) -> dict[int, bytes]:
        """Fetch blocks that were claimed, and keep them."""
        found: dict[int, bytes] = {}
        try:
            for stretch in stretches((number for _, number in mine), SPAN_BLOCKS):
                offset = first_byte(stretch.start)
                size = sum(size_of(number, whole_size) for number in stretch)
                data = self._store.get_range(name, offset, size)
                for number in stretch:
                    start = first_byte(number) - offset
                    found[number] = block = data[start : start + size_of(number, whole_size)]
                    self._keep_block(name, number, block)
                    self._flights.land((name, number), block)
        except BaseException as problem:
            for key in mine:
                self._flights.land(key, problem)
            raise
        return found

    def _keep_block(self, name: str, number: int, block: bytes) -> None:
        assert self._files is not None and self._budget is not None
        if not (self._budget.may_keep(len(block)) and self._files.write_block(name, number, block)):
            self._remember((name, number), block)

    def _fetch_ahead(self, name: str, wanted: range, whole_size: int) -> None:
        """Let what a reader will want next be fetched in the background."""
        with self._lock:
            ahead = self._streams.follow(name, wanted, blocks_of(0, whole_size).stop)
        for stretch in stretches(ahead, AHEAD_BLOCKS):
            self._crew.do(lambda stretch=stretch: self._have(name, stretch, whole_size))  # type: ignore[misc]

    def _have(self, name: str, wanted: range, whole_size: int) -> None:
        """Fetch blocks if they are not here; whoever reads them meets what is wrong."""
        with suppress(StoreError):
            self._blocks(name, wanted, whole_size)

    # What could not be kept, and what was damaged

    def _remember(self, key: _Key, data: bytes) -> None:
        with self._lock:
            old = self._memory.pop(key, b"")
            self._memory[key] = data
            self._memory_size += len(data) - len(old)
            while self._memory_size > MEMORY_SIZE and len(self._memory) > 1:
                self._memory_size -= len(self._memory.popitem(last=False)[1])

    def _remembered(self, key: _Key) -> bytes | None:
        with self._lock:
            return self._memory.get(key)

    def _drop(self, name: str) -> bool:
        """Keep nothing of an object any more; whether anything was kept."""
        if not is_digest_name(name):
            return False
        self._sound.discard(name)
        with self._lock:
            keys = [key for key in self._memory if key[0] == name]
            for key in keys:
                self._memory_size -= len(self._memory.pop(key))
        return (self._files is not None and self._files.drop(name)) or bool(keys)

    def _say(self, name: str) -> None:
        if not self._has_said:
            self._has_said = True
            log.warning("%s was damaged in the cache on this machine, and is fetched again. Is the disk sound?", name)


def _is_whole(name: str) -> bool:
    return kind_of(name) in KINDS and is_digest_name(name)


def _fits(name: str, *buffers: Buffer) -> bool:
    """Whether an object is what its name says."""
    digest = blake3()
    for buffer in buffers:
        digest.update(buffer)
    return digest.hexdigest() == name.partition(".")[2]
