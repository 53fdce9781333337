"""Keys take effect in the order in which they were pressed.

Textual gives a key to whoever has the focus when it arrives. A text field takes a letter at once; all other keys go up
to the app first, which knows what they are bound to. So on a busy machine, or where keys come in a burst (over ssh
they do), letters overtake Backspace, Enter and Tab, and land in the field before. Here a key is given to nobody until
the one before it has had its effect: a call follows it through the queues of all that it may go through, and once more
through those of whoever has the focus then, for what it set off (a field says that it was submitted, a dialog opens).
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.events import Key
from textual.message_pump import MessagePump

_ROUNDS = 2
_PATIENCE_S = 2.0
"""A key waits no longer than this for one whose effect does not come to an end: order is not worth a stuck screen."""


class InOrder:
    """Keys that wait for the one before them."""

    def __init__(self, app: App[None], deliver: Callable[[Key], Awaitable[None]]) -> None:
        """`deliver` gives a key to whoever has the focus."""
        self._app, self._deliver = app, deliver
        self._waiting: deque[Key] = deque()
        self._is_busy = False
        self._since = 0.0
        self._at: MessagePump = app
        self._number = 0

    async def pressed(self, key: Key) -> None:
        """Give a key to whoever has the focus, once it is its turn."""
        self._waiting.append(key)
        if not self._is_busy or self._is_lost():
            await self._next()

    def _is_lost(self) -> bool:
        """Whether nobody calls any more: who should have is gone, or stands still."""
        return not self._at.is_running or time.monotonic() - self._since > _PATIENCE_S

    async def _next(self) -> None:
        self._number += 1
        self._is_busy = bool(self._waiting)
        if self._waiting:
            self._since, self._at = time.monotonic(), self._start()
            number, at = self._number, self._at
            await self._deliver(self._waiting.popleft())
            self._follow(number, at, _ROUNDS)

    def _start(self) -> MessagePump:
        return self._app.focused or self._app.screen

    def _follow(self, number: int, at: MessagePump | None, rounds: int) -> None:
        """Go up behind a key; whoever is on the way out is passed over."""
        while at is not None and at is not self._app and number == self._number:
            self._at = at
            if at.call_later(self._follow, number, at._parent, rounds):
                return
            at = at._parent
        self._at = self._app
        self._app.call_later(self._come_round, number, rounds - 1)

    async def _come_round(self, number: int, rounds: int) -> None:
        if number != self._number:  # nobody waited for it
            return
        if rounds:
            self._follow(number, self._start(), rounds)
        else:
            await self._next()
