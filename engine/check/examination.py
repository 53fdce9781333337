"""A repository looked at from one end to the other; what is found stays at hand for whoever mends it.

Three rounds. *Objects*: every small object is read and compared with its name (config, key slots, records, index
fragments). *Packs*: each that the index names must be there with the right size; metadata packs are read whole, data
packs as many as asked for, and any whose size is wrong. *Trees*: every directory of every snapshot is walked, and
every blob that it names must be in a pack that is there and sound (engine/check/trees.py).

The index is built anew from the fragments in the store, in a folder that is thrown away: a client's cache knows more
than a damaged repository tells. Others may write meanwhile: packs come before fragments and fragments before
snapshots, so they are listed in the opposite order, and what is missing is asked for again before it is a problem.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from yester.engine.check.objects import ObjectSurvey
from yester.engine.check.report import Hit, Problems
from yester.engine.check.survey import PackSurvey
from yester.engine.check.trees import TreeCheck
from yester.engine.entries import Entry
from yester.engine.errors import CancelledError, DamageError
from yester.engine.events import Phase
from yester.engine.ids import BlobId, BlobKind, ListId, SnapshotId
from yester.engine.packs.index import Index
from yester.engine.packs.reading import BlobReader
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.repository import Repository
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.records import Snapshot
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.engine.store import Store
from yester.engine.trees.directories import decode_root
from yester.engine.trees.links import LinkTable


@dataclass(frozen=True, slots=True)
class _View:
    """The repository with an index of the check's own."""

    store: Store
    keys: Keys
    index: Index


@dataclass(frozen=True, slots=True)
class Hurt:
    """A snapshot that is not what was written."""

    sid: SnapshotId
    snapshot: Snapshot
    has_tree: bool
    """Whether everything in its tree can be read, and its link table."""
    has_links: bool
    has_errors: bool
    has_profile: bool


class Examination:
    """Looks at everything once. For one thread."""

    def __init__(
        self, repository: Repository, problems: Problems, progress: Progress, cancelled: Callable[[], bool]
    ) -> None:
        self._repository = repository
        self._problems = problems
        self._progress = progress
        self._cancelled = cancelled
        self._next_update = 0.0
        self.counters = Counters()
        self.notes: list[str] = []
        """What is no damage but worth knowing."""
        self.hurt: list[Hurt] = []

    def run(self, folder: Path, percent: int) -> None:
        """Examine everything; `folder` is for the index, and must stay as long as `packs` and `trees` are used."""
        store, keys = self._repository.store, self._repository.keys
        self._progress.phase(Phase.STRUCTURE)
        self.objects = ObjectSurvey(self._repository, self._problems, self._step)
        self.index = Index(store, lambda: keys, folder)
        self.packs = PackSurvey(store, keys, self.index, self._problems, self.counters, self._step)
        for fragment, what in self.index.damaged.items():
            self.packs.unnamed_by(self._problems.note(name_of(ObjectKind.INDEX, fragment), what))
        self._progress.phase(Phase.CONTENT)
        self.packs.look(percent)
        self.notes += [*self.objects.notes, *self.packs.notes, *_orphan_notes(self.packs)]
        self._progress.phase(Phase.STRUCTURE)
        reader = BlobReader(_View(store, keys, self.index))
        self.trees = TreeCheck(reader, self.packs.lost, self._problems, self._tick)
        for sid, snapshot in self.objects.snapshots:
            hurt = self._examine(sid, snapshot, reader)
            if hurt is not None:
                self.hurt.append(hurt)

    def look_again(self, hurt: Iterable[Hurt]) -> list[Hurt]:
        """Walk snapshots that were not what was written by what is stored by now; return those that still are not."""
        self.index.refresh()
        reader = BlobReader(_View(self._repository.store, self._repository.keys, self.index))
        self.trees = TreeCheck(reader, self.packs.lost, self._problems, self._tick)
        found = (self._examine(each.sid, each.snapshot, reader) for each in hurt)
        return [each for each in found if each is not None]

    def _examine(self, sid: SnapshotId, snapshot: Snapshot, reader: BlobReader) -> Hurt | None:
        """Walk a snapshot, and name what damage hits in it; None when there is none."""
        name = name_of(ObjectKind.SNAPSHOT, sid)
        try:
            root = decode_root(snapshot.root)
        except DamageError as error:
            self._problems.hit(self._problems.note(name, error.what), Hit(sid, b"/", is_all_below=True))
            return None
        hits = self._hits_of(sid, root)
        texts = [self._has_text(name, blob) for blob in (snapshot.errors, snapshot.profile_text)]
        has_links = snapshot.links is None or self._has_links(sid, root, ListId(BlobId(snapshot.links)), reader)
        if not hits and has_links and all(texts):
            return None
        return Hurt(sid, snapshot, not hits, has_links, *texts)

    def _hits_of(self, sid: SnapshotId, root: Entry) -> int:
        """Walk a tree and name every hit in it; return how many there are."""
        self.trees.walk(root)
        hits = 0
        for problem in self.trees.entry(root):
            self._problems.hit(problem, Hit(sid, b"/"))
            hits += 1
        for path, problem, is_all_below in self.trees.hits(root, b"/"):
            self._problems.hit(problem, Hit(sid, path, is_all_below))
            hits += 1
        return hits

    def _has_text(self, name: str, blob: bytes | None) -> bool:
        if blob is None or self.trees.blob(BlobKind.TEXT, blob) is None:
            return True
        self.notes.append(f"{name}: its report of errors or its copy of the profile is lost")
        return False

    def _has_links(self, sid: SnapshotId, root: Entry, links: ListId, reader: BlobReader) -> bool:
        """Read the link table; without it hard links come back as files of their own."""
        entries = root.summary.entries if root.summary else 0
        number = self.packs.lost(links)
        if number is None:
            try:
                if all(member <= entries for member, _ in LinkTable(reader, links)):
                    return True
                what = "its link table names entries that are not there"
            except DamageError as error:
                what = f"its link table cannot be read: {error.what}"
            number = self._problems.note(name_of(ObjectKind.SNAPSHOT, sid), what)
        self._problems.hit(number, Hit(sid, b"/"))
        return False

    # Going on

    def _tick(self, directories: int, files: int) -> None:
        self.counters.directories += directories
        self.counters.files += files
        self._step()

    def _step(self) -> None:
        if self._cancelled():
            raise CancelledError("The work was cancelled")
        now = monotonic()
        if now >= self._next_update:
            self._next_update = now + UPDATE_INTERVAL_S
            self._progress.update(self.counters)


def _orphan_notes(packs: PackSurvey) -> list[str]:
    if not packs.orphans:
        return []
    return [
        f"Packs that no index fragment names: {len(packs.orphans)}; a run is storing them, or was broken off, "
        "and the next one takes them up"
    ]
