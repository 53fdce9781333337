"""The command palette."""

from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette


class Palette(CommandPalette):
    """Textual's own; its list is turned by pages only once it is laid out, which a fast typist does not wait for."""

    def _action_command_list(self, action: str) -> None:
        if not action.startswith("page_") or self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave, once, with what was chosen."""
        return super().dismiss(result) if self.is_current else AwaitComplete()
