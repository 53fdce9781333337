"""yester umount: take a mounted folder away again."""

from pathlib import Path

import click

from yester.engine.places import Places
from yester.fs.unmounting import unmount
from yester.tui.cli.wording import one_line


@click.command("umount", short_help="Take a mounted folder away again.")
@click.argument("mountpoint", type=click.Path(path_type=Path, readable=False))
def command(mountpoint: Path) -> None:
    """Unmount MOUNTPOINT; also one whose server died."""
    unmount(mountpoint, Places.default().runtime)
    click.echo(f"unmounted: {one_line(str(mountpoint))}")
