"""yester restore: bring files back."""

import os
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from yester.engine.errors import DamageError, UsageError
from yester.engine.events import shown
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.restore.ownership import OwnerMode
from yester.engine.restore.plan import Conflict
from yester.engine.trees.directories import decode_root, resolve
from yester.tui.cli.failures import complain, complain_of_paths
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.named import named_snapshot
from yester.tui.cli.opening import Access, open_repository, profile_meant, repository_place
from yester.tui.cli.options import access, as_json, narrowing
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, printable, size

if TYPE_CHECKING:
    from yester.engine.restore.foreseeing import Foreseen
    from yester.engine.restore.report import RestoreReport


@click.command("restore", short_help="Bring files back.")
@click.argument("name", metavar="SNAPSHOT")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=bytes))
@click.option("--target", metavar="DIR", type=click.Path(path_type=bytes), help="Where to.")
@click.option("--in-place", is_flag=True, help="Each PATH to where it was, instead of into DIR.")
@click.option(
    "--on-conflict",
    "conflict",
    type=click.Choice([choice.value for choice in Conflict]),
    default=Conflict.KEEP_BOTH.value,
    show_default=True,
    help="What becomes of files that are there and differ.",
)
@click.option(
    "--owner",
    type=click.Choice([mode.value for mode in OwnerMode]),
    default=OwnerMode.AS_STORED.value,
    show_default=True,
    help="Whose the files are: as stored, this machine's user of the same name, or yours.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come back and what is in its way; change nothing.")
@narrowing
@as_json
@access
def command(
    name: str,
    paths: tuple[bytes, ...],
    target: bytes | None,
    in_place: bool,
    conflict: str,
    owner: str,
    dry_run: bool,
    of_profile: str | None,
    of_host: str | None,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Bring each PATH of SNAPSHOT back into DIR, or to where it was (--in-place); without a PATH all of it, rooted.

    What is there stays: a file that differs is renamed first, unless --on-conflict says otherwise; newer replaces only
    what was modified before. ctime and birth time cannot be restored by anybody. Exit code 3: some files could not be
    restored; 5: the repository is damaged.
    """
    if (target is None) != in_place:
        raise UsageError("It is not said where to", hint="Give either --target DIR or --in-place.")
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    profile = profile_meant(name if of_profile is None else f"{of_profile}@", places)
    work = Work("restore", repository=repository_place(repository, profile, places))
    if dry_run:
        with closing(open_repository(asked, places, profile)) as opened:
            foreseen, offline = _foreseen(opened, name, (of_profile, of_host), paths, _absolute(target))
        if as_json:
            echo_json(foreseen_as_json(foreseen, offline))
        else:
            click.echo("\n".join(_foreseen_lines(foreseen, target, offline)))
        return 0
    with recorded(places, work, quiet=as_json) as run:
        with run.opened(lambda: open_repository(asked, places, profile)) as opened:
            report = _restore(
                opened, name, (of_profile, of_host), paths, target, Conflict(conflict), OwnerMode(owner), run
            )
        code = DamageError.exit_code if report.damaged else 3 if report.failed else 0
        run.ends("errors" if code else "complete", code)
    if as_json:
        echo_json(_as_json(report))
    else:
        click.echo("\n".join(_summary(report, target)))
    _complain(report)
    return code


def _restore(
    opened: Repository,
    name: str,
    narrowed: tuple[str | None, str | None],
    paths: tuple[bytes, ...],
    target: bytes | None,
    conflict: Conflict,
    owner: OwnerMode,
    run: Recorded,
) -> "RestoreReport":
    # Not before the repository was opened: its key is being derived while this is loaded.
    from yester.engine.restore.restoring import restore

    def work(cancelled: Callable[[], bool]) -> "RestoreReport":
        sid, _ = named_snapshot(opened, name, profile=narrowed[0], host=narrowed[1])
        return restore(
            opened,
            sid,
            [stored_path(opened, sid, path) for path in paths],
            _absolute(target),
            conflict=conflict,
            owner=owner,
            hooks=run.hooks,
            progress=run.watch,
            cancelled=cancelled,
        )

    return run.supervise(work)


def _absolute(target: bytes | None) -> bytes | None:
    return None if target is None else os.path.abspath(target)


def _foreseen(
    opened: Repository,
    name: str,
    narrowed: tuple[str | None, str | None],
    paths: tuple[bytes, ...],
    target: bytes | None,
) -> "tuple[Foreseen, int]":
    """Return what a restore would do, and how many bytes of it are offline."""
    from yester.engine.archive.needing import offline_size
    from yester.engine.restore.foreseeing import foresee

    sid, snapshot = named_snapshot(opened, name, profile=narrowed[0], host=narrowed[1])
    stored = [stored_path(opened, sid, path) for path in paths]
    root = decode_root(snapshot.root)
    return foresee(opened.reader(), root, stored, target), offline_size(opened, root, stored or [b"/"])


def foreseen_as_json(found: "Foreseen", offline_size: int) -> dict[str, object]:
    """Return what a restore would do as `--json` shows it."""
    return {
        "files": found.files,
        "size": found.size,
        "missing": found.missing,
        "same": found.same,
        "different": found.different,
        "older": found.older,
        "examples": [to_builtins(shown(path)) for path in found.examples],
        "is_whole": found.is_whole,
        "offline_size": offline_size,
    }


def _foreseen_lines(found: "Foreseen", target: bytes | None, offline_size: int) -> list[str]:
    lines = [f"would restore to {_where(target)}: {count(found.files, 'file')}, {size(found.size)}"]
    notes = (
        (found.missing, "not there"),
        (found.same, "there, and look the same"),
        (found.different, _differing(found)),
    )
    lines += [f"  {number:,} {words}" for number, words in notes if number]
    lines += [f"    {printable(path)}" for path in found.examples[:10]]
    lines += [f"  {size(offline_size)} of it is in archives only: yester recall first"] if offline_size else []
    return lines if found.is_whole else [*lines, "  and more that were not looked at"]


def _differing(found: "Foreseen") -> str:
    return f"that differ, {found.older:,} of them older there" if found.older else "that differ"


def _where(target: bytes | None) -> str:
    return "where they were" if target is None else printable(target)


def stored_path(opened: Repository, sid: SnapshotId, path: bytes) -> bytes:
    """Return the absolute path; its links resolved as this machine has them, where the snapshot knows it only so."""
    plain, real = os.path.abspath(path), os.path.realpath(path)
    if plain == real:
        return plain
    source, root = opened.reader(), decode_root(opened.snapshot(sid).root)
    return plain if resolve(source, root, plain) or not resolve(source, root, real) else real


def _as_json(report: "RestoreReport") -> dict[str, object]:
    from dataclasses import asdict

    return {
        **asdict(report.counts),
        "failed": report.failed,
        "damaged": report.damaged,
        "failures": [{**to_builtins(shown(each.path)), "what": each.what} for each in report.failures],
        "lacking": {
            what: {"count": lack.count, "example": shown(lack.example)} for what, lack in report.lacking.items()
        },
    }


def _summary(report: "RestoreReport", target: bytes | None) -> list[str]:
    done = report.counts
    entries = done.files + done.directories + done.symlinks + done.specials + done.links
    done_all = f"{count(done.files, 'file')}, {size(done.size)}, {count(entries, 'entry', 'entries')}"
    lines = [f"restored to {_where(target)}: {done_all}"]
    notes = [
        (done.same, "already there"),
        (done.set_aside, "that differed set aside as NAME.before-TIME"),
        (done.replaced, "replaced"),
        (done.skipped, "skipped"),
    ]
    return lines + [f"  {number:,} {words}" for number, words in notes if number]


def _complain(report: "RestoreReport") -> None:
    for what, lack in report.lacking.items():
        complain(f"Not restored of {count(lack.count, 'entry', 'entries')}, such as {printable(lack.example)}: {what}")
    if report.failed:
        complain_of_paths(
            f"{count(report.failed, 'entry', 'entries')} could not be restored",
            [(each.path, each.what) for each in report.failures],
            report.failed,
        )
