"""yester mounts: what is mounted where, and by which process."""

from collections.abc import Sequence

import click
from msgspec import to_builtins

from yester.engine.events import shown
from yester.engine.places import Places
from yester.fs.known_mounts import KnownMount, MountState, clear_dead_mounts, known_mounts
from yester.fs.tally import Tally
from yester.fs.unmounting import user_name
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.terminals import terminal_width
from yester.tui.cli.wording import count, moment, one_line, printable, table

_HEADER = ("MOUNTED AT", "STATE", "SHOWS", "REPOSITORY", "SINCE", "PROCESS", "READS", "FROM MEMORY", "OPEN")
_NUMBERS = (5, 6, 7, 8)


@click.command("mounts", short_help="List what is mounted.")
@click.option("--clean", is_flag=True, help="Take away the dead ones, whose process is gone.")
@as_json
def command(clean: bool, as_json: bool) -> None:
    """List the mounts of yester on this machine.

    READS counts the reads of files that were answered, FROM MEMORY how much of what they needed lay decoded in memory.
    OPEN counts the files that programs have open. Of mounts that others made, only what the kernel tells is known.
    Where the terminal is too narrow for the table, each mount takes several lines.
    """
    runtime = Places.default().runtime
    mounts = clear_dead_mounts(runtime) if clean else known_mounts(runtime)
    if as_json:
        echo_json([mount_as_json(mount) for mount in mounts])
    elif clean:
        for mount in mounts:
            click.echo(f"cleared: {printable(mount.path)}")
        if not mounts:
            click.echo("no mount is dead")
    elif mounts:
        click.echo("\n".join(_lines(mounts)))
        if any(mount.state is MountState.DEAD for mount in mounts):
            click.echo("The process of a dead one is gone: yester mounts --clean takes it away.")
    else:
        click.echo("nothing is mounted")


def mount_as_json(mount: KnownMount) -> dict[str, object]:
    """Return a mount as `--json` shows it; what only its own user knows is null for others."""
    record = mount.record
    counts = mount.tally if record else None
    return {
        **to_builtins(shown(mount.path)),
        "state": mount.state,
        "shows": record.shows if record else None,
        "repository": mount.repository,
        "pid": record.pid if record else None,
        "since_ns": record.since_ns if record else None,
        "reads": counts.reads if counts else None,
        "cache_hits": counts.hits if counts else None,
        "cache_misses": counts.misses if counts else None,
        "log": record.log if record else None,
        "open_files": counts.open_files if counts else None,
        "user": user_name(mount.user) if mount.user is not None else None,
    }


def _lines(mounts: Sequence[KnownMount]) -> list[str]:
    """Return a table, or several lines a mount where that is wider than the terminal: nothing is cut off."""
    lines, width = table([_HEADER, *map(_row, mounts)], right=_NUMBERS), terminal_width()
    if width is None or max(map(len, lines)) <= width:
        return lines
    return [line for mount in mounts for line in _in_lines(mount)]


def _in_lines(mount: KnownMount) -> list[str]:
    record, tally = mount.record, mount.tally
    of = one_line(mount.repository)
    if record is None:
        return [printable(mount.path), f"  {mount.state}, {_others(mount)}, of {of}"]
    done = f"{count(tally.reads, 'read')}, {_share(tally)} from memory, {count(tally.open_files, 'open file')}"
    return [
        printable(mount.path),
        f"  {mount.state}, shows {one_line(record.shows)} of {of}",
        f"  since {moment(record.since_ns)[:16]} by process {record.pid}",
        f"  {done}",
    ]


def _others(mount: KnownMount) -> str:
    return f"mounted by {user_name(mount.user)}" if mount.user is not None else "mounted by somebody"


def _row(mount: KnownMount) -> tuple[str, ...]:
    place, state = printable(mount.path), str(mount.state)
    record = mount.record
    if record is None:
        who = f"of {user_name(mount.user)}" if mount.user is not None else "-"
        return place, state, "-", mount.repository, "-", who, "-", "-", "-"
    done = f"{mount.tally.reads:,}", _share(mount.tally), f"{mount.tally.open_files:,}"
    return place, state, record.shows, mount.repository, moment(record.since_ns), str(record.pid), *done


def _share(tally: Tally) -> str:
    asked = tally.hits + tally.misses
    return f"{100 * tally.hits // asked} %" if asked else "-"
