"""yester profile: say what to take snapshots of, where to, and what to leave out."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from yester.engine.capture.filters import DEFAULT_EXCLUDES, read_pattern_file
from yester.engine.errors import RepositoryError, UsageError
from yester.engine.events import clean, shown
from yester.engine.places import Places
from yester.engine.profiles.profile import FilterSpec, Profile
from yester.engine.profiles.reading import load_profile, profile_names, profile_path
from yester.engine.profiles.sizes import parse_size
from yester.engine.profiles.writing import new_profile, save_profile
from yester.plugins.backends.registry import open_store
from yester.tui.cli.failures import USAGE, complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import is_url, repository_place
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import count, printable, table


@click.group("profile", short_help="Say what to take snapshots of.")
def command() -> None:
    """Say what to take snapshots of, where to put them, and what to leave out.

    A profile is a TOML file in the configuration folder; change it with any editor.
    """


def _folder() -> Path:
    return Places.default().config / "profiles"


@command.command("add", short_help="Add a profile.")
@click.argument("name")
@click.argument("sources", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=bytes))
@click.option("--repo", "repository", metavar="REPO", default="", help="Where to: a folder or a URL.")
@click.option("--exclude", "excludes", metavar="PATTERN", multiple=True, help="Leave out, as a line in a .gitignore.")
@click.option("--exclude-file", "files", metavar="FILE", multiple=True, help="Leave out what the lines of a file say.")
@click.option("--exclude-larger-than", "larger_than", metavar="SIZE", help="Leave out larger files, such as 500M.")
@click.option("--exclude-if-present", "marks", metavar="NAME", multiple=True, help="Leave out folders that hold NAME.")
@click.option(
    "--exclude-caches/--no-exclude-caches", "caches", default=True, help="Leave out what a CACHEDIR.TAG marks."
)
@click.option("--one-file-system", is_flag=True, help="Stay on the file system of each source.")
@click.option("--no-default-excludes", is_flag=True, help="Take also what hardly anybody wants back.")
@click.option(
    "--compression", metavar="LEVEL", type=click.IntRange(-7, 19), default=3, help="zstd level; 3 by default."
)
def add(name: str, sources: tuple[bytes, ...], repository: str, compression: int, **filters: Any) -> None:
    """Add the profile NAME, which takes each PATH."""
    spec = _filter_spec(**filters)
    for path in spec.exclude_files:
        read_pattern_file(path)
    place = _checked_place(repository) if repository else ""
    profile = new_profile(name, sources, repository=place, filters=spec, compression=compression)
    path = save_profile(_folder(), profile)
    click.echo(f"profile {name} added: {path}")
    for missing in _missing_repository(profile):
        click.echo(missing)
    click.echo(f"take a snapshot: yester snap {name}")


def _filter_spec(
    *,
    excludes: tuple[str, ...],
    files: tuple[str, ...],
    larger_than: str | None,
    marks: tuple[str, ...],
    caches: bool,
    one_file_system: bool,
    no_default_excludes: bool,
) -> FilterSpec:
    return FilterSpec(
        excludes=tuple(_checked_pattern(pattern) for pattern in excludes),
        exclude_files=tuple(Path(os.path.abspath(file)) for file in files),
        larger_than=None if larger_than is None else parse_size(larger_than),
        if_present=marks,
        caches=caches,
        one_file_system=one_file_system,
        defaults=not no_default_excludes,
    )


def _checked_pattern(pattern: str) -> str:
    try:
        pattern.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"The pattern {printable(os.fsencode(pattern))} is not UTF-8",
            hint="Write ? or * where such a character stands.",
        ) from None
    return pattern


def _checked_place(repository: str) -> str:
    """Return the repository's place, absolute; UsageError when no backend serves its URL. It need not be there yet."""
    place = repository_place(repository, None, Places.default())
    if place != clean(place):
        raise UsageError(
            f"The repository's path {place} is not UTF-8, which a profile cannot hold",
            hint="Give the path of a link to it.",
        )
    if is_url(place):
        with suppress(RepositoryError):
            open_store(place).close()
    return place


def _missing_repository(profile: Profile) -> list[str]:
    place = repository_place(None, profile, Places.default())
    if is_url(place) or os.path.exists(os.path.join(place, "config")):
        return []
    return [f"there is no repository yet: yester init {place}"]


@command.command("list", short_help="List the profiles.")
@as_json
def list_profiles(as_json: bool) -> int:
    """List the profiles; one that cannot be read is complained about, and the exit code is 2."""
    places, folder = Places.default(), _folder()
    profiles, broken = _all_profiles(folder)
    if as_json:
        echo_json([_as_json(profile, folder) for profile in profiles])
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


def _as_json(profile: Profile, folder: Path) -> dict[str, object]:
    filters = profile.filters
    return {
        "name": profile.name,
        "id": profile.id.hex(),
        "file": str(profile_path(folder, profile.name)),
        "sources": [shown(source) for source in profile.sources],
        "repository": repository_place(None, profile, Places.default()),
        "compression": profile.compression,
        "filters": {
            "exclude": list(filters.excludes),
            "exclude_files": [shown(os.fsencode(path)) for path in filters.exclude_files],
            "exclude_larger_than": filters.larger_than,
            "exclude_if_present": [shown(os.fsencode(mark)) for mark in filters.if_present],
            "exclude_caches": filters.caches,
            "one_file_system": filters.one_file_system,
            "default_excludes": list(DEFAULT_EXCLUDES) if filters.defaults else [],
        },
    }


@command.command("show", short_help="Show a profile.")
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show the profile NAME: its file, and what the default excludes are."""
    folder = _folder()
    profile = load_profile(folder, name)
    if as_json:
        echo_json(_as_json(profile, folder))
        return
    click.echo(f"# {profile_path(folder, name)}\n")
    click.echo(profile.text.rstrip("\n"))
    if profile.filters.defaults:
        click.echo("\n# The default excludes, which come first:")
        click.echo("\n".join(f"#   {pattern}" for pattern in DEFAULT_EXCLUDES))


@command.command("remove", short_help="Remove a profile; its snapshots stay.")
@click.argument("name")
def remove(name: str) -> None:
    """Remove the profile NAME. Snapshots that were taken of it stay in the repository."""
    folder = _folder()
    if name not in profile_names(folder):
        load_profile(folder, name)
    profile_path(folder, name).unlink()
    click.echo(f"profile {name} removed; its snapshots stay")


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
        profile = load_profile(folder, name)
    except UsageError as problem:
        return [problem]
    found = [
        UsageError(f"Profile {name}: the source {printable(source)} is not there", hint="Mount it, or drop it.")
        for source in profile.sources
        if not os.path.exists(source)
    ]
    for path in profile.filters.exclude_files:
        try:
            read_pattern_file(path)
        except UsageError as problem:
            found.append(problem)
    return found + [UsageError(f"Profile {name}: {missing}") for missing in _missing_repository(profile)]
