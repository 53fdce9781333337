"""yester profile recover: bring profiles back from the copies that lie in a repository's snapshots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import click

from yester.engine.errors import DamageError, UsageError
from yester.engine.host import host_id
from yester.engine.ids import BlobKind
from yester.engine.places import Places
from yester.engine.profiles.editing import editing
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import (
    LARGEST_FILE,
    checked_profile_name,
    parse_profile,
    profile_mistakes,
    profile_names,
    profile_path,
    profile_text,
)
from yester.engine.profiles.recovery import DONE, Action, Copy, Kept, action_for, chosen, kept_profiles
from yester.engine.profiles.writing import save_profile
from yester.engine.repository import Repository
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, repository_place
from yester.tui.cli.options import access, as_json
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import moment, one_line

_SOME_FAILED = 3

_WORDS: dict[Action, str] = {
    "recover": "recovered",
    "same": "is here already, and the same",
    "replace": "replaced by the one in the repository",
    "exists": "is here already, and says something else",
    "same-id": "is here under another name",
    "ambiguous": "is of several hosts",
    "unreadable": "cannot be recovered",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """One profile of the repository, and what is to be done with it."""

    kept: Kept
    action: Action
    clash: str = ""
    """Which profile here, or which hosts, it clashes with."""
    copy: Copy | None = None
    text: str = ""


@click.command("recover", short_help="Bring profiles back from a repository.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--host", metavar="NAME", help="Only profiles of this machine.")
@click.option("--force", is_flag=True, help="Replace profiles that are here and say something else.")
@click.option("--dry-run", is_flag=True, help="Say what would be recovered, and write nothing.")
@as_json
@access
def command(
    names: tuple[str, ...],
    host: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Bring all profiles, or those named, back from the copies that lie in a repository's snapshots.

    Of each profile the newest copy counts, and this machine's before another's. A profile keeps its id. On a new
    machine a new series begins beside the old machine's, whose snapshots stay. Exit code 3: some were not recovered.
    """
    places = Places.default()
    place = repository_place(repository, None, places)
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with visited("profile recover", asked, places) as opened:
        opened.unlock()
        here = host_id(places)
        listed = chosen(kept_profiles(opened.snapshots()), here, host, names)
        for problem in opened.damaged.values():
            complain(problem.what, problem.hint)
        found = [_looked_at(kept, opened, places.config / "profiles", force) for kept in listed]
    if not dry_run:
        for each in found:
            _carry_out(each, places.config / "profiles")
    if as_json:
        echo_json([_as_json(each, places.config / "profiles") for each in found])
    else:
        _say(found, here, place, places, dry_run)
    return 0 if all(each.action in DONE for each in found) else _SOME_FAILED


def _looked_at(kept: list[Kept], repository: Repository, folder: Path, force: bool) -> _Found:
    """Decide about one profile; one that cannot be read, or whose name is no name, is complained about."""
    if len(kept) > 1:
        return _Found(kept[0], "ambiguous", ", ".join(each.host for each in kept))
    try:
        checked_profile_name(kept[0].name)
        copy, text = _newest_readable(kept[0], repository)
    except (DamageError, UsageError) as problem:
        complain(problem.what, problem.hint)
        return _Found(kept[0], "unreadable")
    action, clash = action_for(kept[0].name, text, copy.profile_id, _present(folder), force=force)
    return _Found(kept[0], action, clash, copy, text)


def _newest_readable(kept: Kept, repository: Repository) -> tuple[Copy, str]:
    reader = repository.reader()
    for copy in kept.copies:
        try:
            raw = bytes(reader.blob(BlobKind.TEXT, copy.text))
            if len(raw) <= LARGEST_FILE:
                return copy, raw.decode()
        except (DamageError, UnicodeDecodeError) as problem:
            complain(f"The copy of {kept.name} in snapshot {copy.snapshot.hex()[:8]} cannot be read: {problem}")
    raise DamageError(f"No copy of the profile {kept.name} can be read", hint="Look for damage: yester check")


def _present(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Return the id and text of each profile that is here; one that is broken has no id."""
    found = {}
    for name in profile_names(folder):
        try:
            text = profile_text(folder, name)
        except UsageError:
            found[name] = (b"", "")
            continue
        parsed = _parsed(name, text)
        found[name] = (parsed.id if parsed else b"", text)
    return found


def _parsed(name: str, text: str) -> Profile | None:
    try:
        return parse_profile(name, text, name)
    except UsageError:
        return None


def _carry_out(found: _Found, folder: Path) -> None:
    if found.action == "recover":
        save_profile(folder, Profile(found.kept.name, b"", (), text=found.text))
    elif found.action == "replace":
        with editing(folder, found.kept.name) as file:
            file.replace(found.text)


# Saying it


def _say(found: Sequence[_Found], here: bytes, place: str, places: Places, dry_run: bool) -> None:
    if not found:
        click.echo("the repository keeps no profiles")
        return
    for each in found:
        kept = each.kept
        since = f", as of {moment(each.copy.time_ns)} on {kept.host}" if each.copy else ""
        would = "would be " if dry_run and each.action in ("recover", "replace") else ""
        words = f": {each.clash}" if each.clash else ""
        click.echo(one_line(f"{kept.name}: {would}{_WORDS[each.action]}{words}{since}"))
        if each.action in ("recover", "replace"):
            _say_more(each, place, places)
    written = [each for each in found if each.action in ("recover", "replace")]
    _explain_hosts(written, here)
    _explain_clashes(found)
    if written and not dry_run:
        click.echo("\nlook through them: yester profile check")


def _say_more(found: _Found, place: str, places: Places) -> None:
    """Say what is wrong with a recovered profile, and where it leads when that is not the repository it came from."""
    name = found.kept.name
    for mistake in profile_mistakes(name, found.text, f"{name}.toml"):
        complain(mistake.what, mistake.hint)
    parsed = _parsed(name, found.text)
    if parsed is not None and repository_place(None, parsed, places) != place:
        click.echo(one_line(f"  its repository is {repository_place(None, parsed, places)}; to go on in this one:"))
        click.echo(one_line(f"  yester profile edit {quote(name)} --set repository={quote(place)}"))


def _explain_hosts(written: Sequence[_Found], here: bytes) -> None:
    others = sorted({each.kept.host for each in written if each.kept.host_id != here})
    if others:
        click.echo(one_line(f"made on another machine, {', '.join(others)}; each begins a new series here:"))
        click.echo("the first run reads every file and stores only what the repository lacks, and `forget` on this")
        click.echo("machine never removes snapshots of the other")


def _explain_clashes(found: Sequence[_Found]) -> None:
    hints: dict[Action, Callable[[_Found], str]] = {
        "exists": lambda each: "To take the one in the repository: give --force.",
        "same-id": lambda each: f"Two profiles of one id would be one series; remove {each.clash} first.",
        "ambiguous": lambda each: "Say whose: yester profile recover --host NAME",
    }
    for action, hint in hints.items():
        clashing = [each for each in found if each.action == action]
        if clashing:
            names = ", ".join(each.kept.name for each in clashing)
            complain(f"Not recovered: {names}", hint(clashing[0]))


def _as_json(found: _Found, folder: Path) -> dict[str, object]:
    return {
        "name": found.kept.name,
        "host": found.kept.host,
        "action": found.action,
        "clash": found.clash,
        "snapshot": found.copy.snapshot.hex() if found.copy else None,
        "time_ns": found.copy.time_ns if found.copy else None,
        "file": str(profile_path(folder, found.kept.name)),
    }
