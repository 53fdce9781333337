"""yester profile: say what to take snapshots of, where to, when, and how long to keep them."""

import os
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any

import click

from yester.engine.capture.filters import DEFAULT_EXCLUDES, Filter, read_pattern_file
from yester.engine.errors import RepositoryError, StoreError, UsageError, YesterError
from yester.engine.events import clean
from yester.engine.places import Places
from yester.engine.profiles.changing import Change, changed, parse_setting
from yester.engine.profiles.keys import KEYS
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import (
    checked_profile_name,
    load_profile,
    parse_profile,
    profile_mistakes,
    profile_names,
    profile_path,
    profile_text,
)
from yester.engine.profiles.reference import default_text
from yester.engine.profiles.reporting import as_json as all_keys
from yester.engine.profiles.reporting import effects
from yester.engine.profiles.writing import new_profile, refuse_taken_name, save_profile
from yester.engine.schedule.installing import remove_schedule
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.pattern import pattern_of
from yester.tui.cli.asking import confirm
from yester.tui.cli.failures import USAGE, complain
from yester.tui.cli.filtering import filter_options, filter_spec
from yester.tui.cli.groups import Group
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import is_url, repository_place, store_at
from yester.tui.cli.options import as_json
from yester.tui.cli.profile_edit import command as edit
from yester.tui.cli.profile_edit import pattern_problems
from yester.tui.cli.profile_recover import command as recover
from yester.tui.cli.profile_size import command as size_
from yester.tui.cli.wording import count, one_line, printable, table


@click.group("profile", cls=Group, short_help="Say what to take snapshots of.")
def command() -> None:
    """Say what to take snapshots of, where to put them, when, and how long to keep them.

    A profile is a TOML file in the configuration folder, with a comment at every key.
    """


command.add_command(edit)
command.add_command(recover)
command.add_command(size_)


def _folder() -> Path:
    return Places.default().config / "profiles"


@command.command("add", short_help="Add a profile.")
@click.argument("name")
@click.argument("sources", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=bytes))
@click.option("--repo", "repository", metavar="REPO", default="", help="Where to: a folder or a URL.")
@filter_options
@click.option(
    "--compression", metavar="LEVEL", type=click.IntRange(-7, 19), default=3, help="zstd level; 3 by default."
)
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, help="Set any other key, such as schedule.when=daily."
)
@click.option("--dry-run", is_flag=True, help="Show the file that would be written, and write nothing.")
@as_json
def add(
    name: str,
    sources: tuple[bytes, ...],
    repository: str,
    compression: int,
    settings: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """Add the profile NAME, which takes each PATH. All keys: yester profile keys."""
    spec = filter_spec(**filters)
    for path in spec.exclude_files:
        read_pattern_file(path)
    place = _checked_place(repository) if repository else ""
    profile = new_profile(name, sources, repository=place, filters=spec, compression=compression)
    if settings:
        text = changed(profile.text, [parse_setting(setting) for setting in settings])
        profile = parse_profile(name, text, "with these settings")
    for problem in pattern_problems(profile):
        raise problem
    file = profile_path(_folder(), name) if dry_run else save_profile(_folder(), profile)
    if dry_run:
        refuse_taken_name(_folder(), name)
    if as_json:
        echo_json({"profile": name, "file": str(file), "text": profile.text, "written": not dry_run})
    else:
        click.echo(profile.text if dry_run else f"profile {name} added: {file}", nl=not dry_run)
    for problem in _emptied_sources(profile):
        complain(problem.what, problem.hint)
    if dry_run or as_json:
        return
    for missing in _missing_repository(profile):
        click.echo(missing)
    click.echo(f"take a snapshot: yester snap {quote(name)}")


def _checked_place(repository: str) -> str:
    """Return the repository's place, absolute; UsageError when no backend serves its URL. It need not be there yet."""
    place = repository_place(repository, None, Places.default())
    if place != clean(place):
        raise UsageError(
            f"The repository's path {place} is not UTF-8, which a profile cannot hold",
            hint="Give the path of a link to it.",
        )
    if is_url(place):
        with suppress(RepositoryError, StoreError):
            store_at(place).close()
    return place


def _emptied_sources(profile: Profile) -> list[UsageError]:
    """Return which sources lose all that is in them to the profile's own patterns, as `/tmp` does to `/tmp/*`."""
    rules = Filter(profile.filters)
    return [
        UsageError(
            f"Profile {profile.name}: all that is in the source {printable(source)} is left out by a pattern",
            hint="Drop the pattern, or take the default ones away: "
            f"yester profile edit {quote(profile.name)} --set filters.default_excludes=false",
        )
        for source in profile.sources
        if rules.empties(source)
    ]


def _schedule_problems(profile: Profile) -> list[UsageError]:
    """Return what keeps the schedule from being switched on."""
    try:
        pattern_of(profile.schedule)
    except UsageError as problem:
        return [UsageError(f"Profile {profile.name}: {problem.what}", hint=problem.hint)]
    return []


def _plugin_problems(profile: Profile) -> list[UsageError]:
    if not profile.plugins:
        return []
    from yester.tui.cli.plugin_checking import plugin_problems  # most profiles have none, and it takes long to load

    try:
        return list(plugin_problems(Places.default(), profile))
    except UsageError as problem:  # plugins.toml
        return [problem]


def _missing_repository(profile: Profile) -> list[str]:
    place = repository_place(None, profile, Places.default())
    if is_url(place) or os.path.exists(os.path.join(place, "config")):
        return []
    return [f"there is no repository yet: yester init {quote(place)}"]


@command.command("list", short_help="List the profiles.")
@as_json
def list_profiles(as_json: bool) -> int:
    """List the profiles; one that cannot be read is complained about, and the exit code is 2."""
    places, folder = Places.default(), _folder()
    profiles, broken = _all_profiles(folder)
    if as_json:
        echo_json([profile_as_json(profile, folder) for profile in profiles])
    elif profiles:
        rows = [("NAME", "SOURCES", "REPOSITORY")]
        rows += [(p.name, ", ".join(map(printable, p.sources)), repository_place(None, p, places)) for p in profiles]
        click.echo("\n".join(table(rows)))
    elif not broken:
        click.echo("no profiles yet; add one: yester profile add NAME FOLDER")
    for problem in broken:
        complain(problem.what, problem.hint)
    return USAGE if broken else 0


def _all_profiles(folder: Path) -> tuple[list[Profile], list[UsageError]]:
    profiles, broken = [], []
    for name in profile_names(folder):
        try:
            profiles.append(load_profile(folder, name))
        except UsageError as problem:
            broken.append(problem)
    return profiles, broken


def profile_as_json(profile: Profile, folder: Path) -> dict[str, Any]:
    """Return what counts for a profile as `--json` shows it."""
    said = all_keys(profile)
    said["filters"]["default_excludes"] = list(DEFAULT_EXCLUDES) if profile.filters.defaults else []
    place = repository_place(None, profile, Places.default())
    return {"name": profile.name, "file": str(profile_path(folder, profile.name)), **said, "repository": place}


@command.command("show", short_help="Show what a profile says in effect.")
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show the profile NAME: each key with what counts for it, whether the file says so or it is the default."""
    folder = _folder()
    profile = load_profile(folder, name)
    if as_json:
        echo_json(profile_as_json(profile, folder))
        return
    place = repository_place(None, profile, Places.default())
    click.echo(f"# {one_line(str(profile_path(folder, name)))}\n")
    rows = [("KEY", "VALUE", "")]
    for effect in effects(profile):
        value = f'"{place}"' if effect.path == "repository" and not effect.value else effect.value
        rows.append((effect.path, value or "-", "default" if effect.is_default else ""))
    click.echo("\n".join(table(rows)))
    if profile.filters.defaults:
        click.echo("\n# The default excludes, which come first:")
        click.echo("\n".join(f"#   {pattern}" for pattern in DEFAULT_EXCLUDES))


@command.command("keys", short_help="List every key that a profile may have.")
@click.argument("words", metavar="[WORD]...", nargs=-1)
@as_json
def keys(words: tuple[str, ...], as_json: bool) -> None:
    """List every key that a profile may have, or those in whose name a WORD is: what it takes, its default, its use."""
    found = [key for key in KEYS.values() if not words or any(word in key.path for word in words)]
    if as_json:
        echo_json(
            [
                {"key": key.path, "takes": key.kind.name, "default": default_text(key), "about": key.about}
                for key in found
            ]
        )
        return
    if not found:
        raise UsageError(f"No key has {' or '.join(words)} in its name", hint="All keys: yester profile keys")
    rows = [("KEY", "DEFAULT", "TAKES")]
    rows += [(key.path, default_text(key) or "-", key.kind.name) for key in found]
    for row, key in zip(table(rows), [None, *found], strict=True):
        click.echo(row if key is None else f"{row}\n    {key.about}")


_NAMED_IN_COMMENTS = ("# The profile {}:", "`yester snap {}`", "`yester schedule enable {}`", "`yester forget {}`")
"""Where a fresh file has the name of its profile."""


@command.command("copy", short_help="Add a profile that says the same as another.")
@click.argument("name")
@click.argument("new")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Set a key of the new one differently.")
def copy(name: str, new: str, settings: tuple[str, ...]) -> None:
    """Add the profile NEW, which says the same as NAME, comments included; its snapshots are a series of their own."""
    folder = _folder()
    checked_profile_name(new)
    own_id = Change(("id",), os.urandom(16).hex())
    text = changed(load_profile(folder, name).text, [own_id, *map(parse_setting, settings)])
    for words in _NAMED_IN_COMMENTS:
        text = text.replace(words.format(quote(name)), words.format(quote(new)))
    path = save_profile(folder, parse_profile(new, text, "with these settings"))
    click.echo(f"profile {new} added: {one_line(str(path))}")


@command.command("remove", short_help="Remove a profile; its snapshots stay.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove the profile NAME. Snapshots that were taken of it stay in the repository, and with them its text."""
    folder = _folder()
    if name not in profile_names(folder):
        load_profile(folder, name)
    path = profile_path(folder, name)
    confirm(f"Remove the profile {name}, {one_line(str(path))}? Its snapshots stay.", yes=yes)
    try:
        path.unlink()
    except OSError as problem:
        raise UsageError(f"{path} cannot be removed: {problem.strerror}", hint="Check its folder's rights.") from None
    click.echo(
        f"profile {name} removed; its snapshots stay, and the text with them: yester profile recover {quote(name)}"
    )
    try:
        places = remove_schedule(name, Machine.this(Places.default()))
    except YesterError as problem:
        complain(f"Its runs are still started, and will fail now: {problem.what}", problem.hint)
    else:
        if places:
            click.echo(f"its schedule is removed as well: {', '.join(map(one_line, places))}")


@command.command("check", short_help="Look for mistakes in profiles.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def check(names: tuple[str, ...]) -> int:
    """Look for mistakes in the named profiles, or in all. Exit code 2 when there are any."""
    folder = _folder()
    problems = 0
    for name in names or profile_names(folder):
        found = _problems(folder, name)
        problems += len(found)
        click.echo(f"{name}: " + (count(len(found), "problem") if found else "in order"))
        for problem in found:
            complain(problem.what, problem.hint)
    return USAGE if problems else 0


def _problems(folder: Path, name: str) -> list[UsageError]:
    try:
        text = profile_text(folder, name)
    except UsageError as problem:
        return [problem]
    place = str(profile_path(folder, name))
    if mistakes := profile_mistakes(name, text, place):
        return mistakes
    profile = parse_profile(name, text, place)
    found = [
        UsageError(f"Profile {name}: the source {printable(source)} is not there", hint="Mount it, or drop it.")
        for source in profile.sources
        if not os.path.exists(source)
    ]
    broken = pattern_problems(profile)
    found += broken or _emptied_sources(profile)
    found += _schedule_problems(profile)
    found += _plugin_problems(profile)
    return found + [UsageError(f"Profile {name}: {missing}") for missing in _missing_repository(profile)]
