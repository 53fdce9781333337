"""One run: how far it is, and all that happened in it."""

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual.binding import BindingType
from textual.widget import Widget

from yester.engine.events import decode
from yester.engine.runs.records import RunRecord
from yester.tui.bindings import bindings
from yester.tui.client import all_of
from yester.tui.screens.opening import open_journal
from yester.tui.screens.place import Place
from yester.tui.state import running
from yester.tui.state.live import LiveRun, with_event
from yester.tui.state.text import Column, Line, Row, Span, plain
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

_COLUMNS = (Column("", 8), Column(""))


class Journal(Place, inherit_bindings=False):
    """The lines of one run, in words; of one that lasts, as they come."""

    NAME = "journal"
    AT = "runs"
    HELP = "What happened in this run. Esc goes back."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("journal", "place")]

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run
        self._stored: LiveRun | None = None
        self._text = ""
        self._lines: list[Line] = []

    def body(self) -> Iterable[Widget]:
        """How far it is, and its lines."""
        yield Panel(id="run", classes="headline")
        yield Rows(_COLUMNS, id="lines", empty="Its journal was given up; what is known of it stands above")

    def on_mount(self) -> None:
        """Ask for the lines of a run that nobody follows."""
        super().on_mount()
        if self._run not in self.world.live:
            self.work_on(self._ask, "journal")

    async def _ask(self) -> None:
        record = next((run for run in self.world.runs or () if run.run == self._run), None)
        if record is None:
            return
        request = self.engine.ask("runs.follow", msgspec.Raw, run=self._run, live=False)
        lines = await all_of(request)
        found = LiveRun(msgspec.structs.replace(record, state="running") if lines else record)
        for raw in lines:
            found = with_event(found, decode(bytes(raw)))
        self._stored = found
        self.tell()

    def shown(self, world: World) -> None:
        """Show what is known; the list stays at its end while it is there."""
        live = world.live.get(self._run) or self._stored
        record = next((run for run in world.runs or () if run.run == self._run), live.record if live else None)
        if record is None:
            return
        panel, rows = self.query_one("#run", Panel), self.query_one(Rows)
        known: RunRecord = record
        panel.fit(lambda width: running.panel(known, live, world.now_ns, width, self.glyphs))
        was_at_end = rows.cursor >= len(self._lines) - 1
        self._lines = [each for each in (live.words if live else ()) if self._text in plain(each)]
        rows.show(len(self._lines), self._row)
        if was_at_end:
            rows.go(len(self._lines) - 1)

    def _row(self, at: int) -> Row:
        first, *rest = self._lines[at]
        words = rest[0] if rest else Span("")
        return Row((Span(first.text.strip(), "dim"), words))

    def under_cursor(self) -> dict[str, bytes]:
        """The run."""
        return {**super().under_cursor(), "run": self._run.encode()}

    def action_pager(self) -> None:
        """Open it in $PAGER."""
        open_journal(self, self._run, "pager")

    def action_editor(self) -> None:
        """Open it in $EDITOR."""
        open_journal(self, self._run, "editor")

    def filtered(self, text: str) -> None:
        """Show only lines that hold a text."""
        self._text = text
        self.tell()
