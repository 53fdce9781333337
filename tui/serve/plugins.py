"""Answers about plugins."""

from yester.engine.events import Message
from yester.tui.cli.plugin_loading import Screen, Stage, looked_at
from yester.tui.cli.plugin_rows import facts_as_json, found_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.plugins import PluginNamed, PluginsWanted


class _Nobody(Screen):
    """Hears what plugins print while they are loaded: standard error is the server's own."""

    def printed(self, message: Message) -> None:
        """Leave a line of output to itself."""


def plugins(desk: Desk, asked: PluginsWanted, call: Call) -> Answers:
    """Yield the plugins that there are, without loading any. UsageError: a file of settings is wrong."""
    yield from map(found_as_json, Stage.of(asked.profile or None).plugins())


def plugin(desk: Desk, asked: PluginNamed, call: Call) -> Answers:
    """Yield what a plugin tells of itself once it is loaded. UsageError: it cannot be."""
    stage = Stage.of(asked.profile or None)
    found = stage.named(asked.plugin)
    loaded = looked_at(stage, found, stage.layers(), _Nobody(desk.places))
    yield {**found_as_json(found), **facts_as_json(loaded.facts), "broken": loaded.problem}
