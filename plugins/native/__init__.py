"""What a plugin for yester is made of: `from yester.plugins.native import Plugin`; docs/plugins.md has the rules."""

from yester.engine.hooks import StopRun
from yester.plugins.deciding.entry import Entry
from yester.plugins.native.interface import Occasion, Plugin, Row, action, panel
from yester.plugins.options.spec import Option
from yester.plugins.worker.serving import AskError

__all__ = ["AskError", "Entry", "Occasion", "Option", "Plugin", "Row", "StopRun", "action", "panel"]
