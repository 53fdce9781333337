"""The desk at which commands work with archives, and the work itself: as a run of its own, or for who reads a mount."""

import fcntl
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yester.engine.archive.asked import Kind
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.jobs import Jobs
from yester.engine.archive.recall_plan import plan_recall
from yester.engine.archive.recaller import Recaller
from yester.engine.archive.recalling import recall_from_any
from yester.engine.archive.roles import Role
from yester.engine.catalogue.locking import held_alone
from yester.engine.errors import CancelledError
from yester.engine.events import Message
from yester.engine.hooks import Hooks, NoHooks
from yester.engine.ids import PackId
from yester.engine.places import Places, unwritable
from yester.engine.profiles.profile import ArchiveSpec, Profile
from yester.engine.progress import NoProgress, Progress
from yester.engine.repository import Repository
from yester.tui.cli.archive_words import complaints, remarks, report_as_json, report_lines
from yester.tui.cli.archiving import archives_of, check_roles, new_request, offers_of, profile_named
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.visiting import Screen, visited
from yester.tui.cli.wording import one_line

if TYPE_CHECKING:
    from yester.engine.archive.port import Archives
    from yester.plugins.asks import Audience

SOME_FAILED = 3
"""The exit code of a command that could not do it for all packs."""
_LOCKS = {Kind.ARCHIVE: "in", Kind.PURGE: "in", Kind.DELETE: "in", Kind.RECALL: "out"}
"""Who brings packs back waits for nobody who hands some over."""

READERS = "what is read in a mount"
LOST = "No archive is known to hold it"

Step = Callable[[Desk], Report]


@contextmanager
def desk_at(
    opened: Repository,
    places: Places,
    profile: Profile | None,
    archives: "Archives",
    *,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Iterator[Desk]:
    """Give what the work with archives needs."""
    from yester.engine.archive.own_depot import OwnDepot
    from yester.engine.archive.staging import Staging, staging_folder

    spec = ArchiveSpec() if profile is None else profile.archive
    folder = staging_folder(places, spec, opened.config.repository)
    staging = Staging(opened.store, folder, spec.staging_size)

    def waiting() -> None:
        if cancelled():
            raise CancelledError("Cancelled", hint="What was asked for waits: yester archive run goes on with it.")

    held: set[Path] = set()

    @contextmanager
    def alone(kind: Kind) -> Iterator[None]:
        path = _lock(opened, kind)
        if path in held:
            yield
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(held_alone(path, waiting))
            except OSError as error:
                raise unwritable(path, error) from None
            held.add(path)
            stack.callback(held.discard, path)
            yield

    with Jobs(opened.state) as jobs:
        depot = OwnDepot(opened, staging, hooks, progress, cancelled)
        yield Desk(jobs, depot, archives, alone, hooks, progress, cancelled)


def is_at_work(opened: Repository, kind: Kind) -> bool:
    """Whether a process of this machine does this kind of work now."""
    try:
        descriptor = os.open(_lock(opened, kind), os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # nobody ever did
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(opened: Repository, kind: Kind) -> Path:
    return opened.state / f"archive-{_LOCKS[kind]}.lock"


class Switchboard:
    """Connects archives with who listens now: the screen while a command plans, its run while it works."""

    def __init__(self, audience: "Audience") -> None:
        self.audience = audience
        self.stopping: Callable[[], bool] = lambda: False
        self.tell: Callable[[str], None] = lambda text: None
        """Says something to who watches, while the work goes on."""

    def said(self, message: Message) -> None:
        """Pass on what an archive says."""
        self.audience.said(message)

    def printed(self, message: Message) -> None:
        """Pass on what an archive prints."""
        self.audience.printed(message)


@dataclass(frozen=True, slots=True)
class Bench:
    """An opened repository with the archives of this machine, and whose command works on it."""

    opened: Repository
    places: Places
    profile: Profile | None
    as_json: bool
    archives: "Archives"
    switchboard: Switchboard
    run: str = ""
    """The run's id, where somebody was told it already."""
    begun: Callable[[], None] | None = None
    """Called when the work has begun, where it then goes on in the background."""

    def work(self, action: str, *steps: Step) -> Report:
        """Take the steps as a run that is recorded, and return what came of all of them."""
        place = self.opened.store.place
        work = Work(action, repository=place) if self.profile is None else Work.of(action, self.profile, place)
        is_quiet, begun = self.as_json or self.begun is not None, self.begun or _nothing
        with recorded(self.places, work, quiet=is_quiet, run=self.run, begun=begun) as run:
            report = run.supervise(lambda cancelled: self.take(run, cancelled, *steps))
            run.ends("errors" if report.failed else "complete", SOME_FAILED if report.failed else 0)
        return report

    def take(self, run: Recorded, cancelled: Callable[[], bool], *steps: Step) -> Report:
        """Take the steps as a part of a run, and return what came of all of them."""
        self.switchboard.audience, self.switchboard.stopping = run.audience, lambda: run.control.signal != 0
        self.switchboard.tell = lambda text: _tell(run, text)
        report = Report()
        with desk_at(
            self.opened,
            self.places,
            self.profile,
            self.archives,
            hooks=run.hooks,
            progress=run.watch,
            cancelled=cancelled,
        ) as desk:
            for step in steps:
                report.take(step(desk))
        for words in complaints(report):
            run.hooks.on_message(run.warning(words))
        for words in remarks(report):
            run.notes(words)
        return report

    def say(self, report: Report, **more: object) -> int:
        """Say what came of it, and return the exit code. What went wrong was said when the run ended."""
        if self.as_json:
            echo_json({**more, **report_as_json(report)})
        else:
            click.echo("\n".join(map(one_line, [*report_lines(report), *remarks(report)])))
        return SOME_FAILED if report.failed else 0


@contextmanager
def bench_at(
    opened: Repository,
    places: Places,
    profile: Profile | None,
    *,
    as_json: bool,
    run: str = "",
    begun: Callable[[], None] | None = None,
) -> Iterator[Bench]:
    """Give a bench for the time of a command."""
    board = Switchboard(Screen(places))
    with archives_of(places, board, profile, lambda: board.stopping()) as archives:
        yield Bench(opened, places, profile, as_json, archives, board, run, begun)


@contextmanager
def bench_of(
    names: Sequence[str],
    asked: Access,
    *,
    as_json: bool,
    action: str = "archive",
    run: str = "",
    begun: Callable[[], None] | None = None,
) -> Iterator[Bench]:
    """Open and unlock the repository of what is named, or the one that is meant, and give a bench at it."""
    places = Places.default()
    profile = profile_named(names, asked.repository, places)
    with (
        visited(action, asked, places, profile) as opened,
        bench_at(opened, places, profile, as_json=as_json, run=run, begun=begun) as bench,
    ):
        opened.unlock()
        yield bench


def _tell(run: Recorded, text: str) -> None:
    run.notes(text)
    run.watch.tell(text)


def _nothing() -> None:
    """Nobody waits for the work to begin."""


def recaller_of(
    opened: Repository, places: Places, profile: Profile | None, audience: "Audience", stopping: Callable[[], bool]
) -> Recaller:
    """Return what brings packs back for those who wait for them, such as readers of a mount. UsageError: no right."""
    check_roles([Role.RESTORE], [] if profile is None else [profile.name], opened.store.place, places)

    def bring(packs: Collection[PackId]) -> Mapping[PackId, str]:
        with (
            archives_of(places, audience, profile, stopping) as archives,
            desk_at(
                opened, places, profile, archives, hooks=NoHooks(), progress=NoProgress(), cancelled=stopping
            ) as desk,
        ):
            return _brought(desk, packs, places)

    return Recaller(bring)


def _brought(desk: Desk, packs: Collection[PackId], places: Places) -> Mapping[PackId, str]:
    """Bring packs back, and say of those that are not here why."""
    held, offers = desk.depot.held(), offers_of(desk.archives)
    plan = plan_recall(desk.depot.offline(packs), held, offers)
    desk.jobs.add(new_request(Kind.RECALL, READERS, places), plan.wanted())
    report = recall_from_any(desk, offers, lambda: new_request(Kind.RECALL, READERS, places))
    words = dict.fromkeys(plan.lost, LOST)
    words |= {job.wanted.pack: each.words for each in report.waiting for job in each.jobs}
    for job, said in report.failed:
        before = words.get(job.wanted.pack, "")
        mine = f"{job.wanted.archive_name or job.wanted.archive}: {said}"
        words[job.wanted.pack] = f"{before}; {mine}" if before else mine
    return {pack: words.get(pack, LOST) for pack in desk.depot.offline(packs)}
