"""yester cancel: stop a run, in good order."""

import click

from yester.engine.runs.requests import Request
from yester.tui.cli.options import as_json
from yester.tui.cli.steering import steer


@click.command("cancel", short_help="Stop a run, in good order.")
@click.argument("said", metavar="RUN")
@as_json
def command(said: str, as_json: bool) -> None:
    """Ask RUN to stop.

    What it has stored is used by the next run. RUN is an id, a part of one, or the profile that it is of.
    """
    steer(said, Request(cancel=True), "cancelling", as_json)
