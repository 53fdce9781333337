"""yester find: look for names in all snapshots, those of deleted files too."""

import stat
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from yester.engine.events import shown
from yester.engine.places import Places
from yester.engine.profiles.sizes import parse_size
from yester.tui.cli.history import (
    kind,
    opened_catalogue,
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
from yester.tui.cli.wording import moment, printable, table

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Found

_HEADER = ("MODIFIED", "SIZE", "LAST SEEN", "SNAPSHOT", "PATH")
_BLOCK = 200
"""Rows that are aligned with each other and shown together."""
_LIMIT = 1000
_KINDS = {"f": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK}


def _size(context: click.Context, parameter: click.Parameter, value: str | None) -> int:
    """Return a size such as `10M` in bytes, -1 when none is asked for."""
    return -1 if value is None else parse_size(value)


@click.command("find", short_help="Look for a name in all snapshots.")
@click.argument("pattern", metavar="PATTERN")
@click.option("--profile", "name", metavar="NAME", help="Only snapshots of this profile.")
@click.option("--host", metavar="NAME", help="Only snapshots of this machine.")
@click.option("-i", "--ignore-case", is_flag=True, help="Small and capital letters are the same.")
@click.option("--type", "wanted_kind", type=click.Choice(list(_KINDS)), help="Only files, directories or links.")
@click.option("--larger-than", callback=_size, metavar="SIZE", help="Only what is larger (10M, 2G).")
@click.option("--deleted", is_flag=True, help="Only what the newest snapshots have no more.")
@click.option(
    "--sort", type=click.Choice(["newest", "path"]), default="newest", show_default=True, help="What comes first."
)
@click.option("--limit", type=click.IntRange(min=0), default=_LIMIT, show_default=True, help="Rows at most; 0: all.")
@as_json
@access
def command(
    pattern: str,
    name: str | None,
    host: str | None,
    ignore_case: bool,
    wanted_kind: str | None,
    larger_than: int,
    deleted: bool,
    sort: str,
    limit: int,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Look for files and folders in all snapshots by name, those whose content is newest first.

    PATTERN is a part of the name, or a pattern for all of it with *, ? and [...]; with a slash it is held against the
    path.
    """
    from yester.engine.catalogue.patterns import Pattern

    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)

    def fits(found: "Found") -> bool:
        return (
            (wanted_kind is None or stat.S_IFMT(found.state.st_mode) == _KINDS[wanted_kind])
            and found.state.size > larger_than
            and (found.deleted or not deleted)
        )

    with visited_for("find", asked, places, name) as opened, opened_catalogue(opened) as catalogue:
        paths = Pattern(pattern, ignore_case)
        rows = filter(fits, catalogue.find(paths, wanted(name, host), sorted_by_path=sort == "path"))
        shown_rows = islice(rows, limit or None)
        number = _echo_json(shown_rows) if as_json else _echo(shown_rows)
        is_cut = bool(limit) and number == limit and next(rows, None) is not None
    if is_cut and not as_json:
        click.echo(f"more than {limit:,}: --limit 0 shows all", err=True)
    if not number and not as_json:
        click.echo("nothing found", err=True)


def _echo_json(rows: "Iterator[Found]") -> int:
    found = [found_as_json(each) for each in rows]
    echo_json(found)
    return len(found)


def found_as_json(found: "Found") -> dict[str, object]:
    """Return a path that was found as `--json` shows it."""
    return {
        **to_builtins(shown(found.path)),
        **state_of(found.state),
        "deleted": found.deleted,
        "last": snapshot_of(found.last),
    }


def _echo(rows: "Iterator[Found]") -> int:
    number = 0
    while block := [_row(each) for each in islice(rows, _BLOCK)]:
        lines = table([_HEADER, *block], right=(1,))
        click.echo("\n".join(lines if not number else lines[1:]))
        number += len(block)
    return number


def _row(found: "Found") -> tuple[str, ...]:
    state = found.state
    suffix = "/" if state.is_directory else ""
    notes = [kind(state)] if kind(state) in ("link", "special") else []
    notes += ["deleted"] if found.deleted else []
    path = printable(found.path) + suffix + (f"  ({', '.join(notes)})" if notes else "")
    return moment(state.mtime_ns), size_of(state), taken(found.last), short(found.last), path
