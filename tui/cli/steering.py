"""Asking a run that lasts for something: what `cancel`, `pause` and `resume` have in common."""

import os
import signal

import click

from yester.engine.errors import UsageError, YesterError
from yester.engine.host import host_name
from yester.engine.places import Places
from yester.engine.runs.following import ask
from yester.engine.runs.history import find_active_run
from yester.engine.runs.records import RunRecord
from yester.engine.runs.requests import Answer, Request
from yester.tui.cli.json_output import echo_json


def steer(said: str, request: Request, words: str, as_json: bool) -> None:
    """Ask the run that is meant, and say that it was asked. UsageError: no such run lasts."""
    if not said:
        raise UsageError("No run is named", hint="See yester runs.")
    places = Places.default()
    run = find_active_run(places, said)
    answer = _asked(places, run, request)
    if as_json:
        echo_json(answer)
    else:
        click.echo(f"{words}: {run.action}{f' of {run.profile}' if run.profile else ''}, run {run.run}")


def _asked(places: Places, run: RunRecord, request: Request) -> Answer:
    try:
        return ask(places, run.run, request)
    except YesterError:
        # Its journal is locked, so the process is the one that wrote its number there.
        if not request.cancel or run.host != host_name() or run.pid <= 1:
            raise
        os.kill(run.pid, signal.SIGINT)
        return Answer("cancel", run.run, 0)
