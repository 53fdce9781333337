"""What a plugin for yester is made of: `from yester.plugins.native import Plugin`; docs/plugins.md has the rules."""

from yester.engine.hooks import StopRun
from yester.plugins.native.interface import Plugin, Row, action, panel
from yester.plugins.options.spec import Option

__all__ = ["Option", "Plugin", "Row", "StopRun", "action", "panel"]
