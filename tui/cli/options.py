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

_NARROWING = (
    click.option("--profile", "of_profile", metavar="NAME", help="A snapshot of this profile is meant."),
    click.option("--host", "of_host", metavar="NAME", help="A snapshot of this machine is meant."),
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""`--json`."""


def access(command: _Command) -> _Command:
    """Add the options that say which repository, and where its passphrase is."""
    for option in reversed(_ACCESS):
        command = option(command)
    return command


def narrowing(command: _Command) -> _Command:
    """Add the options that say of which profile and host the snapshot is that is named."""
    for option in reversed(_NARROWING):
        command = option(command)
    return command


def secret_options(command: _Command) -> _Command:
    """Add the options that say where the passphrase is."""
    for option in reversed(_ACCESS[1:]):
        command = option(command)
    return command


def _percent(context: click.Context, parameter: click.Parameter, value: str | None) -> int:
    """Return the number of a share such as `5` or `5%`; 0 when none is asked for."""
    if value is None:
        return 0
    text = value.removesuffix("%")
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise click.BadParameter(f"{value!r} is no share: give 1 to 100", context, parameter)
    return int(text)


read_data = click.option(
    "--read-data",
    "percent",
    callback=_percent,
    is_flag=False,
    flag_value="100",
    metavar="[PERCENT]",
    help="Read all the content too, or as much of it as said, picked at random.",
)
"""`--read-data`, as a number of percent."""
