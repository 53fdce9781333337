"""yester pin: keep snapshots whatever the retention says."""

import click

from yester.tui.cli.labelling import say
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json


@click.command("pin", short_help="Keep snapshots whatever the retention says.")
@click.argument("snapshots", metavar="SNAPSHOT...", nargs=-1, required=True)
@click.option("--off", is_flag=True, help="Let them go again.")
@as_json
@access
def command(
    snapshots: tuple[str, ...],
    off: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Pin snapshots: no rule of a retention removes them, and `yester forget --snapshot` asks for a word more."""
    say(
        snapshots,
        Access(repository, passphrase_file, passphrase_command, keyring),
        as_json,
        lambda opened, sid: opened.set_label(sid, pinned=not off),
    )
