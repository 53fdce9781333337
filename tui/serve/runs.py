"""Answers about runs."""

from contextlib import suppress
from typing import Any

import msgspec

from yester.engine.runs.following import follow
from yester.engine.runs.history import all_runs, find_run
from yester.tui.cli.runs import run_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.runs import RunFrom, RunsWanted

_lines = msgspec.json.Decoder(dict[str, Any])


def runs(desk: Desk, asked: RunsWanted, call: Call) -> Answers:
    """Yield runs, newest first."""
    found = [run for run in all_runs(desk.places.state) if asked.profile in ("", run.profile)]
    yield from map(run_as_json, found[: asked.limit or None])
    return {"total": len(found)}


def follow_run(desk: Desk, asked: RunFrom, call: Call) -> Answers:
    """Yield the lines of a run until it ends, or what is stored of it. UsageError: there is none."""
    run = find_run(desk.places, asked.run)
    lines = follow(desk.places, run.run, asked.first)
    with call.stopped_by(lines.close):
        for line in lines if asked.live else lines.stored():
            with suppress(msgspec.DecodeError):  # a line that is none tells nobody anything
                yield _lines.decode(line)
    return {"next": lines.next, "ended": lines.ended}
