"""Messages whose handler stumbles: said and logged, and the screen goes on."""

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.message import Message
from textual.message_pump import MessagePump

from yester.engine.errors import YesterError
from yester.tui.defects import told

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram


class Guarded(MessagePump):
    """A screen that outlives a defect in one of its handlers, once it is there.

    Textual ends what has stumbled over a message, and the program with it. What a handler of a screen does is to ask
    the engine and to show what is known: the next key may do better.
    """

    async def _dispatch_message(self, message: Message) -> None:
        if not self._is_mounted:  # what is not there cannot be gone on with
            await super()._dispatch_message(message)
            return
        try:
            await told(partial(super()._dispatch_message, message))
        except YesterError as problem:
            cast("TerminalProgram", self.app).say(problem.what, problem.hint, is_bad=True)
