"""Repairing: what is whole is stored anew, what is lost is marked so, and everything then checks clean.

The order keeps each step safe to break off: whole blobs of a damaged pack are stored before the pack goes; the index
names a dead pack until then; a snapshot is replaced before it is forgotten. Whoever breaks off starts again.
Afterwards no run finds a lost blob in the index: files that are still in the source are stored again by the next one.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from yester.engine.capture.standing import listed
from yester.engine.check.examination import Examination, Hurt
from yester.engine.check.packs import sound_pieces
from yester.engine.check.report import Problems
from yester.engine.check.trees import TreeCheck
from yester.engine.entries import Entry
from yester.engine.entries import Mark as EntryMark
from yester.engine.errors import CancelledError, Missing, StoreError
from yester.engine.failure_report import encode_report
from yester.engine.host import host_name
from yester.engine.ids import BlobKind, PackId
from yester.engine.packs.writing import BlobWriter
from yester.engine.progress import Progress
from yester.engine.repair.naming import mend_index, unname
from yester.engine.repair.plan import RepairPlan, plan_again
from yester.engine.repository import Repository
from yester.engine.rewriting.edits import mending
from yester.engine.rewriting.snapshots import Replaced, Replacement, Rewriter
from yester.engine.sealed.records import Mark
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.engine.sessions import WriterSession
from yester.engine.store import assert_all_seen
from yester.engine.trees.directories import decode_root

_LOST = "lost to damage of the repository"


@dataclass(slots=True)
class RepairReport:
    """What a repair did."""

    salvaged: int = 0
    """Blobs of damaged packs that were whole and had no other copy."""
    packs: int = 0
    """Damaged packs that were deleted."""
    records: int = 0
    replaced: list[Replaced] = field(default_factory=list)


def examine(
    repository: Repository,
    folder: Path,
    *,
    read_data_percent: int,
    progress: Progress,
    cancelled: Callable[[], bool],
    dry_run: bool = False,
) -> Examination:
    """Name packs that no fragment names, unless in a dry run, then examine everything, for `plan_repair`.

    `folder` (check's `scratch`) must stay until the repair is carried out. StoreError when something seems to be lost
    and a part of the store does not answer, which may have it.
    """
    if not dry_run:
        mend_index(repository)
    problems = Problems(lambda subject, what, hit: None)
    examination = Examination(repository, problems, progress, cancelled)
    examination.run(folder, read_data_percent)
    if problems:
        assert_all_seen(repository.store)
    return examination


def carry_out(
    repository: Repository, examination: Examination, plan: RepairPlan, *, cancelled: Callable[[], bool]
) -> RepairReport:
    """Do what the plan says, while the examination's folder is there. StoreError, CancelledError: start it again."""
    report = RepairReport()
    session = WriterSession(
        repository.store,
        repository.keys,
        writer=repository.writer,
        host=host_name(),
        purpose="repair",
        started_ns=time.time_ns(),
    )
    with session:
        # First: a mark that cannot be read keeps every writer from working.
        report.records = _delete(repository, plan.records)
        damaged = {verdict.entry.pack for verdict in plan.packs}
        with _marked(repository, damaged):
            report.salvaged = _salvage(repository, plan, cancelled)
            report.packs = _delete(repository, [verdict.entry.name for verdict in plan.packs])
        examination.packs.ask_again()
        unname(repository, (plan.gone & examination.packs.gone) | (damaged - plan.held))
        # Much may have been stored again since it was examined, by this repair or by a run.
        hurt, hopeless = plan_again(examination, plan)
        rewriter = Rewriter(
            repository, _mend(examination.trees), reason="repaired", cancelled=cancelled, damaged=lambda error: None
        )
        wanted = (_replacement(repository, each, examination.trees) for each in hurt)
        report.replaced.extend(rewriter.replace(wanted, time.time_ns()))
        for each in hopeless:
            repository.forget_snapshot(each.sid, "nothing of it could be read")
    return report


@contextmanager
def _marked(repository: Repository, packs: Collection[PackId]) -> Iterator[None]:
    """Let nobody count on these packs, which are to go, as a prune does: it too may delete the other copy of a blob."""
    if not packs:
        yield
        return
    mark = Mark(packs=tuple(sorted(packs)), fragments=(), writer=repository.writer, time_ns=time.time_ns())
    name = name_of(ObjectKind.MARK, repository.put_record(ObjectKind.MARK, mark))
    try:
        yield
    finally:
        # Whatever happened: from here on this repair deletes no pack.
        with suppress(StoreError):
            repository.store.delete(name)


def _salvage(repository: Repository, plan: RepairPlan, cancelled: Callable[[], bool]) -> int:
    """Store what is whole in damaged packs once more, where no sound pack has it that is there to stay."""
    damaged = {verdict.entry.pack for verdict in plan.packs}
    if not damaged:
        return 0
    repository.index.restrict(listed(repository).lasting - damaged)
    with BlobWriter(repository) as writer:
        for verdict in plan.packs:
            if cancelled():
                raise CancelledError("The repair was cancelled", hint="What it did so far stays; start it again.")
            with suppress(Missing):
                for piece in sound_pieces(repository.store, repository.keys, verdict.entry):
                    assert piece.plain is not None
                    writer.add(piece.kind, piece.plain)
        writer.flush()
        return writer.statistics.added_blobs


def _delete(repository: Repository, names: Sequence[str]) -> int:
    for name in names:
        with suppress(Missing):
            repository.store.delete(name)
    return len(names)


def lost_paths(hurt: Hurt, trees: TreeCheck) -> dict[bytes, bool]:
    """Return the paths of a snapshot that are hit; with True, names in that directory are lost."""
    if hurt.has_tree:
        return {}
    root = decode_root(hurt.snapshot.root)
    lost = {b"/": False} if trees.entry(root) else {}
    for path, _, are_names_lost in trees.hits(root, b"/"):
        lost[path] = are_names_lost or lost.get(path, False)
    return lost


def _replacement(repository: Repository, hurt: Hurt, trees: TreeCheck) -> Replacement:
    """Return how a snapshot becomes one that holds what it says."""
    lost, done = lost_paths(hurt, trees), hurt.snapshot.statistics
    errors = hurt.snapshot.errors if hurt.has_errors else None
    snapshot = msgspec.structs.replace(
        hurt.snapshot,
        errors=errors,
        profile_text=hurt.snapshot.profile_text if hurt.has_profile else None,
        statistics=msgspec.structs.replace(done, failed=done.failed + len(lost)),
    )
    before = [bytes(repository.reader().blob(BlobKind.TEXT, errors))] if lost and errors is not None else []
    report = encode_report(((path, _LOST) for path in sorted(lost)), before)
    return Replacement(hurt.sid, snapshot, mending(lost.items()), has_links=hurt.has_links, report=report)


def _mend(trees: TreeCheck) -> Callable[[Entry], Entry]:
    def mend(entry: Entry) -> Entry:
        """Take from an entry what cannot be read, and mark it."""
        if trees.attributes(entry):
            marks = entry.marks | EntryMark.ATTRIBUTES_UNREADABLE
            entry = replace(entry, xattrs=b"", xattrs_stored=False, flags=0, marks=marks)
        if trees.content(entry):
            marks = (entry.marks | EntryMark.UNREADABLE) & ~EntryMark.LIST
            entry = replace(entry, refs=(), extents=None, marks=marks)
        return entry

    return mend
