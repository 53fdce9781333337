"""yester import: take over what another program kept."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from yester.engine.events import shown
from yester.engine.importing.backintime import (
    ProfilePlan,
    find_config,
    foreign_owner,
    load_config,
    plan_profiles,
    save_profiles,
)
from yester.engine.importing.config_file import ForeignConfig
from yester.engine.importing.folders import ForeignSnapshot, snapshots_in
from yester.engine.importing.translating import KeySaid, general_said
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.runlock import run_lock
from yester.tui.cli.failures import complain, complain_of_paths
from yester.tui.cli.groups import Group
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, is_url, open_repository, repository_place
from yester.tui.cli.options import access, as_json
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, moment, one_line, size, table

if TYPE_CHECKING:
    from yester.engine.importing.snapshots import ImportResult, Taken

_SOME_FAILED = 3


@click.group("import", cls=Group, short_help="Take over profiles and snapshots of another program.")
def command() -> None:
    """Take over profiles and snapshots of another program. What it keeps is read only, never changed."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A profile's plan and the snapshots that are there for it."""

    plan: ProfilePlan
    snapshots: tuple[ForeignSnapshot, ...]


@command.command("backintime", short_help="Import from Back In Time.")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option("--profile", "numbers", metavar="N", multiple=True, help="Only this profile, by its number or name.")
@click.option("--snapshots/--no-snapshots", "with_snapshots", default=True, help="Import its snapshots as well.")
@click.option(
    "--snapshots-from",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the folder backintime/ of its snapshots is, when not where CONFIG says.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and write nothing.")
@access
@as_json
def backintime(
    config: Path | None,
    numbers: tuple[str, ...],
    with_snapshots: bool,
    snapshots_from: Path | None,
    dry_run: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
    as_json: bool,
) -> int:
    """Import Back In Time's profiles, and its snapshots, from CONFIG (~/.config/backintime/config).

    Every key of CONFIG is accounted for. Broken off, the same command goes on; what was imported stays as it is. Exit
    code 3: some files of a snapshot could not be read.
    """
    places = Places.default()
    place = find_config(config)
    foreign = load_config(place)
    ours = repository if repository is None or is_url(repository) else os.path.abspath(repository)
    plans, refused = plan_profiles(foreign, places, ours or "", numbers, snapshots_from)
    found = [_Found(plan, _snapshots_of(plan, with_snapshots)) for plan in plans]
    if not as_json:
        click.echo("\n".join(_report(foreign, place, found, with_snapshots)))
    for problem in refused:
        complain(f"{problem.what}: it was left out")
    results: dict[bytes, ImportResult] = {}
    if not dry_run:
        save_profiles(plans, places)
        for each in found:
            if each.snapshots:
                access = Access(repository, passphrase_file, passphrase_command, keyring)
                results[each.plan.profile.id] = _import(each, access, places, quiet=as_json)
    if as_json:
        echo_json(_as_json(foreign, found, results, dry_run))
    else:
        click.echo("\n".join(_ended(found, results, dry_run)))
    return _complain(results)


def _snapshots_of(plan: ProfilePlan, wanted: bool) -> tuple[ForeignSnapshot, ...]:
    return tuple(snapshots_in(plan.snapshots)) if wanted and plan.snapshots is not None else ()


def _import(found: _Found, access: Access, places: Places, *, quiet: bool) -> "ImportResult":
    profile = found.plan.profile
    work = Work.of("import", profile, repository_place(access.repository, profile, places))
    with (
        recorded(places, work, quiet=quiet) as run,
        run_lock(places.state, profile, places.runtime),
        run.opened(lambda: open_repository(access, places, profile)) as repository,
    ):
        result = _work(repository, found, places, run)
        failed = any(taken.failures for taken in result.taken)
        run.ends("errors" if failed else "complete", _SOME_FAILED if failed else 0)
    return result


def _work(repository: Repository, found: _Found, places: Places, run: Recorded) -> "ImportResult":
    # Not before the repository was opened: its key is being derived while these are loaded.
    from yester.engine.importing.snapshots import import_snapshots, series_of

    host, user, _ = foreign_owner(found.plan.foreign)
    series = series_of(found.plan.profile, host, user, places)

    def work(cancelled: Callable[[], bool]) -> "ImportResult":
        return import_snapshots(repository, series, found.snapshots, progress=run.watch, cancelled=cancelled)

    return run.supervise(work)


# What is said


def _report(config: ForeignConfig, place: Path, found: list[_Found], with_snapshots: bool) -> list[str]:
    version = f"version {config.version}" if config.version else "no version said: read as the newest"
    lines = [f"{one_line(str(place))} ({version})"]
    for each in found:
        lines += ["", *_profile_lines(each, with_snapshots)]
    general = list(general_said(config))
    return [*lines, "", *_key_lines("keys that are about no profile", general)] if general else lines


def _profile_lines(found: _Found, with_snapshots: bool) -> list[str]:
    plan = found.plan
    theirs, ours = one_line(plan.foreign.name), one_line(plan.profile.name)
    if plan.translation is None:
        lines = [f"{theirs}: imported before, as the profile {ours}; it stays as it is"]
    else:
        lines = [f"{theirs}: becomes the profile {ours}"]
        lines += [f"  note: {one_line(note)}" for note in plan.translation.notes]
        lines += _key_lines("  its keys", list(plan.translation.said))
    if with_snapshots and plan.snapshots is None:
        lines.append("  its snapshots are not within reach")
    elif with_snapshots:
        lines.append(f"  {count(len(found.snapshots), 'snapshot')} in {one_line(str(plan.snapshots))}")
    return lines


def _key_lines(title: str, said: list[KeySaid]) -> list[str]:
    indent = " " * (len(title) - len(title.lstrip()) + 2)
    rows = [(each.verdict, f"{each.key}={each.value}", each.words) for each in said]
    return [f"{title}:", *(indent + line for line in table(rows))]


def _ended(found: list[_Found], results: "dict[bytes, ImportResult]", dry_run: bool) -> list[str]:
    if dry_run:
        return ["", "nothing was written"]
    lines = [""]
    for each in found:
        name = one_line(each.plan.profile.name)
        if each.plan.translation is not None:
            lines.append(f"added the profile {name}")
        result = results.get(each.plan.profile.id)
        if result is not None:
            lines += _taken_lines(name, result)
    return lines


def _taken_lines(name: str, result: "ImportResult") -> list[str]:
    new = [taken for taken in result.taken if taken.is_new]
    lines = [_taken_line(taken) for taken in new]
    before = len(result.taken) - len(new)
    also = f"; {count(before, 'was', 'were')} there already" if before else ""
    return [*lines, f"imported {count(len(new), 'snapshot')} of {name}{also}"]


def _taken_line(taken: "Taken") -> str:
    done = taken.statistics
    head = f"{taken.snapshot.hex()[:8]}  {moment(taken.source.time_ns)}  {count(done.files, 'file')}"
    return f"{head}, {done.new:,} read, {size(done.stored_size)} stored  {taken.source.name}".rstrip()


def _complain(results: "dict[bytes, ImportResult]") -> int:
    failed = False
    for result in results.values():
        for warning in result.warnings:
            complain(warning)
        for taken in result.taken:
            for note in taken.notes:
                complain(f"Snapshot {taken.source.sid}: {note}")
            if taken.failures:
                failed = True
                complain_of_paths(
                    f"{count(len(taken.failures), 'entry', 'entries')} of {taken.source.sid} could not be taken whole",
                    [(each.path, each.what) for each in taken.failures],
                    len(taken.failures),
                )
    return _SOME_FAILED if failed else 0


def _as_json(
    config: ForeignConfig, found: list[_Found], results: "dict[bytes, ImportResult]", dry_run: bool
) -> dict[str, object]:
    return {
        "version": config.version,
        "dry_run": dry_run,
        "general": [_key_as_json(each) for each in general_said(config)],
        "profiles": [_profile_as_json(each, results.get(each.plan.profile.id)) for each in found],
    }


def _profile_as_json(found: _Found, result: "ImportResult | None") -> dict[str, object]:
    plan = found.plan
    translation = plan.translation
    return {
        "number": plan.foreign.number,
        "name": one_line(plan.foreign.name),
        "profile": plan.profile.name,
        "new": translation is not None,
        "notes": [one_line(note) for note in translation.notes] if translation else [],
        "keys": [_key_as_json(each) for each in translation.said] if translation else [],
        "folder": msgspec.to_builtins(shown(os.fsencode(plan.snapshots))) if plan.snapshots is not None else None,
        "found": [snapshot.sid for snapshot in found.snapshots],
        "imported": [_taken_as_json(taken) for taken in result.taken] if result is not None else [],
    }


def _key_as_json(said: KeySaid) -> dict[str, str]:
    return {"key": one_line(said.key), "value": one_line(said.value), "verdict": said.verdict, "words": said.words}


def _taken_as_json(taken: "Taken") -> dict[str, object]:
    return {
        "source": taken.source.sid,
        "snapshot": taken.snapshot.hex(),
        "new": taken.is_new,
        "time_ns": taken.source.time_ns,
        "notes": list(taken.notes),
        "statistics": msgspec.structs.asdict(taken.statistics),
        "failures": [{**msgspec.to_builtins(shown(each.path)), "what": each.what} for each in taken.failures],
    }
