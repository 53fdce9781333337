"""yester snap: take a snapshot of a profile."""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import msgspec

from yester.engine.errors import BusyError, YesterError
from yester.engine.events import Error, ErrorCode, Event, Message, MountAfter, MountBefore, Unmount, shown
from yester.engine.hooks import AllEvents
from yester.engine.journal import EventStream, JournalFile, LineSink, Recorder, journal_path, new_run_id
from yester.engine.labels import checked_tag
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile
from yester.engine.repository import Repository
from yester.engine.runlock import run_lock
from yester.tui.cli.failures import complain, complain_of_paths
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, open_repository, repository_place
from yester.tui.cli.options import as_json, secret_options
from yester.tui.cli.progress import Watch, terminal_bar
from yester.tui.cli.wording import count, duration, size

if TYPE_CHECKING:
    from yester.engine.capture.snapping import SnapshotResult


class _Ears(AllEvents):
    """The engine's hooks: writes all to the recorder, and keeps what the person must be told."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.warnings: list[str] = []

    def event(self, event: Event) -> None:
        """Record an event; remember a warning. A message about one path is a failure, which the result has."""
        self._recorder.event(event)
        if isinstance(event, Message) and event.level != "info" and not event.path:
            self.warnings.append(event.text)


@click.command("snap", short_help="Take a snapshot of a profile.")
@click.argument("name", metavar="PROFILE")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Give the snapshot a tag.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken, and store nothing.")
@click.option("--events", is_flag=True, help="Print what happens as it happens, as lines of JSON.")
@as_json
@secret_options
def command(
    name: str,
    tags: tuple[str, ...],
    dry_run: bool,
    events: bool,
    as_json: bool,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Take a snapshot of PROFILE.

    Exit code 3: the snapshot was taken, but some files could not be read.
    """
    for tag in tags:
        checked_tag(tag)
    places = Places.default()
    profile = load_profile(places.config / "profiles", name)
    id = new_run_id(time.time_ns())
    sinks: list[LineSink] = [JournalFile(journal_path(places.state, id))]
    if events:
        sys.stdout.flush()
        sinks.append(EventStream(sys.stdout.fileno()))
    recorder = Recorder(sinks)
    ears = _Ears(recorder)
    bar = terminal_bar(quiet=as_json or events)
    run = _Run(id, profile, places, tags, dry_run, ears, Watch(recorder, bar))
    try:
        result = run.alone(Access(None, passphrase_file, passphrase_command, keyring))
    finally:
        lost = recorder.close()
        if bar is not None:
            bar.close()
        for warning in ears.warnings:
            complain(warning)
    for problem in lost:
        complain(problem)
    if as_json:
        echo_json(_as_json(profile, result))
    elif not events:
        click.echo("\n".join(_summary(profile, result, dry_run)))
    if not result.failures:
        return 0
    failed = count(len(result.failures), "entry", "entries")
    complain_of_paths(
        f"{failed} could not be taken whole; the snapshot is kept, and marks them",
        [(each.path, each.what) for each in result.failures],
        len(result.failures),
    )
    return 3


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, from the profile's lock to the result."""

    id: str
    profile: Profile
    places: Places
    tags: tuple[str, ...]
    dry_run: bool
    hooks: _Ears
    watch: Watch

    def alone(self, access: Access) -> "SnapshotResult":
        """Take the snapshot while no other run of the profile does."""
        try:
            with run_lock(self.places.state, self.profile):
                return self._told(access)
        except BusyError as problem:
            self._tell_error(ErrorCode.ALREADY_RUNNING, problem)
            raise

    def _told(self, access: Access) -> "SnapshotResult":
        """Tell of the repository before it is opened, when it is open and when it is let go."""
        profile = self.profile
        about = (repository_place(None, profile, self.places), profile.name, profile.id.hex())
        self.hooks.on_mount_before(MountBefore(*about))
        try:
            with closing(self._open(access)) as repository:
                self.hooks.on_mount_after(MountAfter(*about))
                return self._take(repository)
        finally:
            self.hooks.on_unmount(Unmount(*about))

    def _open(self, access: Access) -> Repository:
        try:
            return open_repository(access, self.places, self.profile)
        except YesterError as problem:
            self._tell_error(ErrorCode.TARGET_MISSING, problem)
            raise

    def _take(self, repository: Repository) -> "SnapshotResult":
        # Not before the repository was opened: its key is being derived while these are loaded.
        from yester.engine.capture.snapping import SnapshotRequest, take_snapshot
        from yester.tui.cli.running import supervise

        request = SnapshotRequest(self.profile, self.id, self.tags, self.dry_run)

        def work(cancelled: Callable[[], bool]) -> "SnapshotResult":
            return take_snapshot(
                repository, request, places=self.places, hooks=self.hooks, progress=self.watch, cancelled=cancelled
            )

        return supervise(work, self.watch.tick)

    def _tell_error(self, code: ErrorCode, problem: YesterError) -> None:
        profile = self.profile
        self.hooks.on_error(
            Error(code=code, text=problem.what, hint=problem.hint, profile=profile.name, profile_id=profile.id.hex())
        )


def _as_json(profile: Profile, result: "SnapshotResult") -> dict[str, object]:
    return {
        "snapshot": result.snapshot.hex() if result.snapshot is not None else None,
        "profile": profile.name,
        "result": result.result,
        **msgspec.structs.asdict(result.statistics),
        "failures": [{**msgspec.to_builtins(shown(f.path)), "what": f.what} for f in result.failures],
    }


def _summary(profile: Profile, result: "SnapshotResult", dry_run: bool) -> list[str]:
    done = result.statistics
    head = (
        f"snapshot {result.snapshot.hex()[:8]} of {profile.name}"
        if result.snapshot is not None
        else f"{'dry run' if dry_run else 'run'} of {profile.name}"
    )
    return [
        f"{head}: {count(done.files, 'file')}, {size(done.size)}, in {duration(done.duration_ns)}",
        f"  {done.new:,} new, {done.changed:,} changed, {done.unchanged:,} unchanged; "
        f"{size(done.added_size)} added, {size(done.stored_size)} stored",
    ]
