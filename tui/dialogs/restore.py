"""Asking how something is to be brought back: where, and what becomes of what is in the way."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input

from yester.engine.errors import YesterError
from yester.tui.defects import told
from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.restoring import Foreseen, Wish, command, lines, next_conflict, next_owner
from yester.tui.state.text import Glyphs
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel


class Restore(Dialog[Wish]):
    """Says what would come back and what is in the way; the answer is the wish, as it was changed, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "leave", "no"),
        Binding("c", "conflict", "other choice"),
        Binding("o", "owner", "other owner"),
        Binding("t", "elsewhere", "elsewhere"),
        Binding("left", "app.focus_previous", "other", show=False),
        Binding("right", "app.focus_next", "other", show=False),
    ]

    def __init__(self, wish: Wish, foresee: Callable[[Wish], Awaitable[Foreseen]], glyphs: Glyphs) -> None:
        """`foresee` tells what a wish would do."""
        super().__init__()
        self._wish, self._foresee, self._glyphs = wish, foresee, glyphs
        self._foreseen: Foreseen | None = None
        self._problem = ""

    def compose(self) -> ComposeResult:
        """The words, another folder, and what can be chosen."""
        with Vertical(classes="dialog roomy"):
            with VerticalScroll(can_focus=False):
                yield Panel(id="question")
            yield Box(placeholder="folder to bring it to", id="target", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("c  choice", id="conflict", compact=True)
                yield Button("o  owner", id="owner", compact=True)
                yield Button("t  elsewhere", id="elsewhere", compact=True)
                yield Button("No", id="no", compact=True)
                yield Button("Bring back", id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Stand on what keeps everything, and look what is there."""
        self.query_one("#target", Input).display = False
        self.query_one("#yes").focus()
        self._look()

    def _look(self) -> None:
        self._foreseen, self._problem = None, ""
        self._show()
        self.run_worker(self._ask(), group="foresee", exclusive=True, exit_on_error=False)

    async def _ask(self) -> None:
        try:
            await told(self._count)
        except YesterError as problem:
            self._problem = problem.what
        self._show()

    async def _count(self) -> None:
        self._foreseen = await self._foresee(self._wish)

    def _show(self) -> None:
        said = lines(self._wish, self._foreseen, self._problem, self._glyphs)
        self.query_one(Panel).show([*said, *([] if self._problem else [command(self._wish)])])

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        acts = {
            "conflict": self.action_conflict,
            "owner": self.action_owner,
            "elsewhere": self.action_elsewhere,
            "no": self.action_leave,
        }
        acts.get(event.button.id or "", self._answer)()

    def _answer(self) -> None:
        if not self._problem:
            self.dismiss(self._wish)

    def action_conflict(self) -> None:
        """The next choice."""
        self._wish = replace(self._wish, conflict=next_conflict(self._wish.conflict))
        self._show()

    def action_owner(self) -> None:
        """Another owner."""
        self._wish = replace(self._wish, owner=next_owner(self._wish.owner))
        self._show()

    def action_elsewhere(self) -> None:
        """Let a person type where to."""
        box = self.query_one("#target", Input)
        box.display = True
        box.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed, and look what is there; nothing: where it was."""
        typed = os.path.expanduser(event.value.strip())
        self._wish = replace(self._wish, target=os.fsencode(os.path.abspath(typed)) if typed else None)
        event.input.display = bool(typed)
        self.query_one("#yes").focus()
        self._look()

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)
