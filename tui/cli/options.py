"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

_ACCESS = (
    click.option("--repo", "repository", metavar="REPO", help="The repository: a folder or a URL."),
    click.option("--passphrase-file", metavar="FILE", default="", help="Read the passphrase from a file."),
    click.option("--passphrase-command", metavar="COMMAND", default="", help="Read the passphrase from a program."),
    click.option("--keyring", is_flag=True, help="Look for the passphrase in the keyring."),
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""`--json`."""


def access(command: _Command) -> _Command:
    """Add the options that say which repository, and where its passphrase is."""
    for option in reversed(_ACCESS):
        command = option(command)
    return command


def secret_options(command: _Command) -> _Command:
    """Add the options that say where the passphrase is."""
    for option in reversed(_ACCESS[1:]):
        command = option(command)
    return command
