"""Check: whether a repository still holds what was put into it, and which files it costs where it does not.

Three rounds. *Objects*: every small object is read and compared with its name (config, key slots, records, index
fragments). *Packs*: each that the index names must be there with the right size; metadata packs are read whole, data
packs as many as asked for, and any whose size is wrong. *Trees*: every directory of every snapshot is walked, and
every blob that it names must be in a pack that is there and sound (engine/check/trees.py).

The index is built anew from the fragments in the store, in a folder that is thrown away: a client's cache knows more
than a damaged repository tells. Others may write meanwhile: packs come before fragments and fragments before
snapshots, so they are listed in the opposite order, and what is missing is asked for again before it is a problem.
"""

import random
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import monotonic, time_ns

from blake3 import blake3

from yester.engine.check.packs import PackVerdict, read_pack
from yester.engine.check.report import CheckReport, Hit, Problems
from yester.engine.check.trees import TreeCheck
from yester.engine.entries import Entry
from yester.engine.errors import Broken, CancelledError, DamageError, Missing, RepositoryError, UsageError
from yester.engine.events import CheckBegin, CheckEnd, Message, Phase, path_fields
from yester.engine.hooks import Hooks, tell
from yester.engine.ids import SHORT_ID_SIZE, BlobId, BlobKind, ListId, PackId, SnapshotId
from yester.engine.packs.fragments import get_fragment
from yester.engine.packs.index import Index
from yester.engine.packs.packs import PackEntry, list_packs
from yester.engine.packs.reading import BlobReader
from yester.engine.packs.segments import PACK_PREFIX_SIZE
from yester.engine.places import unwritable
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.repository import Repository
from yester.engine.sealed.config import CONFIG_NAME, check_config, decode_config
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.keyslots import slot_kind
from yester.engine.sealed.records import Label, Mark, Session, Snapshot, Tombstone, decode_record
from yester.engine.sealed.sealing import PREFIXES, ObjectKind, digest_of, kind_of, name_of, open_record
from yester.engine.sessions import live_sessions
from yester.engine.store import Store
from yester.engine.trees.directories import decode_root
from yester.engine.trees.links import LinkTable

_THREADS = 2
_SCRATCH = "check-"
_STALE_NS = 24 * 3600 * 10**9
_PACKS_AHEAD = 4
_RECORDS: Mapping[str, type[Label] | type[Session] | type[Mark]] = {
    "label": Label,
    "session": Session,
    "mark": Mark,
}
"""Records besides snapshots and tombstones, by the prefix of their names."""


def check(
    repository: Repository,
    *,
    read_data_percent: int = 0,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> CheckReport:
    """Check a repository and return all problems with the files that they hit; damage is never raised.

    `read_data_percent` of the data packs, picked at random, are read whole. RepositoryError: wrong passphrase;
    StoreError: the store fails otherwise than by losing data; CancelledError when `cancelled` says so.
    """
    if not 0 <= read_data_percent <= 100:
        raise UsageError(f"{read_data_percent} % of the data cannot be read", hint="Give a number from 0 to 100.")
    place, started_ns = repository.store.place, time_ns()
    tell(hooks, CheckBegin(repository=place, read_data_percent=read_data_percent))
    problems = Problems(lambda subject, what, hit: _tell(hooks, subject, what, hit))
    try:
        with _scratch(repository.cache) as folder:
            return _Check(repository, problems, progress, cancelled).run(Path(folder), read_data_percent)
    finally:
        tell(hooks, CheckEnd(repository=place, problems=len(problems), duration_ns=time_ns() - started_ns))


def _scratch(cache: Path) -> "TemporaryDirectory[str]":
    _sweep(cache)
    try:
        return TemporaryDirectory(prefix=_SCRATCH, dir=cache)
    except OSError as error:
        raise unwritable(cache, error) from None


def _sweep(cache: Path) -> None:
    """Remove what killed checks left a day ago or more."""
    for left in cache.glob(f"{_SCRATCH}*"):
        with suppress(OSError):
            if time_ns() - left.stat().st_mtime_ns > _STALE_NS:
                rmtree(left)


def _tell(hooks: Hooks, subject: str, what: str, hit: Hit | None) -> None:
    path, path_b64 = path_fields(hit.place) if hit else ("", None)
    tell(hooks, Message(path=path, path_b64=path_b64, level="error", text=f"{subject}: {what}"))


@dataclass(frozen=True, slots=True)
class _View:
    """The repository with an index of the check's own."""

    store: Store
    keys: Keys
    index: Index


class _Check:
    def __init__(
        self, repository: Repository, problems: Problems, progress: Progress, cancelled: Callable[[], bool]
    ) -> None:
        self._repository = repository
        self._store = repository.store
        self._keys = repository.keys
        self._problems = problems
        self._progress = progress
        self._cancelled = cancelled
        self._counters = Counters()
        self._next_update = 0.0
        self._notes: list[str] = []
        self._gone: dict[bytes, int] = {}
        """Problems of packs that are not there, by the first bytes of their ids."""
        self._bad: dict[bytes, int] = {}
        """Problems of blobs that cannot be read, by the first bytes of their pack's id and their short id."""
        self._unnamed: int | None = None
        self._packs = self._packs_read = self._read_size = 0

    def run(self, folder: Path, percent: int) -> CheckReport:
        """Check everything; `folder` is for the index and thrown away."""
        self._progress.phase(Phase.STRUCTURE)
        snapshots = self._snapshots()
        self._small_objects()
        self._index = Index(self._store, lambda: self._keys, folder)
        for fragment, what in self._index.damaged.items():
            self._unnamed = self._problems.note(name_of(ObjectKind.INDEX, fragment), what)
        self._progress.phase(Phase.CONTENT)
        self._check_packs(percent)
        self._progress.phase(Phase.STRUCTURE)
        reader = BlobReader(_View(self._store, self._keys, self._index))
        trees = TreeCheck(reader, self._lost, self._problems, self._tick)
        for sid, snapshot in snapshots:
            self._check_snapshot(sid, snapshot, reader, trees)
        return CheckReport(
            self._problems.report(),
            tuple(self._notes),
            len(snapshots),
            self._counters.directories,
            self._counters.files,
            self._packs,
            self._packs_read,
            self._read_size,
        )

    # Objects

    def _snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        """Return the snapshots that can be read and were not forgotten, oldest first."""
        forgotten: set[bytes] = set()

        def bury(name: str, data: bytes) -> None:
            plain = open_record(ObjectKind.TOMBSTONE, self._keys, name, data)
            forgotten.add(decode_record(Tombstone, plain, name).snapshot)

        for name in self._store.list(name_of(ObjectKind.TOMBSTONE, b"")):
            self._judge(name, bury)
        found: list[tuple[SnapshotId, Snapshot]] = []

        def take(name: str, data: bytes) -> None:
            sid = SnapshotId(digest_of(name))
            if sid not in forgotten:
                plain = open_record(ObjectKind.SNAPSHOT, self._keys, name, data)
                found.append((sid, decode_record(Snapshot, plain, name)))

        for name in self._store.list(name_of(ObjectKind.SNAPSHOT, b"")):
            problem = self._judge(name, take)
            if problem is not None:
                self._problems.hit(problem, Hit(SnapshotId(digest_of(name)), b"/", is_all_below=True))
        return sorted(found, key=lambda listed: (listed[1].time_ns, listed[0]))

    def _small_objects(self) -> None:
        """Read the other small objects, but for index fragments."""
        self._judge(CONFIG_NAME, self._judge_config)
        for prefix, judge in (("key.", self._judge_key), *((f"{prefix}.", self._judge_record) for prefix in _RECORDS)):
            for name in self._store.list(prefix):
                self._step()
                self._judge(name, judge)

    def _judge(self, name: str, judge: Callable[[str, bytes], None]) -> int | None:
        """Read one object; return the number of the problem with it, None when there is none, or no such object."""
        try:
            judge(name, self._store.get(name))
        except Missing:
            if name == CONFIG_NAME:
                return self._problems.note(name, "it is not there")
        except UsageError:
            self._notes.append(f"{name} is no object of yester's")
        except (DamageError, RepositoryError, Broken) as error:
            return self._problems.note(name, error.what)
        return None

    def _judge_config(self, _: str, data: bytes) -> None:
        decode_config(data)
        check_config(data, self._keys)

    def _judge_key(self, name: str, data: bytes) -> None:
        if blake3(data).digest() != digest_of(name):
            raise DamageError("its bytes are not what its name says")
        slot_kind(data)

    def _judge_record(self, name: str, data: bytes) -> None:
        kind = kind_of(name)
        if kind is ObjectKind.SESSION and not live_sessions([name]):
            raise UsageError(f"{name} names no session")
        plain = open_record(kind, self._keys, name, data, named_by_digest=kind is not ObjectKind.SESSION)
        decode_record(_RECORDS[PREFIXES[kind]], plain, name)

    # Packs

    def _check_packs(self, percent: int) -> None:
        """Look at every pack that the index names or the store lists."""
        named: set[PackId] = set()
        listed = set(list_packs(self._store))
        self._packs = len(listed)
        to_read = self._picked(listed, percent)
        self._counters.total_files = len(to_read)
        with ThreadPoolExecutor(_THREADS, "check") as pool:
            reading: deque[Future[PackVerdict]] = deque()
            try:
                for entry in self._entries(named):
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
        orphans = sum(1 for name in listed if digest_of(name) not in named)
        if orphans:
            self._notes.append(
                f"{orphans} packs are named by no index fragment: a run is storing them, or was broken off, "
                "and the next one takes them up"
            )

    def _picked(self, listed: Collection[str], percent: int) -> set[str]:
        """Return the packs to read whole: all metadata, and a share of the data."""
        data = sorted(name for name in listed if kind_of(name) is ObjectKind.DATA)
        share = random.sample(data, -(-len(data) * percent // 100))
        return {name for name in listed if kind_of(name) is ObjectKind.META}.union(share)

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
            self._gone[entry.pack[:PACK_PREFIX_SIZE]] = self._problems.note(entry.name, "it is not there")
            return False
        return size != entry.size or entry.name in to_read or entry.name not in listed

    def _take(self, coming: "Future[PackVerdict]") -> None:
        """Note what came of reading a pack."""
        try:
            verdict = coming.result()
        except Missing as error:
            self._notes.append(f"{error.name} was deleted while the check went on")
            return
        self._packs_read += 1
        self._read_size += verdict.read_size
        self._counters.size += verdict.read_size
        if verdict.what:
            prefix = verdict.entry.pack[:PACK_PREFIX_SIZE]
            number = self._problems.note(verdict.entry.name, verdict.what)
            self._bad.update((prefix + short, number) for short in verdict.bad)

    def _lost(self, blob: bytes) -> int | None:
        """Return the problem that keeps a blob from being read, None when it is there."""
        short, first, passed = blob[:SHORT_ID_SIZE], None, set[bytes]()
        while (prefix := self._index.holder(short, passed)) is not None:
            gone = self._gone.get(prefix)
            problem = self._bad.get(prefix + short) if gone is None else gone
            if problem is None:
                return None
            passed.add(prefix)
            first = problem if first is None else first
        if first is not None:
            return first
        if self._unnamed is None:
            self._unnamed = self._problems.note("index", "it names no pack for blobs that snapshots need")
        return self._unnamed

    # Trees

    def _check_snapshot(self, sid: SnapshotId, snapshot: Snapshot, reader: BlobReader, trees: TreeCheck) -> None:
        """Walk a snapshot, and name what damage hits in it."""
        name = name_of(ObjectKind.SNAPSHOT, sid)
        try:
            root = decode_root(snapshot.root)
        except DamageError as error:
            self._problems.hit(self._problems.note(name, error.what), Hit(sid, b"/", is_all_below=True))
            return
        trees.walk(root)
        for problem in trees.entry(root):
            self._problems.hit(problem, Hit(sid, b"/"))
        for path, problem, is_all_below in trees.hits(root, b"/"):
            self._problems.hit(problem, Hit(sid, path, is_all_below))
        for blob in (snapshot.errors, snapshot.profile_text):
            if blob is not None and trees.blob(BlobKind.TEXT, blob) is not None:
                self._notes.append(f"{name}: its report of errors or its copy of the profile is lost")
        if snapshot.links is not None:
            self._check_links(sid, root, ListId(BlobId(snapshot.links)), reader)

    def _check_links(self, sid: SnapshotId, root: Entry, links: ListId, reader: BlobReader) -> None:
        """Read the link table; without it hard links come back as files of their own."""
        entries = root.summary.entries if root.summary else 0
        number = self._lost(links)
        if number is None:
            try:
                if all(member <= entries for member, _ in LinkTable(reader, links)):
                    return
                what = "its link table names entries that are not there"
            except DamageError as error:
                what = f"its link table cannot be read: {error.what}"
            number = self._problems.note(name_of(ObjectKind.SNAPSHOT, sid), what)
        self._problems.hit(number, Hit(sid, b"/"))

    # Going on

    def _tick(self, directories: int, files: int) -> None:
        self._counters.directories += directories
        self._counters.files += files
        self._step()

    def _step(self) -> None:
        if self._cancelled():
            raise CancelledError("The check was cancelled")
        now = monotonic()
        if now >= self._next_update:
            self._next_update = now + UPDATE_INTERVAL_S
            self._progress.update(self._counters)
