"""What the engine tells, and to whom: one method for each event, which plugins implement.

The engine and the shells call `tell(hooks, event)`. A hook's exception is the hook's own affair: whoever puts
plugins behind this protocol isolates them and turns their failures into messages. One exception means something:
StopRun out of `on_run_begin` ends the run before anything is read.

Order of one run: mount.before, mount.after, run.begin, (file, message, run.phase)…, error if there is one,
snapshot.new if there is one, run.end, unmount. A run whose repository is waited for has begun before mount.after. The
engine tells what lies between run.begin and run.end; who opens the repository tells the rest. run.phase, run.progress,
run.pause and run.resume go to the followers of a run (engine/journal.py), never to hooks. A journal has the same events
but for its frame: there run.begin is the first line and run.end the last (tui/cli/running.py), so that what fails
before and after the work is in it too.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from yester.engine.decisions import Candidate, Decisions
from yester.engine.errors import YesterError
from yester.engine.events import (
    AppExit,
    AppStart,
    ArchiveBegin,
    ArchiveEnd,
    CheckBegin,
    CheckEnd,
    Error,
    Event,
    File,
    Message,
    MountAfter,
    MountBefore,
    PruneBegin,
    PruneEnd,
    RestoreBegin,
    RestoreEnd,
    RunBegin,
    RunEnd,
    SnapshotNew,
    Unmount,
)

if TYPE_CHECKING:
    from yester.engine.capture.wishes import Wishes


class StopRun(YesterError):
    """A hook does not want this run; raised from `on_run_begin`, with the reason as text."""


class Hooks(Protocol):
    """One method for each event, named after it. Called on the thread that does the work, one call at a time."""

    wants_files: bool
    """Whether `on_file` is to be called; asked once, at the beginning of a run, so that the hot path pays nothing."""

    wants_decisions: bool
    """Whether `decide` is to be called; asked after `on_run_begin`, for the same reason."""

    def decide(self, candidates: Sequence[Candidate]) -> Decisions:
        """Say what becomes of entries before they are taken; only with `wants_decisions`. StopRun ends the run.

        None of them lies below a folder that was left out by an earlier call; those below one that this call leaves
        out are not taken, whatever it says about them. A run that has to begin anew asks again.
        """
        ...

    def wishes(self) -> "Wishes":
        """Return what is wanted of the run since this was asked last.

        Asked after `on_run_begin`, before a snapshot is committed and after `on_run_end`. From the second time on only
        what is about the snapshot's label counts, and a reason to abort until it is committed.
        """
        ...

    def on_app_start(self, event: AppStart) -> None:
        """The terminal program starts."""
        ...

    def on_app_exit(self, event: AppExit) -> None:
        """The terminal program ends."""
        ...

    def on_mount_before(self, event: MountBefore) -> None:
        """A repository is about to be opened."""
        ...

    def on_mount_after(self, event: MountAfter) -> None:
        """The repository is open."""
        ...

    def on_unmount(self, event: Unmount) -> None:
        """The repository is no longer needed."""
        ...

    def on_run_begin(self, event: RunBegin) -> None:
        """A run begins. StopRun ends it here."""
        ...

    def on_file(self, event: File) -> None:
        """A new or changed file was taken; only with `wants_files`."""
        ...

    def on_snapshot_new(self, event: SnapshotNew) -> None:
        """A snapshot is in the repository."""
        ...

    def on_message(self, event: Message) -> None:
        """Words for a person."""
        ...

    def on_error(self, event: Error) -> None:
        """The run failed, or ended with errors."""
        ...

    def on_run_end(self, event: RunEnd) -> None:
        """The run ended."""
        ...

    def on_restore_begin(self, event: RestoreBegin) -> None:
        """Files are about to be restored."""
        ...

    def on_restore_end(self, event: RestoreEnd) -> None:
        """The restore ended."""
        ...

    def on_check_begin(self, event: CheckBegin) -> None:
        """A check begins."""
        ...

    def on_check_end(self, event: CheckEnd) -> None:
        """The check ended."""
        ...

    def on_prune_begin(self, event: PruneBegin) -> None:
        """A prune begins."""
        ...

    def on_prune_end(self, event: PruneEnd) -> None:
        """The prune ended."""
        ...

    def on_archive_begin(self, event: ArchiveBegin) -> None:
        """An archive plugin begins to move objects."""
        ...

    def on_archive_end(self, event: ArchiveEnd) -> None:
        """The archive plugin is done."""
        ...


def method_name(kind: type[Event]) -> str:
    """Return the name of the method that takes events of this type: `run.begin` goes to `on_run_begin`."""
    return "on_" + kind.type_name().replace(".", "_")


def tell(hooks: Hooks, event: Event) -> None:
    """Call the method of `hooks` that takes this event."""
    getattr(hooks, method_name(type(event)))(event)


class AllEvents:
    """Hooks that take every event alike: a subclass gives `event`."""

    wants_files = False
    wants_decisions = False

    def decide(self, candidates: Sequence[Candidate]) -> Decisions:
        """Leave all as it is."""
        return {}

    def wishes(self) -> "Wishes":
        """Want nothing."""
        from yester.engine.capture.wishes import Wishes  # with it comes cryptography, and workers of plugins need none

        return Wishes()

    def event(self, event: Event) -> None:
        """Take any event."""

    def _take(self, event: Event) -> None:
        self.event(event)

    on_app_start = on_app_exit = on_mount_before = on_mount_after = on_unmount = _take
    on_run_begin = on_file = on_snapshot_new = on_message = on_error = on_run_end = _take
    on_restore_begin = on_restore_end = on_check_begin = on_check_end = _take
    on_prune_begin = on_prune_end = on_archive_begin = on_archive_end = _take


class NoHooks(AllEvents):
    """Nobody listens."""
