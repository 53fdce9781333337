"""Browse: what is in a snapshot."""

import os
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.cli.wording import printable
from yester.tui.client import all_of
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.page import Page
from yester.tui.screens.place import Place
from yester.tui.state import browse
from yester.tui.state.browse import (
    PAGE,
    BrowseState,
    Entered,
    Entry,
    Failed,
    Filtered,
    Marked,
    Opened,
    Paged,
    Stepped,
    about,
    apply,
    as_shown,
)
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Row, Span, line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Browse(Place, inherit_bindings=False):
    """One folder of one snapshot; `[` and `]` go through time at the same place."""

    NAME = "browse"
    HELP = "What is in a snapshot. [ and ] go through time and stay at the same place; r brings back."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("browse", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._state = BrowseState()
        self._of = ("", "")
        self._positions: dict[bytes, int] = {}

    def body(self) -> Iterable[Widget]:
        """Where one is, what is there."""
        yield Panel(id="where", classes="headline")
        yield Rows(browse.COLUMNS, id="entries", empty="asking…")

    def happened(self, event: browse.Happening) -> None:
        """Let the state change, show it, and ask for what is missing."""
        self._state = apply(self._state, event)
        self.tell()

    def shown(self, world: World) -> None:
        """Show the folder."""
        wanted = (self.program.profile, self.program.snapshot)
        if wanted != self._of:
            self._of = wanted
            self._state = BrowseState()
            self.work_on(self._open, "open")
        state, rows = self._state, self.query_one(Rows)
        self.query_one("#where", Panel).fit(lambda width: [browse.breadcrumb(state, width)])
        rows.show(state.total or 0, self._row, empty=self._empty())

    def _empty(self) -> str:
        if self._state.problem:
            return self._state.problem
        if not self.program.profile:
            return "There is no profile yet"
        return "asking…" if self._state.total is None else "none holds that" if self._state.text else "(empty)"

    def _row(self, at: int) -> Row:
        return browse.row_of(self._state, at, self.glyphs)

    async def _open(self) -> None:
        """Ask for the snapshots of the profile, and begin where its sources lie."""
        profile = self.program.profile
        if not profile:
            return
        found = await all_of(self.engine.ask("snapshots.list", Snapshot, profile=profile))
        if not found:
            self._state = BrowseState(total=0, problem="No snapshot yet: b on Home takes the first one")
            self.tell()
            return
        meant = next((each for each in found if each.snapshot == self.program.snapshot), found[0])
        sources = [source.raw for source in meant.sources]
        folder = sources[0] if len(sources) == 1 else os.path.commonpath(sources) if sources else b"/"
        self.happened(Opened(found, meant.snapshot, folder))
        self._fetch(0, 1)

    def refused(self, problem: YesterError) -> None:
        """Say it where the entries would be."""
        super().refused(problem)
        self.happened(Failed(about(self._state), problem.what))

    def on_rows_in_sight(self, event: Rows.InSight) -> None:
        """Ask for the page that is in sight and not there."""
        self._fetch(event.first, event.end)

    def _fetch(self, first: int, end: int) -> None:
        state = self._state
        number = state.missing(first, end) if state.snapshot is not None else None
        if number is None or state.problem:
            return

        async def work() -> None:
            of = about(state)
            request = self.engine.ask(
                "files.list",
                Entry,
                profile=self.program.profile,
                snapshot=of[0],
                folder=as_shown(of[1]),
                grep=of[2],
                start=number * PAGE,
                count=PAGE,
            )
            entries = await all_of(request)
            self.happened(Paged(of, number, entries, request.done["total"]))

        self.work_on(work, "page")

    def entry(self) -> Entry | None:
        """The entry that is meant."""
        return self._state.entry(self.query_one(Rows).cursor)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Open it."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only names that hold a text."""
        if text != self._state.text:
            self.happened(Filtered(text))
            self._fetch(0, 1)

    def action_open(self) -> None:
        """Go into a folder, or show all that is kept of something else."""
        entry = self.entry()
        if entry is None:
            return
        if entry.type == "directory":
            self._enter(self._state.path(entry))
        else:
            self.work_on(lambda: self._details(self._state.path(entry)), "details")

    async def _details(self, path: bytes) -> None:
        request = self.engine.ask(
            "files.show",
            dict[str, str],
            profile=self.program.profile,
            snapshot=about(self._state)[0],
            entry=as_shown(path),
        )
        rows = [(row["name"], row["value"]) for row in await all_of(request)]
        self.app.push_screen(Page("All that is kept of it", browse.entry_panel(rows)))

    def _enter(self, folder: bytes) -> None:
        rows = self.query_one(Rows)
        self._positions[self._state.folder] = rows.cursor
        self.happened(Entered(folder))
        rows.cursor = 0
        self._fetch(0, 1)

    def action_up(self) -> None:
        """Go to the folder above, and stand where one came from."""
        above = browse.parent(self._state.folder)
        if above != self._state.folder:
            self._enter(above)

    def action_newer(self) -> None:
        """The next snapshot."""
        self._step(-1)

    def action_older(self) -> None:
        """The snapshot before."""
        self._step(1)

    def _step(self, by: int) -> None:
        self.happened(Stepped(by))
        self._fetch(0, self.query_one(Rows).cursor + 1)

    def action_mark(self) -> None:
        """Mark the entry."""
        entry = self.entry()
        if entry is not None:
            self.happened(Marked(self._state.path(entry)))
            self.query_one(Rows).cursor += 1

    def action_restore(self) -> None:
        """Bring back what is marked, else the entry: where it was; what is there is kept aside."""
        entry, state = self.entry(), self._state
        paths = sorted(state.marked) or ([state.path(entry)] if entry is not None else [])
        if not paths or state.snapshot is None:
            return
        targets = {browse.parent(path) for path in paths}
        snapshot = state.snapshot.snapshot
        words = [line(Span(f"Bring back {len(paths)} of this snapshot, where they were?", "strong"))]
        if len(paths) == 1:
            words = [line(Span("Bring back ", "strong"), Span(printable(paths[0]), "strong"), "?")]
        words += [
            line("What is there and differs is kept beside it, as NAME.before-TIME."),
            line(Span(f"$ yester restore {snapshot[:8]} PATH --target FOLDER", "dim")),
        ]

        def answered(is_yes: bool | None) -> None:
            for target in targets if is_yes else ():
                own = [as_shown(path) for path in paths if browse.parent(path) == target]
                self.change(
                    "files.restore",
                    "It is being brought back: see Runs",
                    profile=self.program.profile,
                    snapshot=snapshot,
                    entries=own,
                    target=as_shown(target),
                )

        self.app.push_screen(Confirm(words, "Bring back"), answered)
