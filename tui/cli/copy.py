"""yester copy: copy snapshots to another repository."""

import os
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import click

from yester.engine.errors import DamageError, RepositoryError, UsageError
from yester.engine.ids import SnapshotId
from yester.engine.memory import keep_freed_memory
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.secrets import SecretSource, find_secret
from yester.tui.cli.asking import passphrase_prompt
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.named import say_damaged
from yester.tui.cli.opening import Access, limited_store, open_repository, renamed_variables, repository_place
from yester.tui.cli.options import as_json, secret_options
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, moment, one_line, size

if TYPE_CHECKING:
    from yester.engine.copying.copying import Copied, CopyResult
_TO_OPTIONS = (
    "Set YESTER_TO_PASSPHRASE, YESTER_TO_PASSPHRASE_FILE or YESTER_TO_PASSPHRASE_COMMAND, "
    "or give --to-passphrase-file, --to-passphrase-command or --to-keyring."
)

SOME_OFFLINE = 3
"""The exit code when nothing was wrong but that some have to be recalled first."""


@click.command("copy", short_help="Copy snapshots to another repository.")
@click.argument("names", metavar="[SNAPSHOT]...", nargs=-1)
@click.option("--to", "target", required=True, metavar="REPO", help="Where to: a folder or a URL.")
@click.option("--from", "--repo", "repository", metavar="REPO", help="Where from.")
@click.option("--profile", metavar="PROFILE", help="Copy the snapshots of this profile.")
@click.option("--all", "everything", is_flag=True, help="Copy all snapshots.")
@click.option("--to-passphrase-file", metavar="FILE", default="", help="Read the passphrase of --to from a file.")
@click.option(
    "--to-passphrase-command", metavar="COMMAND", default="", help="Read the passphrase of --to from a program."
)
@click.option("--to-keyring", is_flag=True, help="Look for the passphrase of --to in the keyring.")
@secret_options
@as_json
def command(
    names: tuple[str, ...],
    target: str,
    repository: str | None,
    profile: str | None,
    everything: bool,
    to_passphrase_file: str,
    to_passphrase_command: str,
    to_keyring: bool,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
    as_json: bool,
) -> int:
    """Copy each SNAPSHOT, those of a profile, or all, to another repository; what is there already is skipped.

    The other repository has keys of its own. Made with `yester init --like`, it shares ids with this one, and copies go
    fast. Broken off, the same command goes on. Exit codes: 3 some snapshots are offline and were not
    copied, 5 some are damaged and were not.
    """
    _check_choice(names, profile, everything)
    keep_freed_memory()
    places = Places.default()
    access = Access(repository, passphrase_file, passphrase_command, keyring)
    to_source = SecretSource(to_passphrase_file, to_passphrase_command, to_keyring)
    work = Work("copy", profile=profile or "", repository=repository_place(repository, None, places))
    with (
        recorded(places, work, quiet=as_json) as run,
        run.opened(lambda: open_repository(access, places)) as source,
        closing(_open_target(target, to_source, places)) as copies,
    ):
        for each in (source, copies):
            _unlock(each)
        result = _copy(source, copies, names, profile, run)
        say_damaged(source)
        code = _exit_code(result, found_damage=bool(source.damaged) and not names)
        run.ends("errors" if code else "complete", code)
    if as_json:
        echo_json(_as_json(result))
    else:
        click.echo("\n".join(_summary(result, copies.store.place)))
    for warning in result.warnings:
        complain(warning)
    for failed in _failed(result):
        hint = "" if failed.is_offline else "Run `yester check`."
        complain(f"Snapshot {failed.source.hex()[:8]} was not copied: {failed.problem}", hint)
    return code


def _check_choice(names: tuple[str, ...], profile: str | None, everything: bool) -> None:
    if bool(names) + (profile is not None) + everything != 1:
        raise UsageError(
            "What is to be copied is not said, or said twice", hint="Give snapshots, or --profile PROFILE, or --all."
        )


def _open_target(place: str, stated: SecretSource, places: Places) -> Repository:
    """Open the repository that copies go to; YESTER_TO_PASSPHRASE… is asked before YESTER_PASSPHRASE…."""
    where = repository_place(place, None, places)
    own = renamed_variables("YESTER_TO_")
    environment = own or os.environ

    def secret() -> bytes:
        try:
            return find_secret(where, (stated,), environment, passphrase_prompt(where))
        except RepositoryError:
            raise RepositoryError(
                f"No passphrase of {where} is given, and there is no terminal to ask for it", hint=_TO_OPTIONS
            ) from None

    return Repository.open(limited_store(where), secret, places=places, adding=True)


def _unlock(repository: Repository) -> None:
    """Wait for the keys; of two passphrases, say which one is wrong."""
    try:
        repository.unlock()
    except RepositoryError as error:
        raise RepositoryError(f"{repository.store.place}: {error.what}", hint=error.hint) from None


def _chosen(source: Repository, names: tuple[str, ...], profile: str | None) -> list[SnapshotId]:
    if names:
        return [source.find_snapshot(name)[0] for name in names]
    found = [
        (sid, snapshot)
        for sid, snapshot in source.snapshots()
        if profile is None or profile in (snapshot.profile, f"{snapshot.profile}@{snapshot.host}")
    ]
    if profile is not None and not found:
        known = ", ".join(sorted({snapshot.profile for _, snapshot in source.snapshots()})) or "none yet"
        raise UsageError(f"No snapshot is of a profile {profile}", hint=f"Profiles in this repository: {known}.")
    return [sid for sid, snapshot in found if not snapshot.partial]


def _copy(
    source: Repository, target: Repository, names: tuple[str, ...], profile: str | None, run: Recorded
) -> "CopyResult":
    from yester.engine.copying.copying import copy_snapshots

    def work(cancelled: Callable[[], bool]) -> "CopyResult":
        chosen = _chosen(source, names, profile)
        return copy_snapshots(source, target, chosen, progress=run.watch, cancelled=cancelled)

    return run.supervise(work)


def _exit_code(result: "CopyResult", *, found_damage: bool) -> int:
    failed = _failed(result)
    if found_damage or not all(each.is_offline for each in failed):
        return DamageError.exit_code
    return SOME_OFFLINE if failed else 0


def _failed(result: "CopyResult") -> "list[Copied]":
    return [each for each in result.copied if each.target is None]


def _summary(result: "CopyResult", place: str) -> list[str]:
    new = [each for each in result.copied if each.is_new]
    there = len(result.copied) - len(new) - len(_failed(result))
    lines = [
        f"{each.source.hex()[:8]} -> {each.target.hex()[:8]}  "
        f"{one_line(each.snapshot.profile)}  {moment(each.snapshot.time_ns)}"
        for each in new
        if each.target is not None
    ]
    also = f", {count(there, 'was', 'were')} there already" if there else ""
    added = f" ({size(result.stored_size)} stored)" if new else ""
    return [*lines, f"copied {count(len(new), 'snapshot')} to {one_line(place)}{added}{also}"]


def _as_json(result: "CopyResult") -> dict[str, object]:
    copied = [
        {
            "source": each.source.hex(),
            "snapshot": None if each.target is None else each.target.hex(),
            "profile": each.snapshot.profile,
            "host": each.snapshot.host,
            "time_ns": each.snapshot.time_ns,
            "new": each.is_new,
            "problem": each.problem,
            "offline": each.is_offline,
        }
        for each in result.copied
    ]
    return {
        "copied": copied,
        "added_size": result.added_size,
        "stored_size": result.stored_size,
        "same_ids": not result.rebuilt,
        "warnings": list(result.warnings),
    }
