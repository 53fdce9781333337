"""Differences: what differs between two snapshots, and how each file does."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.cli.wording import printable
from yester.tui.client import Refused, all_of
from yester.tui.dialogs.page import Page
from yester.tui.screens.place import Place
from yester.tui.state import differences, preview
from yester.tui.state.browse import as_shown
from yester.tui.state.differences import Difference, DifferencesState, Failed, Filtered, Paged, apply
from yester.tui.state.pages import PAGE
from yester.tui.state.preview import Beginning, Compared
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Line, Row, Span, line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class _Told(msgspec.Struct, frozen=True):
    total: int = 0
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    is_whole: bool = True


class Differences(Place, inherit_bindings=False):
    """The paths on the left, on the right how the one that is meant differs."""

    NAME = "differences"
    AT = "snapshots"
    HELP = "What differs between two snapshots. Enter shows how a file does: only before (-), only after (+)."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("differences", "place")]

    def __init__(self, older: Snapshot, newer: Snapshot) -> None:
        super().__init__()
        self._state = DifferencesState(older, newer)
        self._looked: bytes | None = None

    def body(self) -> Iterable[Widget]:
        """What is compared, the paths, the difference."""
        yield Panel(id="of", classes="headline")
        with Container(classes="beside"):
            yield Rows(differences.COLUMNS, id="differences", empty="comparing…")
            with VerticalScroll(classes="panel", id="preview", can_focus=False):
                yield Panel(id="difference")

    def on_mount(self) -> None:
        """Ask for the first page."""
        super().on_mount()
        self._fetch(0, 1)

    def happened(self, event: Filtered | Paged | Failed) -> None:
        """Let the state change, and show it."""
        self._state = apply(self._state, event)
        self.tell()

    def shown(self, world: World) -> None:
        """Show the paths."""
        state = self._state
        self.query_one("#of", Panel).show(differences.headline(state, self.glyphs))
        self.query_one(Rows).show(state.pages.total or 0, self._row, empty=differences.nothing(state))
        self._look()

    def _row(self, at: int) -> Row:
        return differences.row_of(self._state.pages.at(at), self.glyphs)

    def difference(self) -> Difference | None:
        """The one that is meant."""
        return self._state.pages.at(self.query_one(Rows).cursor)

    def on_rows_in_sight(self, event: Rows.InSight) -> None:
        """Fetch what is in sight and not there; the first page is on its way."""
        if self._state.pages.total is not None:
            self._fetch(event.first, event.end)

    def _fetch(self, first: int, end: int) -> None:
        number = self._state.pages.missing(first, end)
        if number is not None and not self._state.problem:
            text = self._state.text
            self.work_on(lambda: self._page(text, number), "page")

    async def _page(self, text: str, number: int) -> None:
        state = self._state
        asked = {"older": state.older.snapshot, "newer": state.newer.snapshot, "grep": text, "start": number * PAGE}
        profile = self.program.profile
        request = self.engine.ask("snapshots.diff", Difference, profile=profile, count=PAGE, **asked)
        found = await all_of(request)
        told = msgspec.convert(request.done or {}, _Told)
        self.happened(Paged(text, number, found, told.total, told.counts, told.is_whole))

    def refused(self, problem: YesterError) -> None:
        """Say it where the paths would be, too."""
        super().refused(problem)
        if self._state.pages.total is None:
            self.happened(Failed(problem.what))

    def filtered(self, text: str) -> None:
        """Show only paths that hold a text."""
        if text != self._state.text:
            self.happened(Filtered(text))
            self._fetch(0, 1)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Show how the one differs that is meant now."""
        self._look()

    def _look(self) -> None:
        meant = self.difference()
        path = meant.raw if meant is not None else None
        if path == self._looked or not self.query_one("#preview").display:
            return
        self._looked = path
        self._show(differences.few_words(meant) if meant is not None else [])
        if meant is not None and meant.has_content:
            self.work_on(lambda: self._beside(meant), "difference")

    async def _beside(self, meant: Difference) -> None:
        await asyncio.sleep(self.program.rest_s)
        lines = await self._compared(meant)
        if self._looked == meant.raw:
            self._show([*differences.few_words(meant), line(""), *lines])

    async def _compared(self, meant: Difference) -> list[Line]:
        """Return how a file differs, line by line."""
        state, origin = self._state, meant.origin
        before = None if meant.before is None else await self._read(state.older, origin.raw if origin else meant.raw)
        after = None if meant.after is None else await self._read(state.newer, meant.raw)
        if isinstance(before, str) or isinstance(after, str):
            return [line(Span(each, "warn")) for each in (before, after) if isinstance(each, str)]
        return preview.difference(Compared(before, after, "before", "after"))

    async def _read(self, snapshot: Snapshot, path: bytes) -> Beginning | str:
        asked = {"profile": self.program.profile, "snapshot": snapshot.snapshot, "entry": as_shown(path)}
        try:
            [found] = await all_of(self.engine.ask("files.read", Beginning, **asked))
        except Refused as refused:
            return refused.what
        return found

    def _show(self, lines: list[Line]) -> None:
        self.query_one("#difference", Panel).show(lines)
        self.query_one("#preview").scroll_home(animate=False)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show how it differs."""
        self.action_open()

    def action_open(self) -> None:
        """Show how it differs, on all of the screen."""
        meant = self.difference()
        if meant is None:
            return

        async def work() -> None:
            lines = await self._compared(meant) if meant.has_content else []
            said = [*differences.few_words(meant)[1:], line(""), *lines]
            self.app.push_screen(Page(printable(meant.raw), said))

        self.work_on(work, "page of one")

    def action_folder(self) -> None:
        """Show where it is, in the newer snapshot, or in the older one when it is gone."""
        meant = self.difference()
        if meant is not None:
            snapshot = self._state.newer if meant.after is not None else self._state.older
            self.program.look_at(snapshot.profile, snapshot.snapshot, meant.raw, "file")

    def action_versions(self) -> None:
        """Show all versions of it."""
        from yester.tui.screens.versions import Versions

        meant = self.difference()
        if meant is not None:
            self.app.push_screen(Versions(meant.raw))

    def action_copy(self) -> None:
        """Copy the path, also through a terminal that is far away."""
        meant = self.difference()
        if meant is not None:
            self.copy(printable(meant.raw))

    def action_scroll_down(self) -> None:
        """Show more of the difference."""
        self.query_one("#preview").scroll_page_down(animate=False)

    def action_scroll_up(self) -> None:
        """Show what was before."""
        self.query_one("#preview").scroll_page_up(animate=False)
