"""Recalls to their end: from another archive where one fails, and waited for where it takes its time.

Several processes may wait, for the same packs or for others. Whichever is first asks the archives, for all of them; the
others look at the jobs, and ask when the last time is long ago or something was queued since: nobody asks more often
because more of them wait, and one that is killed holds nobody up.
"""

import time
from collections.abc import Callable, Collection, Sequence

from yester.engine.archive.asked import Job, Kind, Request, State
from yester.engine.archive.bringing_back import recall
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.recall_plan import Offers, Place, plan_recall
from yester.engine.errors import CancelledError, UsageError
from yester.engine.ids import PackId

POLL_S = 60.0
"""How often an archive is asked again that is not ready, or says that it is at it."""
_TICK_S, _TICKS = 0.2, 5
TAKEN_BACK = "It was taken back"
STAYS_ASKED = "What was asked for stays asked for: the same command goes on."


def recall_from_any(desk: Desk, offers: Offers, renewed: Callable[[], Request]) -> Report:
    """Bring back what is queued; what an archive fails to give back, another one is asked for that has it too.

    `renewed` returns a fresh request for that. The report has as failed what none gave back, with what each of them
    said. Nobody else sees a pack as failed before the last one was asked. As `Calls.run`.
    """
    with desk.alone(Kind.RECALL):
        report = recall(desk)
        tried: set[tuple[PackId, Place]] = set()
        before: list[tuple[Job, str]] = []
        while failed := {job.wanted.pack: (job.wanted.archive, job.wanted.policy) for job, _ in report.failed}:
            tried |= {*failed.items()}
            plan = plan_recall(failed, desk.depot.held(), offers, tried)
            again = [each for each in plan.wanted() if (each.pack, (each.archive, each.policy)) not in tried]
            if not again:
                break
            desk.jobs.add(renewed(), again)
            packs = {each.pack for each in again}
            before += [each for each in report.failed if each[0].wanted.pack in packs]
            report.failed = [each for each in report.failed if each[0].wanted.pack not in packs]
            report.take(recall(desk))
        report.failed = [each for each in before if each[0].wanted.pack in failed] + report.failed
    return report


def await_recall(
    desk: Desk, packs: Collection[PackId], step: Callable[[], Report], tell: Callable[[str], None] = lambda words: None
) -> Report:
    """Take a step again and again until nothing is open of these packs, and return what became of them. CancelledError.

    Where others wait too, one takes the step for all. `tell` hears what is waited for, whenever that is something else.
    What only archives have that are not here fails, once nothing else is open: waiting would not bring it.
    """
    report, told, absent = _asked(desk, step), "", list[tuple[Job, UsageError]]()
    while left := _left(desk, packs):
        absent = _absent(desk, left)
        if len(absent) == len(left):
            break
        words = "; ".join(dict.fromkeys(each.words for each in left if each.words))
        if words and words != told:
            tell(f"Waiting: {words}")
            told = words
        _wait(desk, packs)
        report.waiting = []
        report.take(_asked(desk, step, is_needed=_is_due))
    return _of(packs, report, desk, absent if left else ())


def _asked(desk: Desk, step: Callable[[], Report], is_needed: Callable[[Desk], bool] = lambda desk: True) -> Report:
    """Take a step, alone, if it is still needed then."""
    with desk.alone(Kind.RECALL):
        if not is_needed(desk):
            return Report()
        try:
            return step()
        finally:
            desk.jobs.note_asked(Kind.RECALL, desk.clock())


def _open(desk: Desk, packs: Collection[PackId]) -> list[Job]:
    jobs = (*desk.jobs.waiting(Kind.RECALL), *desk.jobs.broken_off(Kind.RECALL))
    return [job for job in jobs if job.wanted.pack in packs]


def _left(desk: Desk, packs: Collection[PackId]) -> list[Job]:
    """Return the open jobs of packs that have not come from another archive meanwhile."""
    jobs = _open(desk, packs)
    offline = desk.depot.offline({job.wanted.pack for job in jobs}) if jobs else set[PackId]()
    return [job for job in jobs if job.wanted.pack in offline]


def _is_due(desk: Desk) -> bool:
    """Whether archives are to be asked now: nobody did within POLL_S, or nobody ever did for something."""
    age_ns = desk.clock() - desk.jobs.last_asked_ns(Kind.RECALL)
    waiting = desk.jobs.waiting(Kind.RECALL)
    return not 0 <= age_ns < POLL_S * 1e9 or any(not (job.words or job.call) for job in waiting)


def _absent(desk: Desk, jobs: Sequence[Job]) -> list[tuple[Job, UsageError]]:
    """Return the jobs whose archive is not here, and why."""
    found = []
    for job in jobs:
        try:
            desk.archives.named(job.wanted.archive)
        except UsageError as problem:
            found.append((job, problem))
    return found


def _wait(desk: Desk, packs: Collection[PackId]) -> None:
    """Return when archives are to be asked again, or when somebody else has brought the last of these."""
    while True:
        for _ in range(_TICKS):
            if desk.cancelled():
                raise CancelledError("Cancelled", hint=STAYS_ASKED)
            time.sleep(_TICK_S)
        if _is_due(desk) or not _open(desk, packs):
            return


def _of(packs: Collection[PackId], report: Report, desk: Desk, absent: Sequence[tuple[Job, UsageError]]) -> Report:
    """Return what became of these packs, also in the steps that others took, and of what no archive here has."""
    done = [job for job in report.done if job.wanted.pack in packs]
    failed = [(job, words) for job, words in report.failed if job.wanted.pack in packs]
    known = {job.wanted.pack for job in done} | {job.wanted.pack for job, _ in failed}
    for job in desk.jobs.last(Kind.RECALL, {*packs} - known):
        if job.state is State.RESTORED:
            done.append(job)
        elif job.state in (State.FAILED, State.CANCELLED):
            failed.append((job, job.words if job.state is State.FAILED else TAKEN_BACK))
    waiting = [each for each in report.waiting if not absent and any(job.wanted.pack in packs for job in each.jobs)]
    found = Report(done, [*failed, *((job, problem.what) for job, problem in absent)], waiting)
    found.hear(*report.said, *(problem.hint for _, problem in absent), *([STAYS_ASKED] if absent else ()))
    return found
