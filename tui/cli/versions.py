"""yester versions: what a file or folder was, in all snapshots."""

from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.places import Places
from yester.tui.cli.history import (
    absolute,
    kind,
    marks_of,
    opened_catalogue,
    series_name,
    short,
    size_of,
    snapshot_of,
    state_of,
    taken,
    visited_for,
    wanted,
)
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json
from yester.tui.cli.wording import count, moment, printable, table

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Version

_HEADER = ("FIRST SEEN", "LAST SEEN", "SNAPSHOT", "SIZE", "MODIFIED", "NOTES")


@click.command("versions", short_help="Show what a file or folder was, and when.")
@click.argument("path", metavar="PATH")
@click.option("--profile", "name", metavar="NAME", help="Only snapshots of this profile.")
@click.option("--host", metavar="NAME", help="Only snapshots of this machine.")
@as_json
@access
def command(
    path: str,
    name: str | None,
    host: str | None,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Show each version of PATH that snapshots hold, oldest first; of a folder, when anything in it changed.

    SNAPSHOT is the newest one that has the version: yester restore SNAPSHOT PATH brings it back.
    """
    places, place = Places.default(), absolute(path)
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with visited_for("versions", asked, places, name, place) as opened, opened_catalogue(opened) as catalogue:
        versions = catalogue.versions(place, wanted(name, host))
    if as_json:
        echo_json({**to_builtins(shown(place)), "versions": [version_as_json(version) for version in versions]})
    elif not versions:
        words = printable(place.rpartition(b"/")[2]) or "/"
        raise UsageError(f"No snapshot has {printable(place)}", hint=f"Look for the name: yester find {words!r}")
    else:
        click.echo("\n".join(_lines(place, versions)))


def version_as_json(version: "Version") -> dict[str, object]:
    """Return a version as `--json` shows it."""
    return {
        **state_of(version.state),
        "first": snapshot_of(version.first),
        "last": snapshot_of(version.last),
        "snapshots": version.count,
        "gone": snapshot_of(version.gone) if version.gone else None,
    }


def _lines(path: bytes, versions: "list[Version]") -> list[str]:
    """Return the lines, one series after the other, each under its name when there are several."""
    grouped: dict[str, list[Version]] = {}
    for version in versions:
        grouped.setdefault(series_name(version.last), []).append(version)
    lines = [f"{printable(path)}: {count(len(versions), 'version')}"]
    for name, mine in grouped.items():
        lines += ["", f"{name}:"] if len(grouped) > 1 else []
        lines += table([_HEADER, *(_row(version) for version in mine)], right=(3,))
    return lines


def _row(version: "Version") -> tuple[str, ...]:
    state = version.state
    notes = [kind(state)] if kind(state) != "file" else []
    notes += marks_of(state)
    notes += ["partial snapshot"] if version.last[1].partial else []
    notes += [f"deleted by {taken(version.gone)}"] if version.gone else []
    return (
        taken(version.first),
        taken(version.last),
        short(version.last),
        size_of(state),
        moment(state.mtime_ns),
        "; ".join(notes),
    )
