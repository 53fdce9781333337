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
from yester.tui.dialogs.page import Page
from yester.tui.screens.offering import Offering
from yester.tui.screens.opening import open_journal
from yester.tui.screens.steering import Steering
from yester.tui.state import running
from yester.tui.state.live import LiveRun, Told, with_event
from yester.tui.state.text import Column, Row, Span, holds, nothing
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

_COLUMNS = (Column("", 8), Column(""))
_GIVEN_UP = "Its journal was given up; what is known of it stands above"


class Journal(Steering, Offering, inherit_bindings=False):
    """The lines of one run, in words; of one that lasts, as they come."""

    NAME = "journal"
    AT = "runs"
    HELP = "What happened in this run. Esc goes back; a run that lasts goes on."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("journal", "place")]

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run
        self._stored: LiveRun | None = None
        self._text = ""
        self._lines: list[Told] = []
        self._working = (False, False)
        """Whether it lasts, and whether the line that is meant offers something."""

    def body(self) -> Iterable[Widget]:
        """How far it is, and its lines."""
        yield Panel(id="run", classes="headline")
        yield Rows(_COLUMNS, id="lines")

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
        live, record = self.live(), self.record()
        if record is None:
            return
        panel, rows = self.query_one("#run", Panel), self.query_one(Rows)
        known: RunRecord = record
        detached = [running.DETACHED] if self.lasts(record) else []
        panel.fit(lambda width: [*running.panel(known, live, world.now_ns, width, self.glyphs), *detached])
        was_at_end = rows.cursor >= len(self._lines) - 1
        told = live.words if live else ()
        self._lines = [each for each in told if not self._text or holds(f"{each.when} {each.words.text}", self._text)]
        rows.show(len(self._lines), self._row, empty=nothing(self._text, _GIVEN_UP))
        if was_at_end:
            rows.go(len(self._lines) - 1)
        self._name_keys()

    def _name_keys(self) -> None:
        """Name the keys that work, where they are others than before."""
        record, told = self.record(), self._meant()
        working = (record is not None and self.lasts(record), told is not None and bool(told.action))
        if working != self._working:
            self._working = working
            self.refresh_bindings()

    def record(self) -> RunRecord | None:
        """The run, as it was listed or as its lines tell."""
        live = self.live()
        listed = next((run for run in self.world.runs or () if run.run == self._run), None)
        return listed or (live.record if live is not None else None)

    def live(self) -> LiveRun | None:
        """What its lines tell, those that come or those that are stored."""
        return self.world.live.get(self._run) or self._stored

    def _row(self, at: int) -> Row:
        told = self._lines[at]
        words = Span(f"{told.offer.strip()}: {told.words.text}", told.words.tone) if told.offer else told.words
        return Row((Span(told.when, "dim"), words))

    def _meant(self) -> Told | None:
        """The line that is meant."""
        at = self.query_one(Rows).cursor
        return self._lines[at] if at < len(self._lines) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What no plugin offers cannot be started."""
        if action == "act" and self.is_mounted:
            return True if self._working[1] else None
        return super().check_action(action, parameters)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Name the keys that work on the line that is meant now."""
        self._name_keys()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Do what the line offers; one that offers nothing is shown whole."""
        told = self._meant()
        if told is not None and not told.action:
            self.app.push_screen(Page(told.when, [(told.words,)]))
        else:
            self.action_act()

    def action_act(self) -> None:
        """Start what the plugin offers to do about what it says, once the person says so."""
        told, record = self._meant(), self.record()
        if told is not None and told.action:
            self.offered(told.source, told.action, record.profile if record is not None else "")

    def action_copy(self) -> None:
        """Copy the line, also through a terminal that is far away."""
        told = self._meant()
        if told is not None:
            self.copy(told.words.text)

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
