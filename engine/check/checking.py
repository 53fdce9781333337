"""Check: whether a repository still holds what was put into it, and which files it costs where it does not.

Three rounds. *Objects*: every small object is read and compared with its name (config, key slots, records, index
fragments). *Packs*: each that the index names must be there with the right size; metadata packs are read whole, data
packs as many as asked for, and any whose size is wrong. *Trees*: every directory of every snapshot is walked, and
every blob that it names must be in a pack that is there and sound (engine/check/trees.py).

The index is built anew from the fragments in the store, in a folder that is thrown away: a client's cache knows more
than a damaged repository tells. Others may write meanwhile: packs come before fragments and fragments before
snapshots, so they are listed in the opposite order, and what is missing is asked for again before it is a problem.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import monotonic, time_ns

from blake3 import blake3

from yester.engine.check.report import CheckReport, Hit, Problems
from yester.engine.check.survey import PackSurvey
from yester.engine.check.trees import Lost, TreeCheck
from yester.engine.entries import Entry
from yester.engine.errors import Broken, CancelledError, DamageError, Missing, RepositoryError, UsageError
from yester.engine.events import CheckBegin, CheckEnd, Message, Phase, path_fields
from yester.engine.hooks import Hooks, tell
from yester.engine.ids import BlobId, BlobKind, ListId, SnapshotId
from yester.engine.packs.index import Index
from yester.engine.packs.reading import BlobReader
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

    def run(self, folder: Path, percent: int) -> CheckReport:
        """Check everything; `folder` is for the index and thrown away."""
        self._progress.phase(Phase.STRUCTURE)
        snapshots = self._snapshots()
        self._small_objects()
        index = Index(self._store, lambda: self._keys, folder)
        packs = PackSurvey(self._store, self._keys, index, self._problems, self._counters, self._step)
        for fragment, what in index.damaged.items():
            packs.unnamed_by(self._problems.note(name_of(ObjectKind.INDEX, fragment), what))
        self._progress.phase(Phase.CONTENT)
        packs.look(percent)
        self._notes += [*packs.notes, *_orphan_notes(packs)]
        self._progress.phase(Phase.STRUCTURE)
        reader = BlobReader(_View(self._store, self._keys, index))
        trees = TreeCheck(reader, packs.lost, self._problems, self._tick)
        for sid, snapshot in snapshots:
            self._check_snapshot(sid, snapshot, reader, trees, packs.lost)
        return CheckReport(
            self._problems.report(),
            tuple(self._notes),
            len(snapshots),
            self._counters.directories,
            self._counters.files,
            packs.packs,
            packs.packs_read,
            packs.read_size,
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

    # Trees

    def _check_snapshot(
        self, sid: SnapshotId, snapshot: Snapshot, reader: BlobReader, trees: TreeCheck, lost: Lost
    ) -> None:
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
            self._check_links(sid, root, ListId(BlobId(snapshot.links)), reader, lost)

    def _check_links(self, sid: SnapshotId, root: Entry, links: ListId, reader: BlobReader, lost: Lost) -> None:
        """Read the link table; without it hard links come back as files of their own."""
        entries = root.summary.entries if root.summary else 0
        number = lost(links)
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


def _orphan_notes(packs: PackSurvey) -> list[str]:
    if not packs.orphans:
        return []
    return [
        f"{len(packs.orphans)} packs are named by no index fragment: a run is storing them, or was broken off, "
        "and the next one takes them up"
    ]
