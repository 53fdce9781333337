"""Handing packs over to archives, and telling archives what they need not keep."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from yester.engine.archive.asked import Job, Kind, Outcome, State, by_request, portions
from yester.engine.archive.calling import Calls, Desk, Report
from yester.engine.archive.depot import Lent
from yester.engine.archive.due import Gathered, due
from yester.engine.archive.holdings import Holding
from yester.engine.archive.port import Answer, Archive, FileSet, Policy
from yester.engine.archive.volumes import volumes_of
from yester.engine.ids import PackId

SILENCE = "The archive said nothing of it"
TOO_LATE = "A prune has deleted it meanwhile: no snapshot needs it any more"


def hand_over(desk: Desk, *, at_once: bool = False) -> Report:
    """Hand over what is queued; with `at_once` also what a bulk policy would still gather. As `Calls.run`."""

    def form(policy: Policy, jobs: Sequence[Job]) -> list[list[Job]]:
        if not policy.is_bulk:
            return [call for each in by_request(jobs).values() for call in portions(each, desk.depot.room_size)]
        if at_once or is_due(policy, jobs, desk.clock()):
            return portions(jobs, desk.depot.room_size)
        if jobs:
            calls.leave(jobs[0].wanted.archive, jobs, f"Gathered for {policy.name}", is_usual=True)
        return []

    def ask(archive: Archive, policy: Policy, jobs: Sequence[Job], call: str) -> Iterable[Outcome]:
        known, offline = desk.depot.held(), desk.depot.offline([job.wanted.pack for job in jobs])
        # A kill after the repository knew of it, or another machine: the archive has it.
        held = {
            job.id: each
            for job in jobs
            for each in known.get(job.wanted.pack, ())
            if is_of(job, each) and (each.job == call or job.wanted.pack in offline or not _is_doubted(job))
        }
        rest = [job for job in jobs if job.id not in held]
        handed = _handed(desk, archive, policy, rest, call, calls.report) if rest else []
        return [*(_taken(job, held[job.id]) for job in jobs if job.id in held), *handed]

    calls = Calls(desk, Kind.ARCHIVE, form, ask)
    return calls.run()


def _is_doubted(job: Job) -> bool:
    """Whether the archive had it and did not give it back, and a person asked again: it is to take another copy."""
    return bool(job.wanted.sha1)


def is_due(policy: Policy, jobs: Sequence[Job], now_ns: int) -> bool:
    """Whether what waits for a bulk policy is to be handed over."""
    if not jobs:
        return False
    return due(gathered(jobs), policy.constraints, _local(now_ns)) is not None


def gathered(jobs: Sequence[Job]) -> Gathered:
    """Return what waits; there is some."""
    return Gathered(len(jobs), sum(job.wanted.size for job in jobs), _local(min(job.queued_ns for job in jobs)))


def let_go(desk: Desk) -> Report:
    """Tell archives to delete what is queued for that, and let every machine know. As `Calls.run`.

    A copy that an archive keeps in one place with another one that counts stays there.
    """

    def form(policy: Policy, jobs: Sequence[Job]) -> list[list[Job]]:
        return [[*jobs]] if jobs else []

    def ask(archive: Archive, policy: Policy, jobs: Sequence[Job], call: str) -> Iterable[Outcome]:
        held = desk.depot.held()
        told = [job for job in jobs if not _is_shared(job, held.get(job.wanted.pack, ()))]
        answer = archive.delete([as_file_set(job) for job in told], policy.uuid) if told else Answer(())
        gone, refusal = accepted(answer), refusals(answer)
        failed = {job.id for job in told if job.wanted.name not in gone}
        over = {job.wanted.pack: job for job in jobs if job.id not in failed}
        copies = [each for each in desk.depot.unneeded() if each.pack in over]
        desk.depot.drop([each for each in copies if is_copy(over[PackId(each.pack)], each)])
        return [
            Outcome(job.id, State.FAILED, refusal(job)) if job.id in failed else Outcome(job.id, State.DELETED)
            for job in jobs
        ]

    return Calls(desk, Kind.DELETE, form, ask).run()


def is_copy(job: Job, holding: Holding) -> bool:
    """Whether a holding is the very copy that a job is about: an archive may hold several."""
    return is_of(job, holding) and holding.external_ids == job.wanted.external_ids


def _is_shared(job: Job, held: Iterable[Holding]) -> bool:
    """Whether deleting what the archive calls a copy would take one that counts."""
    ids = {*job.wanted.external_ids}
    return any(each.archive == job.wanted.archive and not ids.isdisjoint(each.external_ids) for each in held)


def as_file_set(job: Job, *files: str) -> FileSet:
    """Return what an archive that has it knows a pack as."""
    return FileSet(files, job.wanted.name, job.wanted.sha1, job.wanted.external_ids)


def is_of(job: Job, holding: Holding) -> bool:
    """Whether a job is about this copy."""
    return (holding.pack, holding.archive, holding.policy) == (job.wanted.pack, job.wanted.archive, job.wanted.policy)


def accepted(answer: Answer) -> dict[str, FileSet]:
    """Return the file sets that an archive did, by name; what it also refused is not among them."""
    refused = {each.item_id for each in answer.refused}
    return {each.item_id: each for each in answer.done if each.item_id not in refused}


def refusals(answer: Answer) -> Callable[[Job], str]:
    """Return what tells what an archive said of a pack that it did not do."""
    said = {each.item_id: each.words for each in answer.refused}
    return lambda job: said.get(job.wanted.name) or answer.words or SILENCE


def _handed(
    desk: Desk, archive: Archive, policy: Policy, jobs: Sequence[Job], call: str, report: Report
) -> list[Outcome]:
    packs = [job.wanted.pack for job in jobs]
    with desk.depot.lent(packs) as lent:
        sets = [
            FileSet(found.files, job.wanted.name, found.sha1)
            for job in jobs
            if isinstance(found := lent[job.wanted.pack], Lent)
        ]
        answer = archive.archive(sets, policy.uuid, call) if sets else Answer(())
    report.hear(answer.words, *answer.remarks)
    done, now_ns = accepted(answer), desk.clock()
    taken = {
        job.id: _holding(archive, job, each, answer, call, now_ns)
        for job in jobs
        if (each := done.get(job.wanted.name))
    }
    late = desk.depot.record([*taken.values()])
    refusal = refusals(answer)
    return [
        Outcome(job.id, State.FAILED, TOO_LATE)
        if job.wanted.pack in late
        else _handed_outcome(job, taken.get(job.id), lent[job.wanted.pack], refusal)
        for job in jobs
    ]


def _holding(archive: Archive, job: Job, given: FileSet, answer: Answer, call: str, now_ns: int) -> Holding:
    return Holding(
        pack=job.wanted.pack,
        archive=job.wanted.archive,
        policy=job.wanted.policy,
        external_ids=tuple(given.external_ids),
        sha1=given.sha1,
        size=job.wanted.size,
        job=call,
        archived_ns=now_ns,
        volumes=volumes_of(answer.extra, job.wanted.name),
        archive_name=archive.name,
    )


def _taken(job: Job, holding: Holding) -> Outcome:
    return Outcome(job.id, State.ARCHIVED, "", holding.external_ids, holding.sha1)


def _handed_outcome(job: Job, taken: Holding | None, lent: Lent | str, refusal: Callable[[Job], str]) -> Outcome:
    if taken is not None:
        return _taken(job, taken)
    return Outcome(job.id, State.FAILED, lent if isinstance(lent, str) else refusal(job))


def _local(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / 1e9)
