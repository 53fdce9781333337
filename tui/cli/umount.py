"""yester umount: take a mounted folder away again."""

from pathlib import Path

import click

from yester.engine.places import Places
from yester.fs.unmounting import unmount
from yester.tui.cli.wording import one_line


@click.command("umount", short_help="Take a mounted folder away again.")
@click.argument("mountpoint", type=click.Path(path_type=Path, readable=False))
@click.option("--lazy", is_flag=True, help="Also while programs use it: they go on, and it ends when the last lets go.")
def command(mountpoint: Path, lazy: bool) -> None:
    """Unmount MOUNTPOINT; also one whose server died."""
    unmount(mountpoint, Places.default().runtime, lazy=lazy)
    click.echo(f"unmounted: {one_line(str(mountpoint))}")
