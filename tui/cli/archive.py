"""yester archive: give snapshots to an archive, and let go of their online copies."""

import click

from yester.tui.cli.archive_going_on import cancel, retry, run
from yester.tui.cli.archive_looking import jobs, policies, status
from yester.tui.cli.archive_purging import purge
from yester.tui.cli.archive_putting import put
from yester.tui.cli.groups import Group

_HELP = ("-h", "--help")


class _Archive(Group):
    """Takes what is no command of its own for what is to be archived."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `put` before what names no command."""
        if args and args[0] not in self.commands and args[0] not in _HELP:
            args = ["put", *args]
        return super().parse_args(ctx, args)


@click.group("archive", cls=_Archive, short_help="Keep old snapshots somewhere slow and cheap.")
def command() -> None:
    """Give snapshots to an archive (tapes, a shelf of disks, cold storage), see what it holds, and let go of online
    copies.

    `yester archive docs --older-than 1y --policy P` is short for `yester archive put …`. What was archived and purged
    comes back with `yester recall`. Metadata always stays online: listing, searching and comparing need no archive.
    """


for each in (put, purge, jobs, status, policies, run, retry, cancel):
    command.add_command(each)
