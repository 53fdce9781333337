"""Snapshots put in the place of others: the same but for some edits, with their times, labels and all else.

The new ones are stored and committed before the old ones are forgotten, so that breaking off loses nothing: what is
then there twice is known by `original`, and the next time only the old one goes. Trees of many snapshots share packs.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, islice

import msgspec
from msgspec.structs import replace

from yester.engine.capture.last_look import is_lasting, is_whole
from yester.engine.capture.standing import listed
from yester.engine.entries import Entry, Summary
from yester.engine.errors import CancelledError, DamageError, YesterError
from yester.engine.host import host_name
from yester.engine.ids import BlobId, BlobKind, ListId, PackId, SnapshotId
from yester.engine.packs.reading import BlobReader
from yester.engine.packs.writing import BlobWriter
from yester.engine.repository import Repository
from yester.engine.rewriting.edits import Edits
from yester.engine.rewriting.ordinals import relinked
from yester.engine.rewriting.trees import Mend, Rewritten, TreeRewriter
from yester.engine.sealed.config import PROGRAM
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.sessions import WriterSession
from yester.engine.trees.directories import decode_root, encode_root
from yester.engine.trees.links import LinkTable, write_links

_TOGETHER = 100
"""Snapshots whose trees are stored before the first of them is committed."""

_ATTEMPTS = 3
"""How often trees are stored again because a prune took what they were built on."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A snapshot and what is to change in it."""

    sid: SnapshotId
    snapshot: Snapshot
    """The snapshot as it shall be, but for its root and its link table."""
    edits: Edits
    has_links: bool = True
    """Whether its link table can be read."""
    report: bytes = b""
    """Failures that the snapshot shall name (docs/format.md, section 5, text blobs); empty: those that it has."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A snapshot that took the place of another."""

    old: SnapshotId
    new: SnapshotId


def _refuse(error: DamageError) -> None:
    raise DamageError(
        error.what, hint="A snapshot that is damaged is not replaced. Run `yester repair` first."
    ) from error


class Rewriter:
    """Puts snapshots in the place of others, in a session, so that no prune takes away what they are built on."""

    def __init__(
        self,
        repository: Repository,
        mend: Mend,
        *,
        reason: str,
        cancelled: Callable[[], bool],
        damaged: Callable[[DamageError], None] = _refuse,
    ) -> None:
        """`reason` goes into the tombstones of those that are replaced.

        `damaged` is told of what cannot be read of a tree, and lets it be left out unless it raises.
        """
        self._damaged = damaged
        self._repository = repository
        self._mend = mend
        self._reason = reason
        self._cancelled = cancelled

    def replace(self, wanted: Iterable[Replacement], now_ns: int) -> Iterator[Replaced]:
        """Replace snapshots, and yield each when it is done. StoreError and DamageError leave the others alone."""
        repository = self._repository
        session = WriterSession(
            repository.store,
            repository.keys,
            writer=repository.writer,
            host=host_name(),
            purpose="rewrite",
            started_ns=now_ns,
        )
        waiting = iter(wanted)
        with session:
            while batch := list(islice(waiting, _TOGETHER)):
                labels = repository.labels()
                made = self._made({each.sid for each in batch})
                new = [each for each in batch if each.sid not in made]
                done = [Replaced(each.sid, made[each.sid]) for each in batch if each.sid in made]
                committed = self._commit(new, labels, session)
                self._take_over(committed, labels)
                for replaced in [*done, *committed]:
                    repository.forget_snapshot(replaced.old, self._reason)
                    yield replaced

    def _made(self, wanted: Collection[SnapshotId]) -> dict[SnapshotId, SnapshotId]:
        """Return what a rewrite that was broken off has put in the place of these already.

        It did not look any more whether that stands: what is not whole is forgotten. What a write-only client says to
        be in the place of another's snapshot is no reason to forget that one.
        """
        repository, made = self._repository, dict[SnapshotId, SnapshotId]()
        for sid, snapshot in repository.trusted_snapshots():
            old = None if snapshot.original is None else SnapshotId(snapshot.original)
            if old is None or old not in wanted:
                continue
            if is_whole(repository, sid, listed(repository, archived=True).lasting):
                made[old] = sid
            else:
                repository.forget_snapshot(sid, "a prune took what it was built on")
        return made

    def _take_over(self, committed: Iterable[Replaced], before: Mapping[SnapshotId, Label]) -> None:
        """Let the new snapshots have what was said of the old ones while they were replaced: a pin, or a name."""
        repository = self._repository
        now = repository.labels()
        for old, new in ((each.old, each.new) for each in committed):
            label = now.get(old)
            if label is not None and label != before.get(old):
                said = replace(label, snapshot=new, counter=label.counter + 1, writer=repository.writer)
                repository.put_record(ObjectKind.LABEL, said)

    def _commit(
        self, batch: Sequence[Replacement], labels: dict[SnapshotId, Label], session: WriterSession
    ) -> list[Replaced]:
        """Store and commit, and look once more whether all of it stands."""
        repository = self._repository
        for _ in range(_ATTEMPTS if batch else 0):
            # What the old ones had offline the new ones have there too.
            lasting = listed(repository, archived=True).lasting
            repository.index.restrict(lasting)
            built_on = repository.index.packs() & lasting
            with BlobWriter(repository) as writer:
                snapshots = [self._rewritten(each, writer) for each in batch]
                writer.flush()
            if not session.stands():
                # As any writer: what is known to be without its packs need not be committed.
                session.renew()
                continue
            done = [
                Replaced(each.sid, repository.commit_snapshot(snapshot, label=labels.get(each.sid)))
                for each, snapshot in zip(batch, snapshots, strict=True)
            ]
            needed = built_on | writer.packs
            if all(self._is_lasting(session, replaced.new, needed) for replaced in done):
                return done
            for replaced in done:
                repository.forget_snapshot(replaced.new, "a prune took what it was built on")
            session.renew()
        if not batch:
            return []
        raise YesterError(
            "Packs that the new snapshots need were deleted while they were written, again and again",
            hint="Let the program that prunes this repository end, and try again.",
        )

    def _is_lasting(self, session: WriterSession, sid: SnapshotId, needed: Set[PackId]) -> bool:
        return is_lasting(self._repository, session, sid, needed, frozenset(), archived=True)

    def _rewritten(self, wanted: Replacement, writer: BlobWriter) -> Snapshot:
        if self._cancelled():
            raise CancelledError("The work was cancelled", hint="What was replaced so far stays so; start it again.")
        repository, snapshot = self._repository, wanted.snapshot
        reader = repository.reader()
        trees = TreeRewriter(reader, writer.add, repository.keys.page_key, self._mend, self._damaged)
        done = trees.rewrite(decode_root(snapshot.root), wanted.edits)
        links = self._links(snapshot, done, reader, writer) if wanted.has_links else None
        errors = writer.add(BlobKind.TEXT, wanted.report) if wanted.report else snapshot.errors
        return msgspec.structs.replace(
            snapshot,
            root=encode_root(done.root),
            links=links,
            errors=errors,
            writer=repository.writer,
            original=wanted.sid,
            program=PROGRAM,
            statistics=msgspec.structs.replace(snapshot.statistics, **_totals(done.root)),
        )

    def _links(self, snapshot: Snapshot, done: Rewritten, reader: BlobReader, writer: BlobWriter) -> BlobId | None:
        if snapshot.links is None or not len(done.removals):
            return None if snapshot.links is None else BlobId(snapshot.links)
        pairs = iter(relinked(LinkTable(reader, ListId(BlobId(snapshot.links))), done.removals))
        first = next(pairs, None)
        if first is None:
            return None
        return write_links(writer.add, self._repository.keys.page_key, chain([first], pairs))


def _totals(root: Entry) -> dict[str, int]:
    below = root.summary or Summary()
    return {"entries": below.entries, "files": below.files, "size": below.size}
