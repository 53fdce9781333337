"""yester mounts: what is mounted where, and by which process."""

import click
from msgspec import to_builtins

from yester.engine.events import shown
from yester.engine.places import Places
from yester.fs.known_mounts import KnownMount, MountState, clear_dead_mounts, known_mounts
from yester.fs.tally import Tally
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import moment, printable, table

_HEADER = ("MOUNTED AT", "STATE", "SHOWS", "REPOSITORY", "SINCE", "PROCESS", "READS", "FROM MEMORY")
_NUMBERS = (5, 6, 7)


@click.command("mounts", short_help="List what is mounted.")
@click.option("--clean", is_flag=True, help="Take away the dead ones, whose process is gone.")
@as_json
def command(clean: bool, as_json: bool) -> None:
    """List the mounts of yester on this machine.

    READS counts the reads of files that were answered, FROM MEMORY how much of what they needed lay decoded in memory.
    Of mounts that others made, only what the kernel tells is known.
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
        click.echo("\n".join(table([_HEADER, *map(_row, mounts)], right=_NUMBERS)))
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
    }


def _row(mount: KnownMount) -> tuple[str, ...]:
    place, state = printable(mount.path), str(mount.state)
    record = mount.record
    if record is None:
        return place, state, "-", mount.repository, "-", "-", "-", "-"
    done = f"{mount.tally.reads:,}", _share(mount.tally)
    return place, state, record.shows, mount.repository, moment(record.since_ns), str(record.pid), *done


def _share(tally: Tally) -> str:
    asked = tally.hits + tally.misses
    return f"{100 * tally.hits // asked} %" if asked else "-"
