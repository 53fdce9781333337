"""yester backend: see where repositories can lie, and try a place out."""

import click

from yester.tui.cli.backend_duplicity import duplicity_file, serve
from yester.tui.cli.backend_list import list_
from yester.tui.cli.backend_look import look
from yester.tui.cli.backend_test import test
from yester.tui.cli.groups import Group


@click.group("backend", cls=Group, short_help="See where repositories can lie, and try a place out.")
def command() -> None:
    """See where repositories can lie, and try a place out."""


command.add_command(list_)
command.add_command(look)
command.add_command(test)
command.add_command(duplicity_file)
command.add_command(serve)
