"""yester version."""

import platform

import click

from yester import __version__


@click.command("version", short_help="Show the version of yester and of what it works with.")
def command() -> None:
    """Show the version of yester, of the repository format, and of Python."""
    click.echo(f"yester {__version__}")
    click.echo("repository format 1")
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.release()}")
