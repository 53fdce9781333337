"""yester profile size: what a snapshot would take, and what it would leave out, before there is any."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.places import Places
from yester.engine.profiles.profile import FilterSpec
from yester.engine.profiles.reading import load_profile
from yester.tui.cli.filtering import filter_options, filter_spec
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import is_url, repository_place
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import count, printable, size, table

if TYPE_CHECKING:
    from yester.engine.capture.measuring import Measure

_SAID_S = 0.5
WHYS = {
    "pattern": "a pattern",
    "large": "its size",
    "cache": "a CACHEDIR.TAG",
    "marked": "a file that marks it",
    "elsewhere": "another file system, or yester's own",
}
"""Why something is left out, in words."""


@click.command("size", short_help="Count what a snapshot would take.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=bytes))
@click.option("--profile", "of_profile", metavar="NAME", help="What this profile would take.")
@filter_options
@as_json
def command(paths: tuple[bytes, ...], of_profile: str | None, as_json: bool, **filters: Any) -> None:
    """Count what a snapshot of each PATH would take, what takes most of it, and what would be left out and why.

    No file is read, and nothing is written. With --profile its own sources and filters count.
    """
    if bool(paths) == (of_profile is not None):
        raise UsageError("Either paths or a profile must be named", hint="Write yester profile size PATH...")
    places = Places.default()
    if of_profile is not None:
        profile = load_profile(places.config / "profiles", of_profile)
        counting = measures(profile.sources, profile.filters, places, repository_place(None, profile, places))
    else:
        counting = measures(tuple(map(os.path.abspath, paths)), filter_spec(**filters), places)
    found = _counted(counting)
    if as_json:
        echo_json(measure_as_json(found))
    else:
        click.echo("\n".join(_lines(found)))


def measures(sources: tuple[bytes, ...], spec: FilterSpec, places: Places, repository: str = "") -> "Iterator[Measure]":
    """Yield the sums as they grow; a repository in a folder among the sources is not entered. UsageError: filters."""
    from yester.engine.capture.filters import Filter
    from yester.engine.capture.measuring import measured, surroundings_of

    place = repository or repository_place(None, None, places)
    folder = b"" if is_url(place) else os.fsencode(Path(place))
    return measured(sources, Filter(spec), surroundings_of(sources, places, folder))


def _counted(counting: "Iterator[Measure]") -> "Measure":
    """Return the last sums, and say on a terminal how far it is."""
    found, said = next(counting), time.monotonic()
    is_shown = sys.stderr.isatty()
    for found in counting:
        if is_shown and time.monotonic() - said > _SAID_S:
            said = time.monotonic()
            click.echo(f"\r{count(found.files, 'file')}, {size(found.size)} ... ", nl=False, err=True)
    if is_shown:
        click.echo("\r\x1b[K", nl=False, err=True)
    return found


def measure_as_json(found: "Measure") -> dict[str, Any]:
    """Return sums as `--json` shows them."""
    return {
        "files": found.files,
        "folders": found.folders,
        "size": found.size,
        "unreadable": found.unreadable,
        "left_out": found.left_out,
        "left_out_size": found.left_out_size,
        "is_whole": found.is_whole,
        "sources": [{**to_builtins(shown(path)), "size": taken} for path, taken in found.sources.items()],
        "heaviest": [{**to_builtins(shown(path)), "size": taken} for path, taken in found.heaviest()],
        "examples": [
            {**to_builtins(shown(left.path)), "size": left.size, "is_folder": left.is_folder, "why": left.why}
            for left in found.heaviest_left_out()
        ],
    }


def _lines(found: "Measure") -> list[str]:
    more = "" if found.is_whole else " and more, which were not counted"
    lines = [f"{count(found.files, 'file')} in {count(found.folders, 'folder')}, {size(found.size)}{more}"]
    if found.unreadable:
        lines.append(f"{count(found.unreadable, 'entry', 'entries')} cannot be read")
    if found.heaviest():
        rows = [("SIZE", "TAKEN"), *((size(taken), printable(path)) for path, taken in found.heaviest())]
        lines += ["", *table(rows, right=(0,))]
    if found.left_out:
        left_out = [("SIZE", "LEFT OUT", "BY")]
        left_out += [
            (size(left.size), printable(left.path) + "/" * left.is_folder, WHYS[left.why])
            for left in found.heaviest_left_out()
        ]
        lines += ["", *table(left_out, right=(0,))]
        lines.append(f"{count(found.left_out, 'entry', 'entries')} left out in all, {size(found.left_out_size)}")
    return lines
