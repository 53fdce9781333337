"""yester pause: let a run stand still."""

import click

from yester.engine.runs.requests import Request
from yester.tui.cli.options import as_json
from yester.tui.cli.steering import steer


@click.command("pause", short_help="Let a run stand still.")
@click.argument("said", metavar="RUN")
@as_json
def command(said: str, as_json: bool) -> None:
    """Ask RUN to stand still, until yester resume or cancel.

    The repository keeps knowing that it is at work. RUN is an id, a part of one, or the profile that it is of.
    """
    steer(said, Request(pause=True), "pausing", as_json)
