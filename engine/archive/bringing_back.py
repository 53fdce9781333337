"""Bringing packs back from archives: to keep them, or to see that they are there before the online copy goes.

What an archive gives back is believed when its bytes are those that were archived: the SHA-1 that was handed over, and
the pack's own digest, which is its name. What it says of it does not count, neither good nor bad. So an archive that
stores something else, or half of it, is found out while the online copy is still there.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3
from msgspec.structs import replace

from yester.engine.archive.asked import AT_WORK, Job, Kind, Outcome, State, by_request, portions
from yester.engine.archive.calling import Calls, Desk, Report
from yester.engine.archive.handing_over import accepted, as_file_set, is_copy, refusals
from yester.engine.archive.port import Answer, Archive, Policy

_PIECE = 1 << 20
OTHER_BYTES = "What the archive gave back is not what it was given"
CUT_SHORT = "The archive gave back {there:,} bytes of {size:,}"
NOWHERE = "The archive says that it gave it back, and there is no file"
UNVERIFIED = "{archive} has no way to verify its copies itself, and trusts_archive says that they are not read back"
NOT_HELD = "No archive is known to hold it any more"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back of the packs of jobs."""

    files: Mapping[int, Path] = field(default_factory=dict)
    """Job → a file with the right bytes."""
    lost: Mapping[int, str] = field(default_factory=dict)
    """Job → why there is none."""
    wrong: frozenset[int] = frozenset()
    """Those of them of which other bytes came."""
    pending: Mapping[int, str] = field(default_factory=dict)
    """Job → what the archive says of a pack that is on its way."""

    def is_amiss(self, job: Job) -> bool:
        """Whether a pack did not come back."""
        return job.id in self.lost or job.id in self.pending


def fetch(archive: Archive, policy: Policy, jobs: Sequence[Job], folder: Path) -> Fetched:
    """Let an archive give packs back into a folder, all in one call, and look at what came.

    What lies there already, from a process that was killed, is not asked for again. ArchiveError when the archive
    raises; what it had given back by then stays in the folder.
    """
    paths = {job.id: folder / job.wanted.name for job in jobs}
    asked = [job for job in jobs if problem(paths[job.id], job)]
    for job in asked:
        paths[job.id].unlink(missing_ok=True)
    answer = Answer(())
    if asked:
        sets = [as_file_set(job, str(paths[job.id])) for job in asked]
        answer = archive.restore(sets, policy.uuid, is_bulk=policy.is_bulk)
    amiss = {job.id: (job, what) for job in jobs if (what := problem(paths[job.id], job))}
    wrong = frozenset(id for id in amiss if paths[id].is_file())
    coming = {each.item_id: each.words for each in answer.pending}
    pending = {id: coming[job.wanted.name] for id, (job, _) in amiss.items() if job.wanted.name in coming}
    for id in amiss:
        paths[id].unlink(missing_ok=True)
    claimed, refusal = {each.item_id for each in answer.done}, refusals(answer)
    return Fetched(
        {id: path for id, path in paths.items() if id not in amiss},
        {
            id: what if id in wrong else NOWHERE if job.wanted.name in claimed else refusal(job)
            for id, (job, what) in amiss.items()
            if id in wrong or id not in pending
        },
        wrong,
        {id: words for id, words in pending.items() if id not in wrong},
    )


def problem(file: Path, job: Job) -> str:
    """Return in words what is the matter with a file that is to be a pack; empty when nothing is."""
    sha1, own, size = hashlib.sha1(usedforsecurity=False), blake3(), 0
    try:
        with open(file, "rb") as opened:
            while piece := opened.read(_PIECE):
                sha1.update(piece)
                own.update(piece)
                size += len(piece)
    except FileNotFoundError:
        return NOWHERE
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    if size < job.wanted.size:
        return CUT_SHORT.format(there=size, size=job.wanted.size)
    is_right = own.digest() == job.wanted.pack and job.wanted.sha1 in ("", sha1.hexdigest())
    return "" if is_right else OTHER_BYTES


def recall(desk: Desk) -> Report:
    """Bring back what is queued for that, and put it online. As `Calls.run`."""

    def ask(archive: Archive, policy: Policy, jobs: Sequence[Job], call: str) -> Iterable[Outcome]:
        offline = desk.depot.offline([job.wanted.pack for job in jobs])
        with desk.depot.room() as folder:
            fetched = fetch(archive, policy, [job for job in jobs if job.wanted.pack in offline], folder)
            desk.depot.take_back({job.wanted.pack: fetched.files[job.id] for job in jobs if job.id in fetched.files})
        return [_outcome(job, State.RESTORED, fetched.lost, fetched.pending) for job in jobs]

    return Calls(desk, Kind.RECALL, _by_room(desk), ask).run()


def purge(desk: Desk) -> Report:
    """Delete the online copies of what is queued for that, each after its archive gave it back whole. As `Calls.run`.

    Where the person accepted that for a policy (`Policy.trusts_archive`), the archive looks at its copies itself
    instead. What it gives back wrong nobody counts on any more.
    """

    def ask(archive: Archive, policy: Policy, jobs: Sequence[Job], call: str) -> Iterable[Outcome]:
        known, offline = desk.depot.held(), desk.depot.offline([job.wanted.pack for job in jobs])
        held = {job.id: [each for each in known.get(job.wanted.pack, ()) if is_copy(job, each)] for job in jobs}
        online = [job for job in jobs if job.wanted.pack not in offline]
        claimed = [job for job in online if held[job.id]]
        fetched = (_trusted if policy.trusts_archive else _looked_at)(desk, archive, policy, claimed)
        whole = [job for job in claimed if not fetched.is_amiss(job)]
        desk.depot.release([each for id in fetched.wrong for each in held[id]])
        verified = {"verified_ns": desk.clock(), "is_trusted": policy.trusts_archive}
        desk.depot.record([replace(each, **verified) for job in whole for each in held[job.id]])
        lost = _purged(desk, whole)
        lost |= {job.id: NOT_HELD for job in online if not held[job.id]}
        return [_outcome(job, State.PURGED, {**lost, **fetched.lost}, fetched.pending) for job in jobs]

    return Calls(desk, Kind.PURGE, _by_room(desk), ask).run()


def purge_again(desk: Desk, retried: Collection[int]) -> Report:
    """Purge what is queued for that, and queue to be archived anew what of these jobs did not come back again.

    So a fault that has passed costs one more reading, and no copying. As `Calls.run`.
    """
    began_ns, report = desk.clock(), purge(desk)
    held = desk.depot.held()
    doubted = [
        job
        for job, _ in report.failed
        if job.id in retried and not any(each.verified_ns >= began_ns for each in held.get(job.wanted.pack, ()))
    ]
    again = desk.jobs.copy_again(doubted)
    report.failed = [each for each in report.failed if each[0].id not in again]
    return report


def _purged(desk: Desk, jobs: Sequence[Job]) -> dict[int, str]:
    """Purge what was found whole; return of each pack that stays why."""
    stays = {}
    for request, mine in by_request(jobs).items():
        why = desk.depot.purge([job.wanted.pack for job in mine], desk.jobs.request(request).snapshots)
        stays.update({job.id: why[job.wanted.pack] for job in mine if job.wanted.pack in why})
    return stays


def _trusted(desk: Desk, archive: Archive, policy: Policy, jobs: Sequence[Job]) -> Fetched:
    """Let an archive look at its own copies, where they are."""
    answer = archive.verify([as_file_set(job) for job in jobs], policy.uuid) if jobs else Answer(())
    if answer is None:
        return Fetched(lost={job.id: UNVERIFIED.format(archive=archive.name) for job in jobs})
    good, refusal = accepted(answer), refusals(answer)
    return Fetched(lost={job.id: refusal(job) for job in jobs if job.wanted.name not in good})


def _looked_at(desk: Desk, archive: Archive, policy: Policy, jobs: Sequence[Job]) -> Fetched:
    with desk.depot.room() as folder:
        fetched = fetch(archive, policy, jobs, folder)
        for file in fetched.files.values():
            file.unlink(missing_ok=True)
    return fetched


def _outcome(job: Job, done: State, lost: Mapping[int, str], pending: Mapping[int, str]) -> Outcome:
    if job.id in lost:
        return Outcome(job.id, State.FAILED, lost[job.id])
    if job.id in pending:
        return Outcome(job.id, AT_WORK[job.kind], pending[job.id])
    return Outcome(job.id, done)


def _by_room(desk: Desk) -> Callable[[Policy, Sequence[Job]], list[list[Job]]]:
    return lambda policy, jobs: portions(jobs, desk.depot.room_size)
