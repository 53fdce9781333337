"""Maintenance after a run, by child processes of this same program, each with a journal of its own.

What goes wrong there does not touch the run that came before: it is said, kept in the record (engine/maintenance) and
in sight of `yester status` until it goes well.
"""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import takewhile

import click

from yester.engine.errors import YesterError
from yester.engine.events import Error, ErrorCode
from yester.engine.maintenance.due import Kind, due
from yester.engine.maintenance.record import Record, load_record, noted, only_one, save_record
from yester.engine.notifying import Notice
from yester.engine.places import Places
from yester.engine.profiles.profile import LimitSpec, Profile
from yester.engine.runs.history import journaled
from yester.engine.secrets import SecretSource
from yester.tui.cli.after import tell
from yester.tui.cli.failures import CANCELLED, TERMINATED, Terminated, complain
from yester.tui.cli.opening import DOWNLOAD_LIMIT, UPLOAD_LIMIT, Access, rates, repository_place
from yester.tui.cli.running import Work, recorded
from yester.tui.cli.wording import one_line

_SECOND_NS = 10**9
"""Within a second, journals are not listed in their order."""

_STOPPED = (-signal.SIGINT, -signal.SIGTERM, CANCELLED, TERMINATED)
"""Exit codes of a command that somebody stopped: it neither went well nor failed."""


def maintain(profile: Profile, places: Places, access: Access) -> None:
    """Do what is due after a run, one after the other; one that fails does not stop the others."""
    place = repository_place(access.repository, profile, places)
    try:
        with only_one(places.state, place) as is_free:
            if is_free:
                _maintain(profile, places, access, place)
    except YesterError as problem:
        complain(f"There is no maintenance: {problem.what}", problem.hint)
    except KeyboardInterrupt:
        complain("Maintenance was cancelled; the next run goes on with it")


def _maintain(profile: Profile, places: Places, access: Access, place: str) -> None:
    now_ns = time.time_ns()
    record = load_record(places.state, place, now_ns)
    for kind in due(profile.maintenance, record.done, record.since_ns, datetime.fromtimestamp(now_ns / 1e9, UTC)):
        began_ns = time.time_ns()
        code, text = _run(command_line(kind, profile, place) + secret_words(access.source, profile), profile.limits)
        if code in _STOPPED:
            raise KeyboardInterrupt
        if not _has_journal(places, kind, began_ns):
            _write_journal(places, Work.of(kind, profile, place), code, text)
        record = noted(record, kind, time.time_ns(), code, text)
        save_record(places.state, record)
        _say(kind, profile, record, places)
    save_record(places.state, record)


def _say(kind: Kind, profile: Profile, record: Record, places: Places) -> None:
    done = record.done[kind]
    if not done.has_failed:
        click.echo(f"{kind} after the run: done", err=True)
        return
    what = f"{kind} after the run failed with exit code {done.exit_code}" + (f": {done.text}" if done.text else "")
    complain(what, f"See yester status; to try it yourself: yester {' '.join(command_line(kind, profile, '')[:2])}")
    tell(profile, Notice(profile.name, "", "failed", one_line(what)), places)


def _has_journal(places: Places, kind: Kind, began_ns: int) -> bool:
    """Whether the command left a record: one that found nothing to do, or no repository, may not."""
    recent = takewhile(lambda run: run.began_ns >= began_ns - _SECOND_NS, journaled(places.state))
    return any(run.action == kind and run.began_ns >= began_ns for run in recent)


def _write_journal(places: Places, work: Work, code: int, text: str) -> None:
    with recorded(places, work, quiet=True) as run:
        if code != 0:
            run.hooks.on_error(
                Error(code=ErrorCode.FAILED, text=text, profile=work.profile, profile_id=work.profile_id)
            )
            run.ends("failed", code)


def command_line(kind: Kind, profile: Profile, place: str) -> list[str]:
    """Return the command that does it."""
    match kind:
        case "forget":
            return ["forget", profile.name, "--yes", "--repo", place]
        case "prune":
            return ["prune", "--repo", place]
        case "check":
            return ["check", f"--read-data={profile.maintenance.check_percent}%", "--repo", place]


def secret_words(stated: SecretSource, profile: Profile) -> list[str]:
    """Return the options that say where the passphrase is: what this command was told wins over the profile."""
    own = SecretSource(profile.passphrase_file, profile.passphrase_command, profile.keyring)
    named = next((source for source in (stated, own) if source.file or source.command), SecretSource())
    words = [f"--passphrase-file={named.file}"] if named.file else []
    words += [f"--passphrase-command={named.command}"] if named.command and not named.file else []
    return words + (["--keyring"] if stated.keyring or own.keyring else [])


def _run(words: list[str], limits: LimitSpec) -> tuple[int, str]:
    """Run this program with other words; return its exit code and the last thing it said, or its first complaint.

    At a terminal it shows its progress and may ask for the passphrase.
    """
    upload, download = rates(limits)
    paces = {name: str(rate) for name, rate in ((UPLOAD_LIMIT, upload), (DOWNLOAD_LIMIT, download)) if rate}
    is_attended = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "yester", *words],
        stdin=None if is_attended else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if is_attended else subprocess.STDOUT,
        env={**os.environ, **paces},
        close_fds=False,  # the passphrase may be on a descriptor that this one was given to hand on
    )
    try:
        out, _ = process.communicate()
    except (KeyboardInterrupt, Terminated):
        process.terminate()
        process.wait()
        raise
    lines = [line for line in out.decode("utf-8", "replace").splitlines() if line.strip()]
    complaints = [line.removeprefix("yester: ") for line in lines if line.startswith("yester: ")]
    return process.returncode, one_line((complaints or lines or [""])[0 if complaints else -1])
