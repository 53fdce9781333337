"""yester snap: take a snapshot of a profile."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click
import msgspec

from yester.engine.errors import UsageError
from yester.engine.events import StoreCalls, shown
from yester.engine.journal import new_run_id
from yester.engine.labels import checked_tag
from yester.engine.limits.conditions import IsMetered, reason_to_skip
from yester.engine.limits.gentleness import gentle
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.repository import Repository
from yester.engine.runlock import run_lock
from yester.engine.runs.history import has_run, last_good
from yester.tui.cli.after import Outcome, maintain, switch_off, tell_others, words_of
from yester.tui.cli.cataloguing import update_in_background
from yester.tui.cli.detaching import detached
from yester.tui.cli.failures import complain, complain_of_paths
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, open_repository, repository_place
from yester.tui.cli.options import as_json, secret_options
from yester.tui.cli.run_words import trouble_words
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.streaming import asked_streams
from yester.tui.cli.terminals import outliving_terminal
from yester.tui.cli.wording import count, duration, size

if TYPE_CHECKING:
    from yester.engine.capture.snapping import SnapshotResult
    from yester.engine.capture.streams import Stream


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    name: str
    tags: tuple[str, ...]
    dry_run: bool
    events: bool
    as_json: bool
    access: Access
    accept_shrink: bool = False
    regardless: bool = False
    """No limit skips it."""
    dedup_against_archive: bool = False
    streams: "tuple[Stream, ...]" = ()
    """Taken in the place of the profile's folders."""


Tell = Callable[[str], None]
"""Puts a note into the journal."""

BEFORE: tuple[Callable[[Profile, Places, Tell, IsMetered], str], ...] = (reason_to_skip,)
"""Asked in this order before anything is opened; the first that gives a reason makes the run `skipped`."""

AROUND: tuple[Callable[[Profile, Tell], AbstractContextManager[None]], ...] = (gentle,)
"""What holds while the run works."""

AFTER: tuple[Callable[[Profile, Places, Access, Outcome], None], ...] = (maintain, tell_others, switch_off)
"""Done in this order once the run has ended, whether well or not; its journal is closed then, and its lock free."""


@click.command("snap", short_help="Take a snapshot of a profile.")
@click.argument("name", metavar="PROFILE")
@click.argument("words", metavar="[-- COMMAND…]", nargs=-1, type=click.UNPROCESSED)
@click.option("--stdin-name", metavar="FILE", help="Take standard input alone, as this file of the snapshot.")
@click.option("--from-command", is_flag=True, help="Take what COMMAND writes alone; no snapshot when it fails.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Give the snapshot a tag.")
@click.option("--accept-shrink", is_flag=True, help="Sources that are gone or small are meant to be.")
@click.option("--regardless", is_flag=True, help="Also where the profile's limits would skip it: battery, network.")
@click.option("--dedup-against-archive", is_flag=True, help="Count on what only an archive has; do not store it again.")
@click.option("--if-due", is_flag=True, help="Do nothing unless the profile's schedule wants a run by now.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken, and store nothing.")
@click.option("--detach", is_flag=True, help="Go on in the background; print the run's id once it has begun.")
@click.option("--events", is_flag=True, help="Print what happens as it happens, as lines of JSON.")
@as_json
@secret_options
def command(
    name: str,
    words: tuple[str, ...],
    stdin_name: str | None,
    from_command: bool,
    tags: tuple[str, ...],
    accept_shrink: bool,
    regardless: bool,
    dedup_against_archive: bool,
    if_due: bool,
    dry_run: bool,
    detach: bool,
    events: bool,
    as_json: bool,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Take a snapshot of PROFILE.

    It goes on when its terminal is closed; `yester log PROFILE --follow` shows it from another one. Exit code 3: the
    snapshot was taken, but some files could not be read.
    """
    for tag in tags:
        checked_tag(tag)
    access = Access(None, passphrase_file, passphrase_command, keyring)
    asked = Asked(name, tags, dry_run, events, as_json, access, accept_shrink, regardless, dedup_against_archive)
    asked = replace(asked, streams=asked_streams(stdin_name, from_command, words))
    id = new_run_id(time.time_ns())
    if if_due and not _is_due(name, Places.default()):
        return _say_not_due(name, as_json)
    if not detach:
        return _run(asked, id)
    if asked.streams and not from_command:
        raise UsageError("--detach leaves standard input behind", hint="Start it in the background of the shell: &")
    if events:
        raise UsageError(
            "--detach and --events exclude each other",
            hint=f"Follow it instead: yester log {quote(name)} --follow --json",
        )
    code = detached(lambda begun: _run(asked, id, begun))
    if code == 0:
        echo_json({"run": id}) if as_json else click.echo(id)
        if sys.stderr.isatty():
            click.echo(f"to follow it: yester log {quote(name)} --follow", err=True)
    return code


def _is_due(name: str, places: Places) -> bool:
    """Whether the schedule wants a run by now; one that cannot be asked is for the run to complain about."""
    from yester.engine.schedule.times import is_due
    from yester.engine.schedule.zone import LOCAL, now

    good = last_good(places.state, name)
    began = datetime.fromtimestamp(good.began_ns / 1e9, LOCAL) if good is not None else None
    try:
        return is_due(load_profile(places.config / "profiles", name).schedule, now(), began)
    except UsageError:
        return True


def _say_not_due(name: str, as_json: bool) -> int:
    """Say it to programs and people; a timer that asks each hour has nobody to tell."""
    if as_json:
        echo_json({"run": None, "snapshot": None, "profile": name, "result": "not-due"})
    elif sys.stdout.isatty():
        click.echo(f"no run of {name} is due")
    return 0


@outliving_terminal()
def _run(asked: Asked, id: str, begun: Callable[[], None] | None = None) -> int:
    """Do all of one run and return the exit code; `id` is the run's. `begun`: for one that is detached."""
    places = Places.default()
    profile = _profile(asked, places, id)
    work = Work.of("snap", profile, repository_place(None, profile, places), dry_run=asked.dry_run)
    if asked.streams:
        work = replace(work, sources=tuple(stream.path for stream in asked.streams))
    result = recording = None
    try:
        with recorded(
            places,
            work,
            quiet=asked.as_json or begun is not None,
            events=asked.events,
            run=id,
            begun=begun or (lambda: None),
        ) as recording:
            asking = () if asked.regardless else BEFORE
            reason = next(
                filter(None, (step(profile, places, recording.notes, recording.is_metered) for step in asking)), ""
            )
            if reason:
                recording.skips(reason)
            else:
                result = _Attempt(asked, profile, places, recording).alone()
                recording.ends(result.result, 3 if result.failures else 0)
        code = _say(asked, id, profile, reason, result, recording.tally.rows())
    finally:
        if recording is not None and not asked.dry_run:
            failed = words_of(sys.exception())
            outcome = Outcome(id, recording.result, recording.exit_code, recording.snapshot, failed)
            for step in AFTER:
                step(profile, places, asked.access, outcome)
    return code


def _profile(asked: Asked, places: Places, id: str) -> Profile:
    """Return the profile; that a known one cannot be read is a run that failed, which may happen at night."""
    folder = places.config / "profiles"
    try:
        profile = load_profile(folder, asked.name)
        return replace(profile, dedup_against_archive=True) if asked.dedup_against_archive else profile
    except UsageError:
        if _is_known(asked.name, folder, places):
            with recorded(places, Work("snap", asked.name), quiet=True, run=id):
                raise
        raise


def _is_known(name: str, folder: Path, places: Places) -> bool:
    """Whether a profile of that name is there, or has run: then it was not mistyped."""
    with suppress(UsageError):  # the folder itself cannot be read
        if name in profile_names(folder):
            return True
    return has_run(places, name)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One snapshot, from the profile's lock to the result."""

    asked: Asked
    profile: Profile
    places: Places
    run: Recorded

    def alone(self) -> "SnapshotResult":
        """Take the snapshot while no other run of the profile does."""
        with run_lock(self.places.state, self.profile, self.places.runtime), ExitStack() as around:
            for each in AROUND:
                around.enter_context(each(self.profile, self.run.notes))
            return self._with_repository()

    def _with_repository(self) -> "SnapshotResult":
        with self.run.opened(self._opened, waits=True) as repository:
            result = self._take(repository)
            if result.snapshot is not None:
                update_in_background(repository, repository_place(None, self.profile, self.places))
            return result

    def _opened(self) -> Repository:
        control = self.run.control
        return open_repository(
            self.asked.access,
            self.places,
            self.profile,
            limits=self.profile.limits,
            hurry=lambda: control.signal != 0,
            adding=True,
        )

    def _take(self, repository: Repository) -> "SnapshotResult":
        # Not before the repository was opened: its key is being derived while these are loaded.
        from yester.engine.capture.snapping import SnapshotRequest, take_snapshot

        asked = self.asked
        request = SnapshotRequest(
            self.profile,
            self.run.id,
            asked.tags,
            asked.dry_run,
            asked.accept_shrink,
            asked.streams,
            only_streams=bool(asked.streams),
        )

        def work(cancelled: Callable[[], bool]) -> "SnapshotResult":
            return take_snapshot(
                repository,
                request,
                places=self.places,
                hooks=self.run.hooks,
                progress=self.run.watch,
                cancelled=cancelled,
            )

        return self.run.supervise(work)


def _say(
    asked: Asked,
    id: str,
    profile: Profile,
    reason: str,
    result: "SnapshotResult | None",
    calls: Sequence[StoreCalls],
) -> int:
    """Print what came of it, and return the exit code."""
    if asked.as_json:
        store = {"store": msgspec.to_builtins(calls)} if calls else {}
        echo_json({**_as_json(id, profile, reason, result), **store})
    elif result is None:
        complain(
            f"{reason}: the run was skipped",
            f"To take one all the same: yester snap {quote(profile.name)} --regardless",
        )
    elif not asked.events:
        trouble = trouble_words(calls)
        click.echo("\n".join([*_summary(profile, result, asked.dry_run), *([f"  {trouble}"] if trouble else [])]))
    if result is None or not result.failures:
        return 0
    failed = count(len(result.failures), "entry", "entries")
    kept = "the snapshot is kept, and marks them" if result.snapshot is not None else "as in the last snapshot"
    complain_of_paths(
        f"{failed} could not be taken whole; {kept}",
        [(each.path, each.what) for each in result.failures],
        len(result.failures),
    )
    return 3


def _as_json(id: str, profile: Profile, reason: str, result: "SnapshotResult | None") -> dict[str, object]:
    if result is None:
        return {"run": id, "snapshot": None, "profile": profile.name, "result": "skipped", "reason": reason}
    return {
        "run": id,
        "snapshot": result.snapshot.hex() if result.snapshot is not None else None,
        "profile": profile.name,
        "result": result.result,
        "same_as": result.same_as.hex() if result.same_as is not None else None,
        "suspicions": list(result.suspicions),
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
    if result.same_as is not None:
        since = f"nothing changed since snapshot {result.same_as.hex()[:8]}, and none was added"
        return [f"run of {profile.name}: {since}; {count(done.files, 'file')}, in {duration(done.duration_ns)}"]
    return [
        f"{head}: {count(done.files, 'file')}, {size(done.size)}, in {duration(done.duration_ns)}",
        f"  {done.new:,} new, {done.changed:,} changed, {done.unchanged:,} unchanged; "
        f"{size(done.added_size)} added, {size(done.stored_size)} stored",
    ]
