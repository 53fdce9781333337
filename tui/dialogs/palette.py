"""The command palette."""

from asyncio import Queue
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits

from yester.engine.errors import YesterError
from yester.tui.defects import told

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram


class Palette(CommandPalette):
    """Textual's own; its list is turned by pages only once it is laid out, which a fast typist does not wait for."""

    def _action_command_list(self, action: str) -> None:
        if not action.startswith("page_") or self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)

    async def _consume(self, hits: Hits, commands: "Queue[DiscoveryHit | Hit]") -> None:  # type: ignore[override]
        """Take what a provider finds; Textual would keep what goes wrong with it to itself."""
        try:
            await told(partial(super()._consume, hits, commands))
        except YesterError as problem:
            cast("TerminalProgram", self.app).say(problem.what, problem.hint, is_bad=True)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave, once, with what was chosen."""
        return super().dismiss(result) if self.is_current else AwaitComplete()
