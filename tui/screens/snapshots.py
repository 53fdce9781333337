"""Snapshots: the timeline of a profile."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.client import all_of
from yester.tui.screens.place import Place
from yester.tui.state import snapshots
from yester.tui.state.snapshots import Filtered, Listed, Snapshot, SnapshotsState, apply
from yester.tui.state.text import Span, line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Snapshots(Place, inherit_bindings=False):
    """The snapshots of one profile, newest first, day by day."""

    NAME = "snapshots"
    HELP = "The snapshots of a profile, and why each is kept."
    WATCHES = frozenset({"runs"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("snapshots", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._state = SnapshotsState()
        self._profile = ""
        self._problem = ""

    def body(self) -> Iterable[Widget]:
        """Of which profile, the timeline, the one that is meant."""
        yield Panel(id="of", classes="headline")
        with Container(classes="beside"):
            yield Rows(snapshots.COLUMNS, id="snapshots", empty="asking…")
            yield Panel(id="snapshot", classes="panel")

    def happened(self, event: Listed | Filtered) -> None:
        """Let the state change, and show it."""
        meant = self.snapshot()
        self._state = apply(self._state, event)
        if self._state.snapshots is not None and meant is not None:
            self.query_one(Rows).go(snapshots.place_of(self._state.lines, meant.snapshot))
        self.tell()

    def shown(self, world: World) -> None:
        """Show the timeline."""
        if self._profile != self.program.profile:
            self._profile, self._state, self._problem = self.program.profile, SnapshotsState(), ""
            self.query_one(Rows).cursor = 0
            self.changed(self.WATCHES)
        lines, rows = self._state.lines, self.query_one(Rows)
        rows.show(len(lines), lambda at: snapshots.row_of(lines[at], self.glyphs), empty=self._empty())
        rows.cursor = rows.validate_cursor(rows.cursor)
        number = len(self._state.snapshots or ())
        of = Span(self._profile or "no profile", "strong")
        self.query_one("#of", Panel).show([line(of, f": {number:,} snapshots" if number else "")])
        self._show_panel()

    def _empty(self) -> str:
        if self._problem:
            return self._problem
        if self._state.snapshots is None:
            return "asking…" if self._profile else "There is no profile yet"
        return "none holds that" if self._state.text else "No snapshot yet: b takes the first one"

    def changed(self, what: frozenset[str]) -> None:
        """Ask for the snapshots."""
        if (self.program.profile and not self.world.running) or (
            self.program.profile and self._state.snapshots is None
        ):
            self.work_on(self._ask, "snapshots")

    async def _ask(self) -> None:
        profile = self.program.profile
        self._problem = ""
        found = await all_of(self.engine.ask("snapshots.list", Snapshot, profile=profile))
        if profile == self.program.profile:
            self.happened(Listed(found))

    def refused(self, problem: YesterError) -> None:
        """Say it where the snapshots would be, too."""
        super().refused(problem)
        if self._state.snapshots is None:
            self._problem = problem.what
            self.tell()

    def snapshot(self) -> Snapshot | None:
        """The snapshot that is meant."""
        lines, at = self._state.lines, self.query_one(Rows).cursor
        found = lines[at] if at < len(lines) else None
        return found if isinstance(found, Snapshot) else None

    def _show_panel(self) -> None:
        meant = self.snapshot()
        self.query_one("#snapshot", Panel).show(snapshots.panel(meant, self.glyphs) if meant else [])

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the snapshot that is meant now."""
        self._show_panel()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Look into it."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only those in which a text occurs."""
        self.happened(Filtered(text))

    def action_open(self) -> None:
        """Look into it."""
        meant = self.snapshot()
        if meant is not None:
            self.program.snapshot, self.program.folder = meant.snapshot, b""
            self.program.action_go("browse")

    def under_cursor(self) -> dict[str, bytes]:
        """The snapshot that is meant."""
        meant = self.snapshot()
        return {**super().under_cursor(), "snapshot": meant.snapshot.encode() if meant else b""}

    def action_snap(self) -> None:
        """Take one more."""
        if self._profile:
            self.change("runs.start", f"A snapshot of {self._profile} is on its way", profile=self._profile)

    def action_pin(self) -> None:
        """Pin it, or let it go again."""
        meant = self.snapshot()
        if meant is None:
            return
        said = "It may go again" if meant.pinned else "Pinned: no rule removes it"

        async def work() -> None:
            request = self.engine.ask(
                "snapshots.pin", dict, profile=self._profile, snapshot=meant.snapshot, pinned=not meant.pinned
            )
            await all_of(request)
            self.program.say(said)
            await self._ask()

        self.work_on(work, "pin")

    def action_profile(self) -> None:
        """Show the next profile."""
        self.program.turn_to_next()
        self.tell()
