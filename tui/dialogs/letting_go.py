"""Asking before snapshots go: which, why, what that frees; and the number of them, or what is lost, typed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from yester.engine.errors import YesterError
from yester.tui.client import EngineGone
from yester.tui.defects import told
from yester.tui.dialogs.dialog import Dialog
from yester.tui.state import letting_go
from yester.tui.state.letting_go import LettingGo
from yester.tui.state.text import Glyphs, Row, Span, line
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Letting(Dialog[bool]):
    """The plan. It is carried out by whoever asked, once what says so was typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "move(-10)", "page up", show=False),
        Binding("pagedown", "move(10)", "page down", show=False),
    ]

    def __init__(self, asked: LettingGo, freed: Callable[[], Awaitable[int]], glyphs: Glyphs) -> None:
        """`freed` tells how much a prune would give back. YesterError: nobody knows."""
        super().__init__()
        self._asked, self._freed, self._glyphs = asked, freed, glyphs
        self._problem = ""

    def compose(self) -> ComposeResult:
        """What is said, each snapshot, where to type."""
        with Vertical(classes="dialog letting"):
            yield Panel(id="question")
            yield Rows(letting_go.COLUMNS, id="plan", empty="")
            yield Box(id="number", compact=True)
            yield Panel(id="will")

    def on_mount(self) -> None:
        """Show it, and add up what it frees."""
        asked, box = self._asked, self.query_one(Input)
        self.query_one(Rows).show(len(asked.rows), self._row)
        self.query_one(Rows).can_focus = False
        box.display = bool(asked.number)
        if asked.number:
            box.placeholder = letting_go.wrong_word(asked, "")
            box.focus()
            self.run_worker(self._add_up(), group="freed", exclusive=True, exit_on_error=False)
        self._show()

    async def _add_up(self) -> None:
        try:
            await told(self._count)
        except EngineGone:
            return  # said once, by whoever watches the engine
        except YesterError as problem:
            self._asked = replace(self._asked, problem=problem.what)
        self._show()

    async def _count(self) -> None:
        freed = await self._freed()
        self._asked = replace(self._asked, freed=freed)

    def _row(self, at: int) -> Row:
        return letting_go.row_of(self._asked.rows[at], self._asked, self._glyphs)

    def _show(self) -> None:
        self.query_one("#question", Panel).show(letting_go.lines(self._asked, self._glyphs))
        said = line(Span(self._problem, "bad")) if self._problem else letting_go.command(self._asked)
        self.query_one("#will", Panel).show([said] if self._asked.number else [line(Span("Esc goes back", "dim"))])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Typing goes on."""
        self._problem = ""
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Say yes, when it is what says so."""
        self._problem = letting_go.wrong_word(self._asked, event.value)
        if self._problem:
            self._show()
        else:
            self.dismiss(True)

    def action_move(self, by: int) -> None:
        """Look at others of the list."""
        self.query_one(Rows).cursor += by

    def action_leave(self) -> None:
        """Say no."""
        self.dismiss(False)
