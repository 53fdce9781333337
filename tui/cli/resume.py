"""yester resume: let a run that stands still go on."""

import click

from yester.engine.runs.requests import Request
from yester.tui.cli.options import as_json
from yester.tui.cli.steering import steer


@click.command("resume", short_help="Let a run that stands still go on.")
@click.argument("said", metavar="RUN")
@as_json
def command(said: str, as_json: bool) -> None:
    """Let RUN go on after yester pause.

    RUN is an id, a part of one, or the profile that it is of.
    """
    steer(said, Request(resume=True), "resuming", as_json)
