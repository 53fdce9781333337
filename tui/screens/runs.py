"""Runs: what runs, and what ran."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.engine.runs.records import RunRecord
from yester.tui.bindings import bindings
from yester.tui.outside import Viewer
from yester.tui.screens.opening import open_journal
from yester.tui.screens.steering import Steering
from yester.tui.state import running
from yester.tui.state.text import Row, holds, nothing
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

_EMPTY = "Nothing ran yet: b on Home takes a snapshot"


class Runs(Steering, inherit_bindings=False):
    """All runs, those that last first; a row of one that lasts is its progress bar."""

    NAME = "runs"
    HELP = "What runs, and what ran. Runs go on when you leave, and are here again when you come back."
    NEEDS_ROW = frozenset({"open", "snap", "pager", "editor", "report"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._list: list[RunRecord] = []
        self._meant_lasts = False
        self._awaited = ("", "")
        """The profile of the run that was started here last, and the newest run before it; ids sort by time."""

    def body(self) -> Iterable[Widget]:
        """The runs, and the one that is meant."""
        with Container(classes="beside"):
            yield Rows(running.COLUMNS, id="runs")
            yield Panel(id="run", classes="panel")

    def shown(self, world: World) -> None:
        """Show the runs; the one that is meant stays so while others come."""
        meant = self.run_meant()
        self._list = self._wanted(world)
        rows = self.query_one(Rows)
        rows.show(len(self._list), self._row, empty=nothing(self._text, _EMPTY))
        meant = self._begun() or meant
        at = next((at for at, run in enumerate(self._list) if run.run == meant), None)
        if at is not None:
            rows.go(at)
        self._show_panel()
        record = self.record()
        lasts = record is not None and self.lasts(record)
        if lasts != self._meant_lasts:
            self._meant_lasts = lasts
            self.refresh_bindings()

    def _begun(self) -> str | None:
        """The run that `b` has started here, once it is there."""
        profile, before = self._awaited
        if not profile:
            return None
        run = next((run.run for run in self._list if run.profile == profile and run.run > before), None)
        self._awaited = self._awaited if run is None else ("", "")
        return run

    def _wanted(self, world: World) -> list[RunRecord]:
        runs = [*(world.runs or ())]
        if self._text:
            runs = [run for run in runs if holds(running.searched(run), self._text)]
        lasts = [run for run in runs if self.lasts(run)]
        return [*lasts, *(run for run in runs if not self.lasts(run))]

    def _row(self, at: int) -> Row:
        run = self._list[at]
        return running.row_of(run, self.world.live.get(run.run), self.world.now_ns, self.glyphs)

    def record(self) -> RunRecord | None:
        """The run that is meant."""
        at = self.query_one(Rows).cursor
        return self._list[at] if at < len(self._list) else None

    def run_meant(self) -> str | None:
        """Its id."""
        record = self.record()
        return record.run if record else None

    @property
    def _room(self) -> int:
        """How many of the newest words there is room for."""
        return 3 if self.has_class("-narrow") else 12

    def _show_panel(self) -> None:
        record, panel = self.record(), self.query_one("#run", Panel)
        if record is None:
            panel.show([])
            return
        live = self.world.live.get(record.run)
        now_ns, said = self.world.now_ns, live.words[-self._room :] if live is not None else ()
        panel.fit(
            lambda width: [*running.panel(record, live, now_ns, width, self.glyphs), *(each.line for each in said)]
        )

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the run that is meant now."""
        self._show_panel()
        self.refresh_bindings()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show its journal."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only the runs in which a text occurs."""
        self._text = text
        self.tell()

    def action_open(self) -> None:
        """Show its journal."""
        from yester.tui.screens.journal import Journal

        record = self.record()
        if record is not None:
            self.app.push_screen(Journal(record.run))

    def action_copy(self) -> None:
        """Copy what went wrong, also through a terminal that is far away."""
        record = self.record()
        if record is not None:
            live = self.world.live.get(record.run)
            self.copy(running.to_copy(live.record if live is not None else record))

    def action_snap(self) -> None:
        """Take a snapshot of the same profile."""
        record = self.record()
        if record is not None and record.profile:
            self._awaited = (record.profile, max(run.run for run in self._list))
            self.back_up(record.profile)

    def refused(self, problem: YesterError) -> None:
        """Say what went wrong; no run is waited for any more."""
        self._awaited = ("", "")
        super().refused(problem)

    def locked(self) -> dict[str, str]:
        """The repository of the run's profile."""
        record = self.record()
        return {"profile": record.profile if record else ""}

    def under_cursor(self) -> dict[str, bytes]:
        """The run that is meant, and its profile."""
        record = self.record()
        found = self.of_profile(record.profile if record else "")
        return {**found, "run": record.run.encode() if record else b""}

    def action_pager(self) -> None:
        """Open its journal in $PAGER."""
        self._open("pager")

    def action_editor(self) -> None:
        """Open its journal in $EDITOR."""
        self._open("editor")

    def _open(self, kind: Viewer) -> None:
        record = self.record()
        if record is not None:
            open_journal(self, record.run, kind)
