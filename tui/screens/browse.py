"""Browse: what is in a snapshot."""

import asyncio
import os
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.cli.wording import printable
from yester.tui.client import Refused, all_of
from yester.tui.dialogs.page import Page
from yester.tui.outside import Viewer
from yester.tui.screens.opening import open_file
from yester.tui.screens.place import Place
from yester.tui.screens.restoring import bring_back
from yester.tui.state import browse, preview
from yester.tui.state.browse import (
    PAGE,
    Arranged,
    BrowseState,
    Entered,
    Entry,
    Failed,
    Filtered,
    Marked,
    Opened,
    Paged,
    Stepped,
    Unmarked,
    about,
    apply,
    as_shown,
    asked_order,
)
from yester.tui.state.preview import Beginning
from yester.tui.state.restoring import Wish
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
        self._of = ("", "", b"")
        self._positions: dict[bytes, int] = {}
        self._looked = ("", b"")

    def body(self) -> Iterable[Widget]:
        """Where one is, what is there."""
        yield Panel(id="where", classes="headline")
        with Container(classes="beside"):
            yield Rows(browse.COLUMNS, id="entries", empty="asking…", orders=[*browse.SORTS])
            with VerticalScroll(classes="panel", id="preview", can_focus=False):
                yield Panel(id="beginning")

    def happened(self, event: browse.Happening) -> None:
        """Let the state change, show it, and ask for what is missing."""
        self._state = apply(self._state, event)
        self.tell()

    def shown(self, world: World) -> None:
        """Show the folder."""
        wanted = (self.program.profile, self.program.snapshot, self.program.folder)
        if wanted != self._of:
            self._of = wanted
            self._state = BrowseState()
            self.work_on(self._open, "open")
        state, rows = self._state, self.query_one(Rows)
        self.query_one("#where", Panel).fit(lambda width: [browse.breadcrumb(state, width)])
        rows.show(state.total or 0, self._row, empty=self._empty())
        self._look()

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
        self.happened(Opened(found, meant.snapshot, self.program.folder or folder))
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
            request = self.engine.ask("files.list", Entry, **self._folder(of), start=number * PAGE, count=PAGE)
            entries = await all_of(request)
            self.happened(Paged(of, number, entries, request.done["total"]))

        self.work_on(work, "page")

    def _folder(self, of: browse.Of) -> dict[str, object]:
        snapshot, folder, text, order = of
        meant = {"profile": self.program.profile, "snapshot": snapshot, "folder": as_shown(folder), "grep": text}
        return {**meant, **asked_order(order)}

    def on_rows_ordered(self, event: Rows.Ordered) -> None:
        """Ask for another order."""
        event.rows.order = event.order
        self.happened(Arranged(event.order))
        event.rows.go(0)
        self._fetch(0, 1)

    def seek(self, rows: Rows, text: str, step: int) -> None:
        """Go to the next name that holds a text: the engine knows where it is, also among names that are not here."""

        async def work() -> None:
            of, start = about(self._state), rows.cursor
            asked = {**self._folder(of), "text": text, "start": start, "backwards": step < 0}
            found = await all_of(self.engine.ask("files.seek", dict[str, int], **asked))
            if not found:
                self.nothing_holds(text)
            elif about(self._state) == of:
                rows.go(found[0]["position"])

        self.work_on(work, "seek")

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
            self.work_on(lambda: self._details(entry), "details")

    async def _details(self, entry: Entry) -> None:
        path = self._state.path(entry)
        request = self.engine.ask(
            "files.show",
            dict[str, str],
            profile=self.program.profile,
            snapshot=about(self._state)[0],
            entry=as_shown(path),
        )
        rows = [(row["name"], row["value"]) for row in await all_of(request)]
        lines = browse.entry_panel(rows)
        if entry.type == "file":
            lines += [line(""), *preview.shown(await self._begin(about(self._state)[0], path))]
        self.app.push_screen(Page("All that is kept of it", lines))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Show the beginning of what is meant now."""
        self._look()

    def _look(self) -> None:
        """Show the beginning of a file, where there is room for it."""
        entry, of = self.entry(), about(self._state)
        path = self._state.path(entry) if entry is not None else b""
        if (of[0], path) == self._looked or not self.query_one("#preview").display:
            return
        self._looked = (of[0], path)
        self.query_one("#beginning", Panel).show(browse.few_words(entry) if entry is not None else [])
        if entry is not None and entry.type == "file":
            self.work_on(lambda: self._show_beginning(of[0], path), "preview")

    async def _show_beginning(self, snapshot: str, path: bytes) -> None:
        await asyncio.sleep(self.program.rest_s)
        try:
            lines = preview.shown(await self._begin(snapshot, path))
        except Refused as refused:
            lines = [line(Span(refused.what, "warn"))]
        if self._looked == (snapshot, path):
            self.query_one("#beginning", Panel).show(lines)
            self.query_one("#preview").scroll_home(animate=False)

    async def _begin(self, snapshot: str, path: bytes) -> Beginning:
        asked = {"profile": self.program.profile, "snapshot": snapshot, "entry": as_shown(path)}
        [found] = await all_of(self.engine.ask("files.read", Beginning, **asked))
        return found

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
        """Bring back what is marked, else the entry."""
        entry, state = self.entry(), self._state
        paths = sorted(state.marked) or ([state.path(entry)] if entry is not None else [])
        if not paths or state.snapshot is None:
            return
        bring_back(self, Wish(state.snapshot.snapshot, tuple(paths)), lambda: self.happened(Unmarked()))

    def action_versions(self) -> None:
        """Show the versions of the entry."""
        from yester.tui.screens.versions import Versions

        entry = self.entry()
        if entry is not None:
            self.app.push_screen(Versions(self._state.path(entry)))

    def under_cursor(self) -> dict[str, bytes]:
        """The entry that is meant, and where it is."""
        entry, state = self.entry(), self._state
        path = state.path(entry) if entry is not None else b""
        snapshot = about(state)[0].encode()
        return {
            **super().under_cursor(),
            "snapshot": snapshot,
            "folder": state.folder,
            "path": path,
            "name": path.rpartition(b"/")[2],
        }

    def action_pager(self) -> None:
        """Open the file in $PAGER."""
        self._open_outside("pager")

    def action_editor(self) -> None:
        """Open a copy of the file in $EDITOR."""
        self._open_outside("editor")

    def _open_outside(self, kind: Viewer) -> None:
        entry = self.entry()
        if entry is not None and entry.type == "file":
            open_file(self, about(self._state)[0], self._state.path(entry), kind)

    def action_copy(self) -> None:
        """Copy the path, also through a terminal that is far away."""
        entry = self.entry()
        if entry is not None:
            self.copy(printable(self._state.path(entry)))
