"""Calls to archives: one after another, each claimed before and settled after, whatever the archive does in it.

An archive that raises in a call has done nobody knows what. Then the jobs of the call are asked for again in two
halves, and so on, so that one pack that it cannot bear takes no other with it; until it has raised so often on end that
it is the archive and not the pack. That costs it nothing twice: a pack is told apart by its name and its sha1.

An archive that is not installed or not ready is not asked: its jobs wait, and say why. So do those of one that raises,
or does nothing of what it was asked, and then says that it is no longer ready.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from yester.engine.archive.asked import AT_WORK, FIRST, Job, Kind, Outcome, State, halves
from yester.engine.archive.depot import Depot
from yester.engine.archive.jobs import Jobs
from yester.engine.archive.port import Archive, Archives, Policy
from yester.engine.errors import ArchiveError, CancelledError, UsageError
from yester.engine.events import ArchiveBegin, ArchiveEnd, Phase
from yester.engine.hooks import Hooks, NoHooks, tell
from yester.engine.progress import Counters, NoProgress, Progress

_LEAST_RAISES = 3

ACTIONS: Mapping[Kind, str] = {**{kind: str(kind) for kind in Kind}, Kind.PURGE: "verify"}
"""What events say: the purge itself tells of itself (engine/archive/purging.py)."""
PHASES: Mapping[Kind, Phase] = {
    Kind.ARCHIVE: Phase.STORE,
    Kind.PURGE: Phase.CONTENT,
    Kind.RECALL: Phase.READ,
    Kind.DELETE: Phase.DELETE,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Jobs that were not begun."""

    archive: str
    jobs: tuple[Job, ...]
    words: str
    is_usual: bool = False
    """Nothing is the matter: they are gathered, or on their way."""


@dataclass(slots=True)
class Report:
    """What came of the work."""

    done: list[Job] = field(default_factory=list)
    failed: list[tuple[Job, str]] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What archives said beside, each thing once."""

    def hear(self, *sentences: str) -> None:
        """Keep what an archive said of a whole call, or is to be said of it."""
        self.said += [words for words in dict.fromkeys(sentences) if words and words not in self.said]

    def take(self, other: "Report") -> None:
        """Add what came of other work."""
        self.done += other.done
        self.failed += other.failed
        self.waiting += other.waiting
        self.hear(*other.said)


@dataclass(slots=True)
class Desk:
    """All that the work with archives needs."""

    jobs: Jobs
    depot: Depot
    archives: Archives
    alone: Callable[[Kind], AbstractContextManager[None]]
    """Holds the lock of a kind of work, waiting for it; who holds it already goes on."""
    hooks: Hooks = field(default_factory=NoHooks)
    progress: Progress = field(default_factory=NoProgress)
    cancelled: Callable[[], bool] = lambda: False
    clock: Callable[[], int] = time.time_ns


Ask = Callable[[Archive, Policy, Sequence[Job], str], Iterable[Outcome]]
"""Asks an archive about jobs, by a call of this id, and returns what became of each. ArchiveError: nobody knows."""
Form = Callable[[Policy, Sequence[Job]], list[list[Job]]]
"""Returns what is handed over in one call each; what is left out waits on."""


class Calls:
    """The work of one kind."""

    def __init__(self, desk: Desk, kind: Kind, form: Form, ask: Ask) -> None:
        """Nothing is asked yet."""
        self._desk, self._kind, self._form, self._ask = desk, kind, form, ask
        self._counters = Counters()
        self._raises = 0
        self.report = Report()

    def run(self) -> Report:
        """Do what waits and what was broken off. CancelledError between two calls."""
        desk = self._desk
        with desk.alone(self._kind):
            broken, waiting = desk.jobs.broken_off(self._kind), desk.jobs.waiting(self._kind)
            desk.progress.phase(PHASES[self._kind])
            self._counters.total_files = len(broken) + len(waiting)
            self._counters.total_size = sum(job.wanted.size for job in (*broken, *waiting))
            desk.progress.update(self._counters)
            for (guid, policy), jobs in _by_place([*broken, *waiting]).items():
                archive, why = self._reached(guid)
                if archive is None:
                    self.leave(guid, jobs, why)
                else:
                    self._serve(archive, policy, jobs)
        return self.report

    def leave(self, archive: str, jobs: Sequence[Job], words: str, *, is_usual: bool = False) -> None:
        """Let jobs wait, and say why."""
        self._desk.jobs.note([job for job in jobs if job.words != words], words)
        self.report.waiting.append(Waiting(archive, tuple(jobs), words, is_usual))

    def _reached(self, guid: str) -> tuple[Archive | None, str]:
        """Return an archive that can be asked; or none, and why."""
        try:
            archive = self._desk.archives.named(guid)
        except UsageError as error:
            return None, error.what
        found = self._desk.archives.readiness(archive)
        if found.is_ready:
            return archive, ""
        said = f": {found.words}" if found.words else ""
        return None, f"{archive.name} is not ready{_ago(self._desk.clock() - found.asked_ns)}{said}"

    def _serve(self, archive: Archive, policy_uuid: str, jobs: Sequence[Job]) -> None:
        """Make all calls to one archive for one policy."""
        began_ns, before = time.monotonic_ns(), len(self.report.failed)
        try:
            known = {policy.uuid: policy for policy in archive.policies()}
        except ArchiveError as error:
            return self.leave(archive.guid, jobs, error.what)
        policy = known.get(policy_uuid)
        if policy is None and self._kind is Kind.ARCHIVE:
            return self.leave(archive.guid, jobs, f"{archive.name} has no storage policy {policy_uuid} any more")
        policy = policy or Policy(policy_uuid, policy_uuid, is_bulk=False)
        calls = [*_broken(jobs), *((new_call(), each) for each in self._form(policy, _unclaimed(jobs)))]
        if not calls:
            return None
        tell(self._desk.hooks, ArchiveBegin(archive.name, ACTIONS[self._kind], sum(len(each) for _, each in calls)))
        self._raises = 0
        try:
            for call, each in calls:
                if not self._carry(archive, policy, call, each):
                    break
        finally:
            failed = len(self.report.failed) - before
            tell(
                self._desk.hooks, ArchiveEnd(archive.name, ACTIONS[self._kind], failed, time.monotonic_ns() - began_ns)
            )
        return None

    def _carry(self, archive: Archive, policy: Policy, call: str, jobs: Sequence[Job]) -> bool:
        """Make one call; when the archive raises, two for the halves. Return whether it may be asked for more."""
        if self._desk.cancelled():
            raise _cancelled()
        claimed = self._desk.jobs.claim(jobs, call, self._desk.clock())
        if not claimed:
            return True
        try:
            outcomes = list(self._ask(archive, policy, claimed, call))
        except ArchiveError as error:
            return self._went_wrong(archive, policy, claimed, error.what)
        self._raises = 0
        if all(each.state is State.FAILED for each in outcomes) and not _is_ready(archive):
            self._settle(claimed, [Outcome(each.job, FIRST[self._kind], each.words) for each in outcomes])
            return False
        self._settle(claimed, outcomes)
        return True

    def _went_wrong(self, archive: Archive, policy: Policy, jobs: Sequence[Job], words: str) -> bool:
        if self._desk.cancelled():
            raise _cancelled()  # perhaps that is what broke it off: the next command asks by the same call
        self._raises += 1
        if not _is_ready(archive):
            self._settle(jobs, [Outcome(job.id, FIRST[job.kind], words) for job in jobs])
            return False
        if len(jobs) == 1 or self._raises > _LEAST_RAISES + len(jobs).bit_length():
            self._settle(jobs, [Outcome(job.id, State.FAILED, words) for job in jobs])
            return True
        first, second = halves(jobs)
        return self._carry(archive, policy, new_call(), first) and self._carry(archive, policy, new_call(), second)

    def _settle(self, jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
        self._desk.jobs.settle(jobs, outcomes, self._desk.clock())
        of = {job.id: job for job in jobs}
        for each in outcomes:
            job = of[each.job]
            if each.state is State.FAILED:
                self.report.failed.append((job, each.words))
            elif each.state in (FIRST[self._kind], AT_WORK[self._kind]):
                is_coming = each.state is AT_WORK[self._kind]
                self.report.waiting.append(Waiting(job.wanted.archive, (job,), each.words, is_coming))
            else:
                self.report.done.append(replace(job, state=each.state, words=each.words))
                self._counters.size += job.wanted.size
            self._counters.files += 1
        self._counters.failed = len(self.report.failed)
        self._desk.progress.update(self._counters)


def _cancelled() -> CancelledError:
    return CancelledError("Cancelled", hint="The rest waits: yester archive run goes on with it.")


def _is_ready(archive: Archive) -> bool:
    """Ask an archive itself, whatever it said before."""
    try:
        return archive.is_ready()
    except ArchiveError:
        return False


def new_call() -> str:
    """Return a fresh id for a call: what an archive knows as the job."""
    return os.urandom(8).hex()


def _ago(age_ns: int) -> str:
    seconds = max(0, age_ns) // 10**9
    return "" if seconds < 2 else f", as was asked {seconds} s ago"


def _by_place(jobs: Iterable[Job]) -> dict[tuple[str, str], list[Job]]:
    found: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        found.setdefault((job.wanted.archive, job.wanted.policy), []).append(job)
    return found


def _broken(jobs: Sequence[Job]) -> list[tuple[str, list[Job]]]:
    """Return the calls that were broken off, with their jobs."""
    calls: dict[str, list[Job]] = {}
    for job in jobs:
        if job.state is AT_WORK[job.kind]:
            calls.setdefault(job.call, []).append(job)
    return [*calls.items()]


def _unclaimed(jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if job.state is FIRST[job.kind]]
