"""yester mount: all snapshots as a folder."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.engine.profiles.sizes import parse_size
from yester.engine.restore.ownership import OwnerMode
from yester.fs.cold import RECALL_S
from yester.fs.scope import Scope
from yester.fs.serving import FRAME_CACHE_SIZE, MountPlan, serve
from yester.fs.sources import PATIENCE_S
from yester.fs.time_names import TimeFormat, checked_time_format
from yester.tui.cli.opening import Access, repository_place
from yester.tui.cli.options import access
from yester.tui.cli.visiting import Screen, visited
from yester.tui.cli.wording import one_line

if TYPE_CHECKING:
    from yester.engine.archive.recaller import Recaller
    from yester.engine.repository import Repository


@click.command("mount", short_help="Show all snapshots as a folder.")
@click.argument("mountpoint", type=click.Path(path_type=Path, readable=False))
@click.option("--make-folder", is_flag=True, help="Make MOUNTPOINT if it is not there, for yourself alone.")
@click.option("--foreground", is_flag=True, help="Stay, and unmount when stopped.")
@click.option("--allow-other", is_flag=True, help="Let other users in, each with the rights that the files give.")
@click.option(
    "--owner",
    type=click.Choice([mode.value for mode in OwnerMode]),
    default=OwnerMode.AS_STORED.value,
    show_default=True,
    help="Whose the files are: as stored, this machine's user of the same name, or yours.",
)
@click.option("--profile", "of_profile", metavar="NAME", default="", help="Show this profile alone.")
@click.option("--snapshot", metavar="SNAPSHOT", default="", help="Show this snapshot alone.")
@click.option("--path", metavar="PATH", default="", help="Show this folder of the snapshot, or of the newest, alone.")
@click.option("--time-format", metavar="FORMAT", help="What snapshots are called: as for date(1), / makes folders.")
@click.option(
    "--poll",
    type=click.IntRange(1, 86400),
    metavar="SECONDS",
    help="How often to look for new snapshots, at most; from afar once a minute if not said.",
)
@click.option(
    "--patience",
    type=click.IntRange(1, 86400),
    metavar="SECONDS",
    default=int(PATIENCE_S),
    show_default=True,
    help="How long a program waits for a store that does not answer; then the file cannot be read, until it does.",
)
@click.option("--cache-size", metavar="SIZE", help="How much of what was read to keep in memory; 48M if not said.")
@click.option("--no-xattrs", is_flag=True, help="Leave out extended attributes and ACLs: faster for restoring much.")
@click.option(
    "--recall",
    type=click.Choice(["refuse", "wait"]),
    default="refuse",
    show_default=True,
    help="What happens to who reads a file that is in an archive only.",
)
@click.option(
    "--recall-patience",
    type=click.IntRange(1, 30 * 86400),
    metavar="SECONDS",
    default=int(RECALL_S),
    show_default=True,
    help="How long a program waits for such a file, with --recall=wait.",
)
@click.option("--print-unit", is_flag=True, help="Print a systemd service that does this, and mount nothing.")
@access
@click.pass_context
def command(
    ctx: click.Context,
    mountpoint: Path,
    make_folder: bool,
    foreground: bool,
    allow_other: bool,
    owner: str,
    of_profile: str,
    snapshot: str,
    path: str,
    time_format: str | None,
    poll: int | None,
    patience: int,
    cache_size: str | None,
    no_xattrs: bool,
    recall: str,
    recall_patience: int,
    print_unit: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Show all snapshots below MOUNTPOINT, an empty folder, read-only.

    latest is the newest snapshot; snapshots/PROFILE/TIME has them all; hosts/HOST/PROFILE/TIME, tags/TAG/TIME and
    ids/ID lead there. With --profile, MOUNTPOINT holds the snapshots of that profile; with --snapshot, and with --path,
    it is the folder itself.
    """
    times = TimeFormat() if time_format is None else checked_time_format(time_format)
    places = Places.default()
    if print_unit:
        click.echo(_unit(ctx, mountpoint, repository_place(repository, None, places)), nl=False)
        return
    if make_folder:
        _make(mountpoint)
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    scope = Scope(of_profile, snapshot, os.fsencode(path))
    plan = MountPlan(
        mountpoint,
        places,
        foreground,
        allow_other,
        OwnerMode(owner),
        poll_seconds=poll,
        patience_seconds=patience,
        times=times,
        scope=scope,
        cache_size=FRAME_CACHE_SIZE if cache_size is None else parse_size(cache_size),
        xattrs=not no_xattrs,
        recalls=(lambda opened: _recaller(opened, places, of_profile, repository)) if recall == "wait" else None,
        recall_seconds=recall_patience,
    )
    without = " (without extended attributes and ACLs)" if no_xattrs else ""
    said = f"mounted: {one_line(str(mountpoint))}{without}"
    serve(lambda: visited("mount", asked, places), plan, lambda: click.echo(said))


def _recaller(opened: "Repository", places: Places, of_profile: str, repository: str | None) -> "Recaller":
    """Return who brings back what readers of the mount wait for. UsageError: who mounts has no right to."""
    from yester.tui.cli.archive_desk import recaller_of
    from yester.tui.cli.archiving import profile_named

    profile = profile_named([of_profile] if of_profile else [], repository, places)
    return recaller_of(opened, places, profile, Screen(places), lambda: False)


def _make(mountpoint: Path) -> None:
    try:
        mountpoint.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return  # whether it is fit is looked at by whoever mounts there
    except OSError as error:
        raise UsageError(
            f"The mount point {one_line(str(mountpoint))} cannot be made: {error.strerror}",
            hint="Name a folder of your own.",
        ) from None


_NOT_IN_UNITS = ("mountpoint", "make_folder", "print_unit", "foreground")


def _unit(ctx: click.Context, mountpoint: Path, repository: str) -> str:
    """Return a service that mounts as this command line says."""
    from yester.engine.schedule.machine import Machine
    from yester.tui.cli.mount_unit import unit_of_mount, words_of

    given = {
        each.opts[0]: ctx.params[name]
        for each in ctx.command.params
        if (name := str(each.name)) not in _NOT_IN_UNITS
        and ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    launch = Machine.this(Places.default()).launch
    knows_secret = any(name.startswith(("--passphrase", "--keyring")) for name in given) or any(
        name.startswith("YESTER_PASSPHRASE") for name, _ in launch.environment
    )
    return unit_of_mount(
        launch, mountpoint, repository, words_of(given), is_root=os.geteuid() == 0, knows_secret=knows_secret
    )
