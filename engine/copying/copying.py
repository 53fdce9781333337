"""Copying snapshots from one repository to another.

Both hold a session meanwhile: in the target, so that no prune takes what the copy builds on, and in the source, so that
none takes what is being read. In the target the order is that of every writer: packs, fragments, label, snapshot. So a
copy that is broken off leaves packs, which the next one adopts, and no half snapshot.

A copy says what it is a copy of (`copy_of`: the id of the snapshot that was taken first, however often it was copied),
and by that is not copied twice.
"""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass

import msgspec

from yester.engine.archive.needing import packs_of
from yester.engine.capture.last_look import is_lasting
from yester.engine.capture.seen import Presence
from yester.engine.capture.standing import listed
from yester.engine.copying.frames import FrameCopier
from yester.engine.copying.lacking import Lacking
from yester.engine.copying.rebuilding import Base, Rebuilder
from yester.engine.errors import CancelledError, DamageError, Denied, Offline, UsageError, YesterError
from yester.engine.events import Phase
from yester.engine.host import host_name
from yester.engine.ids import SHORT_ID_SIZE, BlobId, BlobKind, ListId, SnapshotId, TreeId
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.packs.reading import BlobReader
from yester.engine.packs.writing import BlobWriter
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.sessions import WriterSession
from yester.engine.store import Buffer
from yester.engine.trees.directories import decode_root, encode_root
from yester.engine.trees.lists import ListType

_COMMITS = 3
"""How often a snapshot is copied again because a prune took what it was built on."""
_READER_SIZE = 48 << 20

Taken = tuple[SnapshotId, Snapshot]


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one snapshot: `target` is its id there, None when it could not be copied, and `problem` why."""

    source: SnapshotId
    snapshot: Snapshot
    target: SnapshotId | None
    is_new: bool = False
    problem: str = ""
    is_offline: bool = False
    """Nothing is the matter with it but that some of it has to be recalled first."""


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What came of copying; sizes in bytes: plain bytes that were new to the target, and what they take there."""

    copied: tuple[Copied, ...]
    added_size: int
    stored_size: int
    rebuilt: bool
    """Whether the two repositories have different identities, so that ids are not the same."""
    warnings: tuple[str, ...] = ()


def original_of(sid: SnapshotId, snapshot: Snapshot) -> SnapshotId:
    """Return the id of the snapshot that was taken first, of which this one is a copy, or itself."""
    return sid if snapshot.copy_of is None else SnapshotId(snapshot.copy_of)


def copy_snapshots(
    source: Repository,
    target: Repository,
    chosen: Sequence[SnapshotId],
    *,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> CopyResult:
    """Copy snapshots, oldest first, with their labels; what the target has already is left.

    A snapshot that is damaged in the source is in the result with its problem, and the others are copied. UsageError:
    the two are one repository. CancelledError when `cancelled` says so; StoreError when a store fails. Whatever ends
    it, what is committed stays, and copying again goes on where it ended.
    """
    if source.config.repository == target.config.repository:
        raise UsageError(
            f"{source.store.place} and {target.store.place} are one repository",
            hint="Give another one; yester init --like makes one that shares ids with this.",
        )
    source.unlock()
    target.unlock()
    with ExitStack() as stack:
        session = stack.enter_context(_session(target))
        # A store that cannot be written cannot be pruned by this person either.
        with suppress(Denied):
            stack.enter_context(_session(source))
        return _Copying(source, target, session, progress, cancelled).go(set(chosen))


def _session(repository: Repository) -> WriterSession:
    return WriterSession(
        repository.store,
        repository.keys,
        writer=repository.writer,
        host=host_name(),
        purpose="copy",
        started_ns=time.time_ns(),
    )


class _Either:
    """Reads blobs of two repositories of one identity: from the first that has them."""

    def __init__(self, first: BlobReader, second: BlobReader) -> None:
        self._first, self._second = first, second

    def blob(self, kind: BlobKind, id: bytes) -> Buffer:
        return (self._first if self._first.location(id) is not None else self._second).blob(kind, id)


class _Copying:
    """One call of `copy_snapshots`."""

    def __init__(
        self,
        source: Repository,
        target: Repository,
        session: WriterSession,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        self._source, self._target, self._session = source, target, session
        self._progress, self._cancelled = progress, cancelled
        self._rebuilds = source.keys.config_key != target.keys.config_key
        self._reader = source.reader(_READER_SIZE)
        self._counters = Counters()
        self._told = 0.0
        self._added_size = self._stored_size = 0
        self._mine: dict[SnapshotId, Snapshot] = {}
        """The snapshots of the source."""
        self._copies: list[Taken] = []
        """Those of the target, the newest last."""
        self._there: dict[SnapshotId, SnapshotId] = {}

    def go(self, chosen: Collection[SnapshotId]) -> CopyResult:
        """Copy them one by one."""
        self._progress.phase(Phase.OPEN)
        self._mine = dict(self._source.snapshots())
        # What a write-only client claims to be a copy may be anything.
        for sid, snapshot in self._target.trusted_snapshots():
            self._note(sid, snapshot)
        taken = [(sid, snapshot) for sid, snapshot in self._mine.items() if sid in chosen]
        labels = self._source.labels()
        warnings = list(adopt_orphans(self._target).warnings)
        self._counters.total_files = sum(snapshot.statistics.files for _, snapshot in taken)
        self._progress.phase(Phase.STORE)
        done = [self._one(sid, snapshot, labels.get(sid)) for sid, snapshot in taken]
        return CopyResult(
            tuple(done),
            self._added_size,
            self._stored_size,
            self._rebuilds,
            tuple(warnings + self._target.warnings()),
        )

    def _one(self, sid: SnapshotId, snapshot: Snapshot, label: Label | None) -> Copied:
        """Copy one snapshot, unless it is there."""
        known = self._there.get(original_of(sid, snapshot))
        if known is not None:
            self._counters.files += snapshot.statistics.files
            return Copied(sid, snapshot, known)
        try:
            return Copied(sid, snapshot, self._copied(sid, snapshot, label), is_new=True)
        except DamageError as error:
            return Copied(sid, snapshot, None, problem=str(error))
        except Offline as error:
            return Copied(sid, snapshot, None, problem=self._to_recall(sid, snapshot) or str(error), is_offline=True)

    def _to_recall(self, sid: SnapshotId, snapshot: Snapshot) -> str:
        """Say what of a snapshot has to be recalled before it can be copied."""
        needed = packs_of(self._source, snapshot)
        if not needed.offline:
            return ""
        volumes = f" on {', '.join(needed.volumes)}" if needed.volumes else ""
        return (
            f"{len(needed.offline)} of the {len(needed.packs)} packs that it needs are offline{volumes}: "
            f"yester recall {sid.hex()[:12]}"
        )

    def _note(self, sid: SnapshotId, snapshot: Snapshot) -> None:
        """Remember a snapshot of the target by what it is a copy of, and by its own id."""
        self._copies.append((sid, snapshot))
        self._there[sid] = self._there[original_of(sid, snapshot)] = sid

    def _copied(self, sid: SnapshotId, snapshot: Snapshot, label: Label | None) -> SnapshotId:
        """Copy one snapshot, again when a prune took meanwhile what it was built on."""
        target, index = self._target, self._target.index
        for _ in range(_COMMITS):
            lasting = listed(target).lasting
            index.restrict(lasting)
            built_on = index.packs() & lasting
            with BlobWriter(target) as writer:
                moved = self._moved(writer, sid, snapshot)
                writer.flush()
                self._added_size += writer.statistics.added_size
                self._stored_size += writer.statistics.stored_size
            # Before it commits, as any writer: what is known to be without its packs need not be committed.
            if self._session.stands():
                copy, committed = self._commit(moved, label)
                if is_lasting(target, self._session, copy, built_on | writer.packs, frozenset()):
                    self._note(copy, committed)
                    return copy
                target.forget_snapshot(copy, "a prune took what it was built on")
            self._session.renew()
            # What was forgotten meanwhile is whole no longer.
            self._copies.clear()
        raise YesterError(
            "Packs that the copy needs were deleted while it worked, again and again",
            hint="Let the program that prunes the target end, and copy again.",
        )

    def _commit(self, moved: Snapshot, label: Label | None) -> Taken:
        target = self._target
        self._progress.phase(Phase.COMMIT)
        sid = target.commit_snapshot(moved, label=label)
        self._progress.phase(Phase.STORE)
        return sid, target.snapshot(sid)

    # What goes over

    def _moved(self, writer: BlobWriter, sid: SnapshotId, snapshot: Snapshot) -> Snapshot:
        """Store what a snapshot names, and return it as it is to be in the target."""
        beside = self._rebuilt if self._rebuilds else self._shared
        moved = beside(writer, snapshot)
        parent = None if snapshot.parent is None else self._there.get(self._original(SnapshotId(snapshot.parent)))
        return msgspec.structs.replace(moved, parent=parent, copy_of=original_of(sid, snapshot))

    def _original(self, sid: SnapshotId) -> SnapshotId:
        found = self._mine.get(sid)
        return sid if found is None else original_of(sid, found)

    def _shared(self, writer: BlobWriter, snapshot: Snapshot) -> Snapshot:
        """Bring over what the target lacks; ids are the same in both."""
        frames = FrameCopier(self._source, self._target, self._reader, writer, self._tick)
        either = _Either(self._reader, self._target.reader(_READER_SIZE))
        index = self._target.index
        walk = Lacking(either, lambda blob: index.holds(blob[:SHORT_ID_SIZE]), frames.want, self._tick)
        with closing(frames):
            root, base = decode_root(snapshot.root), self._shared_base(snapshot)
            if root.refs:
                walk.tree(root.tree, base)
            if root.xattrs_stored:
                walk.blob(root.xattrs)
            if snapshot.links is not None:
                walk.list(snapshot.links, ListType.LINKS)
            for text in (snapshot.errors, snapshot.profile_text):
                if text is not None:
                    walk.blob(text)
            frames.flush()
        self._counters.files += snapshot.statistics.files
        return snapshot

    def _shared_base(self, snapshot: Snapshot) -> TreeId | None:
        """Return the root tree of the target's newest snapshot of this series, or else its newest of all."""
        series = [each for each in self._copies if _series(each[1]) == _series(snapshot)] or self._copies
        roots = (decode_root(each.root) for _, each in reversed(series))
        return next((root.tree for root in roots if root.refs and self._is_online(root.tree)), None)

    def _is_online(self, tree: TreeId) -> bool:
        """Whether the target has all of a tree: what is offline there is stored again."""
        target = self._target
        if not target.index.look_for_archived().held:
            return True
        return Presence(target.reader(_READER_SIZE), target.index).tree(tree)

    def _rebuilt(self, writer: BlobWriter, snapshot: Snapshot) -> Snapshot:
        """Store everything under the ids of the target."""
        target, root = self._target, decode_root(snapshot.root)
        rebuild = Rebuilder(self._reader, target.reader(_READER_SIZE), writer, target.keys.page_key, self._tick)
        with closing(rebuild):
            texts = {
                name: rebuild.blob(BlobKind.TEXT, blob)
                for name in ("errors", "profile_text")
                if (blob := getattr(snapshot, name)) is not None
            }
            links = None if snapshot.links is None else rebuild.links(ListId(BlobId(snapshot.links)))
            new = rebuild.root(root, self._rebuilt_base(snapshot))
        self._counters.files += snapshot.statistics.files
        return msgspec.structs.replace(snapshot, root=encode_root(new), links=links, **texts)

    def _rebuilt_base(self, snapshot: Snapshot) -> Base | None:
        """Return the newest snapshot of the series that both have."""
        mine = {original_of(sid, each): each for sid, each in self._mine.items()}
        for sid, copy in reversed(self._copies):
            source = mine.get(original_of(sid, copy))
            if source is not None and _series(copy) == _series(snapshot):
                roots = decode_root(source.root), decode_root(copy.root)
                if all(root.refs for root in roots) and self._is_online(roots[1].tree):
                    return Base(roots[0].tree, roots[1].tree)
        return None

    def _tick(self, size: int = 0) -> None:
        """Called all the time: ends a cancelled copy, and tells now and then how far it has come."""
        self._counters.size += size
        now = time.monotonic()
        if now - self._told >= UPDATE_INTERVAL_S:
            self._told = now
            if self._cancelled():
                raise CancelledError("The copy was cancelled", hint="Copying again goes on from here.")
            self._progress.update(self._counters)


def _series(snapshot: Snapshot) -> tuple[bytes, bytes]:
    return snapshot.host_id, snapshot.profile_id
