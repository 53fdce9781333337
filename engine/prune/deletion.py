"""What deletes packs beside writers and readers: the machinery that a prune and a purge share (pruning.py says why).

Each puts a session, judges, copies what is needed out of packs that go, puts its mark, waits for writers, looks again,
and deletes. They differ in what goes, and in what becomes of the index.
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, TypeVar

from yester.engine.errors import CancelledError, DamageError, Missing, StoreError, YesterError
from yester.engine.events import Message, Phase
from yester.engine.hooks import Hooks, tell
from yester.engine.host import host_name
from yester.engine.ids import PackId
from yester.engine.packs.fragments import get_fragment
from yester.engine.packs.index import FRAGMENT_BLOBS
from yester.engine.packs.packs import PackEntry
from yester.engine.places import unwritable
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.prune.judging import Judged, Outdated
from yester.engine.prune.plan import Going
from yester.engine.prune.repacking import Repacker
from yester.engine.prune.sparing import Sparing
from yester.engine.prune.waiting import Clock, Watched
from yester.engine.repository import Repository
from yester.engine.sealed.records import Mark
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.engine.sessions import WriterSession
from yester.engine.store import assert_all_seen

ASK_S = 20.0
"""Who deletes asks so often whether it is still taken for alive."""

_TRIES = 3
"""How often a look is repeated when blobs seem to be lost."""

_SCRATCH = "prune-"
_T = TypeVar("_T")


class Deletion:
    """One prune or purge. For one thread."""

    purpose: ClassVar[str]
    """Of its session, and what it is called in messages (prune/waiting.py)."""
    keeps_named = False
    """Whether the packs are held by an archive, and stay in the index."""

    def __init__(
        self,
        repository: Repository,
        hooks: Hooks,
        progress: Progress,
        cancelled: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._repository, self._hooks = repository, hooks
        self._progress, self._cancelled, self._clock = progress, cancelled, clock
        self._counters = Counters()
        self._next_update = 0.0
        self._asked = clock.now()
        self._damaged: list[str] = []
        self._spared: set[PackId] = set()
        self._stored_size = 0
        self._new: list[PackEntry] = []
        self._unnamed: list[PackEntry] = []
        self._waiting_for = ""
        self.deleted = 0
        self.freed_size = 0

    # Looking

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """Make a folder for a table of all blobs. YesterError when it cannot be written."""
        try:
            scratch = TemporaryDirectory(prefix=_SCRATCH, dir=self._repository.cache)
        except OSError as error:
            raise unwritable(self._repository.cache, error) from None
        with scratch as folder:
            yield Path(folder)

    def _session(self, started_ns: int) -> WriterSession:
        repository = self._repository
        return WriterSession(
            repository.store,
            repository.keys,
            writer=repository.writer,
            host=host_name(),
            purpose=self.purpose,
            started_ns=started_ns,
        )

    def _watched(self, session: WriterSession) -> Watched:
        """Begin to watch the sessions of others."""
        watched = Watched(self._repository.store, self._repository.keys, session.id, self._clock)
        watched.look()
        return watched

    def _judged(self, judge: Callable[[], Judged]) -> Judged:
        self._progress.phase(Phase.PLAN)
        # What is lost may have been moved by another prune since the index was read.
        for _ in range(_TRIES):
            judged = self._settled(judge)
            if not judged.lost:
                break
        else:
            assert_all_seen(self._repository.store)
        self._damaged += judged.warnings
        return judged

    def _settled(self, look: Callable[[], _T]) -> _T:
        """Look, until no snapshot was forgotten under it."""
        while True:
            try:
                return look()
            except Outdated:
                self._stop_if_asked()

    # Copying

    def _move(self, repack: Collection[Going], judged: Judged) -> list[Going]:
        """Copy what is needed out of these packs; return those of which all that is needed was copied."""
        if not repack:
            return []
        self._progress.phase(Phase.STORE)
        self._counters.restart()
        self._counters.total_size = sum(each.use.needed_size for each in repack)
        wanted = {each.use.pack: each for each in repack}
        moved: list[Going] = []
        repacker = Repacker(self._repository.store, self._repository.keys, self._stored)
        for fragment in sorted(self._repository.index.fragments()):
            with suppress(Missing):
                for entry in get_fragment(self._repository.store, self._repository.keys, fragment).packs:
                    each = wanted.pop(entry.pack, None)
                    if each is not None and self._copied(repacker, entry, judged):
                        moved.append(each)
                    self._tick(0, 0)
        repacker.flush()
        self._name()
        return moved

    def _copied(self, repacker: Repacker, entry: PackEntry, judged: Judged) -> bool:
        prefix, needs = entry.pack[:12], judged.needs

        def is_needed(short: bytes, frame: int, start: int) -> bool:
            place = (prefix, frame, start)
            return any(
                row in needs and (copy.pack, copy.frame, copy.start) == place for row, copy in needs.copies(short)
            )

        try:
            self._counters.size += repacker.copy(entry, is_needed)
        except DamageError as error:
            self._damaged.append(error.what)
            return False
        except Missing:
            # Another one was faster.
            return False
        return True

    def _stored(self, entry: PackEntry) -> None:
        self._stored_size += entry.size
        self._new.append(entry)
        self._unnamed.append(entry)
        if sum(each.directory.blobs for each in self._unnamed) >= FRAGMENT_BLOBS:
            self._name()

    def _name(self) -> None:
        """Let the index name the new packs, so that readers and writers find them."""
        if self._unnamed:
            self._repository.index.add_packs(self._unnamed)
            self._unnamed = []

    # Marking, and looking again

    @contextmanager
    def _marked(
        self, packs: Collection[PackId], moved: Collection[PackId], judged: Judged, watched: Watched
    ) -> Iterator[None]:
        """Mark packs, wait for writers, look what is to be spared; the mark goes at the end of the with block."""
        mark = self._put_mark(packs)
        try:
            self._wait(watched)
            sparing = Sparing(self._repository, judged, mark, packs, moved, [entry.pack for entry in self._new])
            self._progress.phase(Phase.PLAN)
            self._settled(lambda: sparing.look(self._tick))
            self._spared = sparing.spared
            self._progress.phase(Phase.DELETE)
            yield
        finally:
            # Whatever happened: from here on this one deletes nothing more.
            with suppress(StoreError):
                self._repository.store.delete(mark)

    def _put_mark(self, packs: Collection[PackId]) -> str:
        repository = self._repository
        mark = Mark(
            packs=tuple(sorted(packs)),
            fragments=tuple(sorted(repository.index.fragments())),
            writer=repository.writer,
            time_ns=time.time_ns(),
            purge=self.keeps_named,
        )
        return name_of(ObjectKind.MARK, repository.put_record(ObjectKind.MARK, mark))

    def _wait(self, watched: Watched) -> None:
        self._progress.phase(Phase.WAIT)
        watched.wait(watched.writers(), self._tell_waiting, self._stop_if_asked)

    def _tell_waiting(self, for_whom: str) -> None:
        if for_whom != self._waiting_for:
            self._waiting_for = for_whom
            tell(self._hooks, Message(text=f"Waiting for {for_whom} to end, or to be silent for ten minutes"))

    # Deleting

    def _delete_each(self, going: Collection[Going], session: WriterSession) -> None:
        for each in going:
            self._stop_if_asked()
            self._assert_alive(session, ASK_S)
            with suppress(Missing):
                self._repository.store.delete(each.use.name)
            self.deleted += 1
            self.freed_size += each.use.size
            self._tick(0, 1)

    def _assert_alive(self, session: WriterSession, after_s: float) -> None:
        """Raise when another one has held this one dead: it may count on what this one would delete."""
        now = self._clock.now()
        if now - self._asked < after_s:
            return
        if not session.stands():
            raise YesterError(
                f"This {self.purpose} was held dead by another one, and ends",
                hint="Was this machine asleep? Nothing is lost; run it again.",
            )
        self._asked = now

    # Going on

    def _tick(self, directories: int, files: int) -> None:
        self._counters.directories += directories
        self._counters.files += files
        self._stop_if_asked()
        now = time.monotonic()
        if now >= self._next_update:
            self._next_update = now + UPDATE_INTERVAL_S
            self._progress.update(self._counters)

    def _stop_if_asked(self) -> None:
        if self._cancelled():
            raise CancelledError(
                f"The {self.purpose} was cancelled", hint="Nothing is lost; the next one goes on from here."
            )
