"""Work that leaves a record: a journal, a socket for whoever follows it from elsewhere, and an end, however it ends.

A command wraps its work in `recorded`:

    with recorded(places, Work("prune", repository=place), quiet=as_json) as run:
        with closing(open_repository(…)) as opened:
            result = run.supervise(lambda cancelled: prune(opened, run.hooks, run.watch, cancelled))
        run.ends("errors" if result.problems else "complete", exit_code)

Its journal begins with run.begin and ends with run.end, whatever happens between; it can be followed, cancelled, paused
and resumed (`yester log`, `cancel`, `pause`, `resume`, the terminal program), is listed by `yester runs` and judged by
`yester status`. Nothing of that needs a line in the command. It also outlives its terminal.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click
from msgspec.structs import replace

from yester.engine.errors import BusyError, CancelledError, MissingRepository, RepositoryError, UsageError, YesterError
from yester.engine.events import (
    Error,
    ErrorCode,
    Event,
    Level,
    Message,
    MountAfter,
    MountBefore,
    Result,
    RunBegin,
    RunEnd,
    Unmount,
    shown,
)
from yester.engine.hooks import AllEvents, StopRun
from yester.engine.host import host_name
from yester.engine.journal import EventStream, JournalFile, LineSink, Recorder, journal_path, new_run_id
from yester.engine.messages.of_runs import RunMessages
from yester.engine.messages.of_stores import stores_heard
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.runs.control import RunControl
from yester.engine.runs.forecasting import Forecaster
from yester.engine.runs.history import thin_now_and_then
from yester.engine.runs.serving import RunSocket
from yester.engine.runs.sockets import control_folders
from yester.engine.sealed.config import PROGRAM
from yester.engine.tally import Tally, tallying
from yester.tui.cli.ears import Ears
from yester.tui.cli.failures import CANCELLED, TERMINATED, Terminated, complain
from yester.tui.cli.plugging import enabled_plugins
from yester.tui.cli.postponing import signals_postponed
from yester.tui.cli.progress import Watch, terminal_bar
from yester.tui.cli.showing import NewSnapshots
from yester.tui.cli.terminals import leave_dead_terminal, outliving_terminal

if TYPE_CHECKING:
    from yester.engine.repository import Repository
    from yester.plugins.asks import Audience
    from yester.plugins.dispatcher import Dispatcher

T = TypeVar("T")

_CODES: Sequence[tuple[type[YesterError], ErrorCode]] = (
    (BusyError, ErrorCode.ALREADY_RUNNING),
    (RepositoryError, ErrorCode.TARGET_MISSING),
    (UsageError, ErrorCode.NOT_CONFIGURED),
)


_LOOK_S = 1.0
"""How often it is looked for a repository that a run waits for."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a run is about, as far as that is known before it begins."""

    action: str
    """The command's name."""
    profile: str = ""
    profile_id: str = ""
    repository: str = ""
    sources: tuple[bytes, ...] = ()
    dry_run: bool = False
    spec: Profile | None = None
    """All that the profile says, where it is known."""

    @classmethod
    def of(cls, action: str, profile: Profile, repository: str, *, dry_run: bool = False) -> "Work":
        """Return work on a profile."""
        return cls(action, profile.name, profile.id.hex(), repository, profile.sources, dry_run, profile)


class Recorded:
    """A run that is being recorded."""

    def __init__(
        self,
        id: str,
        work: Work,
        recorder: Recorder,
        ears: Ears,
        watch: Watch,
        control: RunControl,
        tally: Tally,
    ) -> None:
        self.id = id
        self.hooks: AllEvents = ears
        self.audience: Audience = ears
        """Hears what plugins say."""
        self.watch = watch
        self.control = control
        self.exit_code = 0
        self.views = NewSnapshots()
        self.tally = tally
        """What has been asked of stores so far."""
        self.work, self.ears, self._recorder = work, ears, recorder
        self._result: Result = "complete"
        self._snapshots: int | None = None
        self._began_ns = time.monotonic_ns()

    @property
    def result(self) -> Result:
        """How it ended; while it has not, how it will if nothing is said to the contrary."""
        return self._result

    @property
    def snapshot(self) -> str:
        """The id of the snapshot that was taken; empty when there is none."""
        return self.ears.end.snapshot if self.ears.end is not None else ""

    def ends(self, result: Result, exit_code: int = 0) -> None:
        """Say how the run ends, unless an error ends it. Without this it ends `complete`."""
        self._result, self.exit_code = result, exit_code

    def leaves(self, snapshots: int) -> None:
        """Say how many complete snapshots of its profile and this machine there are after the run."""
        self._snapshots = snapshots

    def skips(self, reason: str) -> None:
        """Say that nothing was done, and why."""
        self.hooks.on_message(self._message(reason))
        self.ends("skipped")

    def notes(self, text: str) -> None:
        """Put words into the journal that nobody needs to hear at once."""
        self._recorder.event(self._message(text))

    def warning(self, text: str) -> Message:
        """Return a warning as a message of the run."""
        return self._message(text, "warning")

    def _message(self, text: str, level: Level = "info", timeout: int = -1) -> Message:
        work = self.work
        return Message(level=level, text=text, profile=work.profile, profile_id=work.profile_id, timeout=timeout)

    def is_metered(self) -> bool | None:
        """Whether a plugin says that the network is paid by volume; None when none knows."""
        known = self.ears.plugins.answer("metered") if self.ears.plugins is not None else None
        return known if isinstance(known, bool) else None

    @contextmanager
    def opened(self, opening: "Callable[[], Repository]", *, waits: bool = False) -> "Iterator[Repository]":
        """Open the repository of the work for the block, and tell of it before, when it is open and when it is not.

        A plugin may make it reachable before, and let go of it afterwards. With `waits` plugins may have one that is
        not there waited for. What fails is told before it is let go of.
        """
        about = (self.work.repository, self.work.profile, self.work.profile_id)
        self.ears.load()
        try:
            self._tell_of(MountBefore(*about))
            with closing(self._waited_for(opening) if waits else opening()) as repository:
                self.views.of(repository, self.work.repository)
                self._tell_of(MountAfter(*about))
                yield repository
        except BaseException as problem:
            self._tell(problem)
            raise
        finally:
            self.views.let_go()
            self._tell_of(Unmount(*about))

    def _tell_of(self, event: Event) -> None:
        """Tell of an event outside of supervised work; all hear it also when a signal comes meanwhile."""
        with signals_postponed(self.control):
            self.hooks.event(event)

    def _waited_for(self, opening: "Callable[[], Repository]") -> "Repository":
        """Open the repository; as long as it is not there, wait for as long as plugins want. The run begins then."""
        try:
            return opening()
        except MissingRepository as problem:
            wait = self.ears.plugins.waits() if self.ears.plugins is not None else None
            if wait is None or wait.seconds <= 0:
                raise
            text = f"{problem.what}; the run waits for it"
            last = problem
        self.hooks.on_run_begin(self._run_begin())
        if wait.is_announced:
            self.hooks.on_message(self._message(text, "error", round(wait.seconds)))
        else:
            self.notes(text)
        if sys.stderr.isatty():
            click.echo(f"waiting for the repository, {math.ceil(wait.seconds)} s at most", err=True)
        for _ in range(math.ceil(wait.seconds / _LOOK_S)):
            time.sleep(_LOOK_S)
            if self.control.signal:
                raise CancelledError("The run was cancelled while it waited for its repository")
            try:
                return opening()
            except MissingRepository as problem:
                last = problem
        raise last

    def supervise(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Run `work(cancelled)` in a thread, with signals and requests heard and progress shown."""
        return supervise(work, self.watch.tick, self.control, self._cut_off)

    def _cut_off(self) -> None:
        """End the record of a run whose process is about to end in the midst of its work."""
        self.ends("cancelled", 128 + self.control.signal)
        self.end()
        self._recorder.close()  # the work may still be telling something

    def begin(self, socket: RunSocket) -> None:
        """Write the first line."""
        self._recorder.event(replace(self._run_begin(), control=shown(os.fsencode(socket.path or ""))))

    def _run_begin(self) -> RunBegin:
        work = self.work
        return RunBegin(
            run=self.id,
            profile=work.profile,
            profile_id=work.profile_id,
            repository=work.repository,
            sources=tuple(map(shown, work.sources)),
            host=host_name(),
            pid=os.getpid(),
            program=PROGRAM,
            dry_run=work.dry_run,
            action=work.action,
        )

    def fail(self, problem: BaseException) -> None:
        """The run ends with an error; it is told unless it was."""
        self.exit_code = _exit_code(problem)
        self._result = "cancelled" if self.exit_code in (CANCELLED, TERMINATED) else "failed"
        if self._result == "failed" and not self.ears.has_failed:
            self.hooks.on_error(_error(problem, self.work))

    def _tell(self, problem: BaseException) -> None:
        """Tell what went wrong, and the end of a run that began while its repository was waited for."""
        self.fail(problem)
        if self.ears.has_begun and self.ears.end is None and not isinstance(problem, StopRun):
            self.hooks.on_run_end(replace(self._counted(), exit_code=self.exit_code))

    def end(self) -> None:
        """Write the last line."""
        end = self.ears.end or self._counted()
        times = self.ears.plugins.times() if self.ears.plugins is not None else ()
        calls = self.tally.rows()
        self._recorder.event(
            replace(end, run=self.id, result=self._result, exit_code=self.exit_code, plugins=times, store=calls)
        )

    def close(self) -> list[str]:
        """Let go of all that was open for the run, with its last line; return what its journal lost, in words."""
        if self.ears.plugins is not None:
            self.ears.plugins.close()
        self.views.close()
        self.end()
        return self._recorder.close()

    def _counted(self) -> RunEnd:
        done, work = self.watch.counters, self.work
        return RunEnd(
            run=self.id,
            result=self._result,
            profile=work.profile,
            profile_id=work.profile_id,
            files=done.files,
            directories=done.directories,
            size=done.size,
            new=done.new,
            changed=done.changed,
            unchanged=done.unchanged,
            failed=done.failed,
            stored_size=done.stored_size,
            snapshots=self._snapshots,
            duration_ns=time.monotonic_ns() - self._began_ns,
        )


def supervise(
    work: Callable[[Callable[[], bool]], T],
    tick: Callable[[], None] | None,
    control: RunControl | None = None,
    at_once: Callable[[], None] = lambda: None,
) -> T:
    """Run `work(cancelled)` in a thread, as tui/cli/supervising.py does, which is loaded now: trio takes its time."""
    from yester.tui.cli.supervising import supervise

    return supervise(work, tick, control, at_once)


@contextmanager
def recorded(
    places: Places,
    work: Work,
    *,
    quiet: bool,
    events: bool = False,
    run: str = "",
    begun: Callable[[], None] = lambda: None,
) -> Iterator[Recorded]:
    """Record what happens in the block as a run; errors pass through it. `quiet`: no progress for a person.

    `events`: print the journal's lines too. `run`: its id, fresh by default. `begun` is called when the work is known
    to have begun: the repository is open, and nobody stands in the way.
    """
    id = run or new_run_id(time.time_ns())
    journal = journal_path(places.state, id)
    sinks: list[LineSink] = [JournalFile(journal)]
    recorder = Recorder(sinks)
    control = RunControl(recorder.event)
    socket = RunSocket(id, control_folders(places), journal, control)
    sinks.append(socket)
    if events:
        sys.stdout.flush()
        sinks.append(EventStream(sys.stdout.fileno()))
    bar = terminal_bar(quiet=quiet or events)
    messages = RunMessages(places.state, id, work.profile, work.profile_id)
    ears = Ears(recorder, messages)
    forecaster = Forecaster(places.state, work.profile if work.action == "snap" else "", control)
    watch = Watch(recorder, bar, begun, forecaster.left_s, lambda: control.is_paused)
    has_failed = True
    with outliving_terminal(), stores_heard(lambda text: ears.said(recording.warning(text))), tallying() as tally:
        recording = Recorded(id, work, recorder, ears, watch, control, tally)
        try:
            recording.begin(socket)
            ears.plugins = _plugins_of(recording, places)
            yield recording
            begun()
            has_failed = False
        except BaseException as problem:
            recording.fail(problem)
            raise
        finally:
            # Where the journal is lost, so are the messages, for the same reason.
            lost = recording.close() or list(filter(None, [messages.problem]))
            thin_now_and_then(places)
            if bar is not None:
                bar.close()
            leave_dead_terminal()
            for sentence in [*ears.warnings, *([] if has_failed else lost)]:
                complain(sentence)


def _plugins_of(run: Recorded, places: Places) -> "Dispatcher | None":
    """Return the plugins that are on, which hear of the run and may ask it to stop."""
    work = run.work
    return enabled_plugins(
        places,
        run.ears,
        action=work.action,
        run=run.id,
        profile=work.spec,
        repository=work.repository,
        stopping=lambda: run.control.signal != 0,
        views=run.views,
    )


def _exit_code(problem: BaseException) -> int:
    match problem:
        case YesterError():
            return problem.exit_code
        case KeyboardInterrupt() | click.Abort():
            return CANCELLED
        case Terminated():
            return TERMINATED
        case _:
            return 1


def _error(problem: BaseException, work: Work) -> Error:
    code = next((code for kind, code in _CODES if isinstance(problem, kind)), ErrorCode.FAILED)
    text = str(problem) if isinstance(problem, YesterError | OSError) else f"{type(problem).__name__}: {problem}"
    hint = problem.hint if isinstance(problem, YesterError) else ""
    return Error(code=code, text=text, hint=hint, profile=work.profile, profile_id=work.profile_id)
