"""Recalls to their end: from another archive where one fails, and waited for where it takes its time."""

import time
from collections.abc import Callable, Collection

from yester.engine.archive.asked import Kind, Request
from yester.engine.archive.bringing_back import recall
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.recall_plan import Offers, Place, plan_recall
from yester.engine.errors import CancelledError
from yester.engine.ids import PackId

POLL_S = 60.0
"""How often an archive is asked again that is not ready, or says that it is at it."""
_TICK_S = 0.2


def recall_from_any(desk: Desk, offers: Offers, renewed: Callable[[], Request]) -> Report:
    """Bring back what is queued; what an archive fails to give back, another one is asked for that has it too.

    `renewed` returns a fresh request for that. The report has as failed what none gave back. As `Calls.run`.
    """
    report = recall(desk)
    tried: set[tuple[PackId, Place]] = set()
    while failed := {job.wanted.pack: (job.wanted.archive, job.wanted.policy) for job, _ in report.failed}:
        tried |= {*failed.items()}
        plan = plan_recall(failed, desk.depot.held(), offers, tried)
        again = [each for each in plan.wanted() if (each.pack, (each.archive, each.policy)) not in tried]
        if not again:
            break
        desk.jobs.add(renewed(), again)
        packs = {each.pack for each in again}
        report.failed = [(job, words) for job, words in report.failed if job.wanted.pack not in packs]
        report.take(recall(desk))
    return report


def await_recall(
    desk: Desk, packs: Collection[PackId], step: Callable[[], Report], tell: Callable[[str], None] = lambda words: None
) -> Report:
    """Take a step again and again until nothing is open of these packs. CancelledError.

    `tell` hears what is waited for, whenever that is something else.
    """
    report, told = step(), ""
    while _is_open(desk, packs):
        words = "; ".join(dict.fromkeys(each.words for each in report.waiting))
        if words != told:
            tell(f"Waiting: {words}")
            told = words
        _wait(desk)
        report.waiting = []
        report.take(step())
    return report


def _is_open(desk: Desk, packs: Collection[PackId]) -> bool:
    jobs = (*desk.jobs.waiting(Kind.RECALL), *desk.jobs.broken_off(Kind.RECALL))
    return any(job.wanted.pack in packs for job in jobs)


def _wait(desk: Desk) -> None:
    end = time.monotonic() + POLL_S
    while time.monotonic() < end:
        if desk.cancelled():
            raise CancelledError("Cancelled", hint="What was asked for stays asked for: the same command goes on.")
        time.sleep(_TICK_S)
