"""yester du: what takes the space in a repository."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.places import Places
from yester.tui.cli.failures import complain
from yester.tui.cli.history import (
    absolute,
    counting,
    opened_catalogue,
    series_name,
    short,
    snapshot_of,
    taken,
    visited_for,
    wanted,
)
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.named import say_damaged
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json
from yester.tui.cli.wording import count, printable, size, table

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Wanted
    from yester.engine.catalogue.usage import Usage
    from yester.engine.repository import Repository
    from yester.engine.selection import Listed

_PATHS = 30


@click.command("du", short_help="Show what takes the space.")
@click.argument("what", metavar="[SNAPSHOT|PROFILE]", required=False)
@click.argument("path", metavar="[PATH]", required=False)
@click.option("--depth", type=click.IntRange(min=0), default=1, show_default=True, help="Names below PATH.")
@click.option("--limit", type=click.IntRange(min=0), default=_PATHS, show_default=True, help="Paths at most; 0: all.")
@as_json
@access
def command(
    what: str | None,
    path: str | None,
    depth: int,
    limit: int,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Show what the snapshots take in the store, compressed and stored once: each snapshot's own part, which would go
    with it, and the paths that take most over all snapshots.

    Of one SNAPSHOT, of all of a PROFILE, or of all. Without PATH the folder that holds all sources is looked into.
    """
    from yester.engine.catalogue.usage import usage

    if what is not None and path is None and "/" in what:
        what, path = None, what
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    profile = what.rpartition("@")[0] or what if what is not None else None
    with visited_for("du", asked, places, profile) as opened, opened_catalogue(opened) as catalogue:
        meant = _meant(opened, what)
        chosen = [listed for listed in opened.snapshots() if meant(listed)]
        say_damaged(opened)
        if not chosen:
            raise UsageError("The repository holds no snapshot", hint="Take one: yester snap PROFILE")
        place = absolute(path) if path is not None else _above(chosen)
        with counting() as tick:
            found = usage(catalogue, opened.index, opened.reader(), meant, place, depth, tick)
    if path is not None and not found.paths:
        raise UsageError(f"No snapshot has {printable(place)}", hint="yester find looks for a name.")
    shown_paths = found.paths[: limit or None]
    if as_json:
        echo_json(
            {
                "size": found.size,
                "plain_size": found.plain_size,
                "snapshots": [{**snapshot_of(listed), "unique_size": own} for listed, own in found.unique],
                "paths": [{**to_builtins(shown(each)), "size": own} for each, own in shown_paths],
                "missing": found.missing,
            }
        )
    else:
        click.echo("\n".join(_lines(found, shown_paths, place)))
    if found.missing:
        complain(f"{count(found.missing, 'blob')} cannot be found or read: run yester check")


def _meant(opened: "Repository", what: str | None) -> "Wanted":
    """Return which snapshots are meant: all, those of a profile, or one."""
    if what is None:
        return wanted(None, None)
    of_profile = wanted(what, None)
    if any(of_profile(listed) for listed in opened.snapshots()):
        return of_profile
    sid, _ = opened.find_snapshot(what)
    return lambda listed: listed[0] == sid


def _above(chosen: "list[Listed]") -> bytes:
    """Return the source of all these snapshots, or the folder that holds all of them."""
    return os.path.commonpath([source for _, snapshot in chosen for source in snapshot.sources])


def _lines(found: "Usage", paths: "Sequence[tuple[bytes, int]]", place: bytes) -> list[str]:
    own = [("TIME", "SNAPSHOT", "PROFILE", "ONLY IN IT")]
    own += [(taken(listed), short(listed), series_name(listed), size(part)) for listed, part in found.unique]
    heavy = [("STORED", "PATH"), *((size(part), printable(path)) for path, part in paths)]
    return [
        *table(own, right=(3,)),
        "",
        f"{count(len(found.unique), 'snapshot')} with {size(found.size)} in {printable(place)}:",
        *table(heavy, right=(0,)),
    ]
