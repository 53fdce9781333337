"""Answers about plugins."""

from yester.tui.cli.plugin_loading import Stage
from yester.tui.cli.plugin_rows import found_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.params import Params


def plugins(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield the plugins that there are, without loading any."""
    yield from map(found_as_json, Stage.of(None).plugins())
