"""Browse: what is in a snapshot, or there now."""

import os
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.cli.wording import moment
from yester.tui.client import Refused, all_of
from yester.tui.screens.acting import Acting
from yester.tui.screens.preview import Preview
from yester.tui.state import browse, entries
from yester.tui.state.browse import (
    Arranged,
    BrowseState,
    DeletedShown,
    Entered,
    Failed,
    Filtered,
    HiddenShown,
    Listed,
    Opened,
    Paged,
    Stepped,
    about,
    as_shown,
    asked_order,
)
from yester.tui.state.entries import Entry
from yester.tui.state.pages import PAGE, Pages
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Row
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Browse(Acting, inherit_bindings=False):
    """One folder of one snapshot, or of now; `[` and `]` go through time at the same place."""

    NAME = "browse"
    HELP = "What is in a snapshot. [ and ] go through time, up to Now, and stay at the same place; r brings back."
    WATCHES = frozenset({"runs"})
    NEEDS_ROW = frozenset(
        {"open", "versions", "copy", "mark", "restore", "diff", "exclude", "pager", "editor", "recall"}
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("browse", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._of: tuple[str, str, bytes, int] = ("", "", b"", 0)
        self._positions: dict[bytes, int] = {}
        self._seek: tuple[int, bytes] = (0, b"")

    def body(self) -> Iterable[Widget]:
        """Where one is, what is there."""
        yield Panel(id="where", classes="headline")
        with Container(classes="beside"):
            yield Rows(entries.COLUMNS, id="entries", empty="asking…", orders=[*browse.SORTS])
            yield Preview(id="preview", classes="panel")

    def shown(self, world: World) -> None:
        """Show the folder."""
        wanted = (self.program.profile, self.program.snapshot, self.program.folder, self.program.visits)
        if wanted != self._of:
            if wanted[0] != self._of[0]:
                self._state = BrowseState()
            self._of = wanted
            self._state = BrowseState(marked=self._state.marked)
            self.work_on(self._open, "open")
        state, rows = self._state, self.query_one(Rows)
        self.query_one("#where", Panel).fit(
            lambda width: [entries.breadcrumb(state.folder, state.snapshot, browse.position(state), width)]
        )
        rows.show(state.pages.total or 0, self._row, empty=self._empty())
        self._look()

    def _empty(self) -> str:
        if self._state.problem:
            return self._state.problem
        if not self.program.profile:
            return "There is no profile yet"
        return "asking…" if self._state.pages.total is None else "none holds that" if self._state.text else "(empty)"

    def _row(self, at: int) -> Row:
        return browse.row_of(self._state, at, self.glyphs)

    async def _open(self) -> None:
        """Ask for the snapshots of the profile, and begin where its sources lie."""
        profile = self.program.profile
        if not profile:
            return
        request = self.engine.ask("snapshots.list", Snapshot, profile=profile)
        found = await all_of(request)
        if not found:
            self._none_there()
            return
        meant = next((each for each in found if each.snapshot == self.program.snapshot), found[0])
        sources = [source.raw for source in meant.sources]
        folder = sources[0] if len(sources) == 1 else os.path.commonpath(sources) if sources else b"/"
        self.happened(
            Opened(found, meant.snapshot, self.program.folder or folder, (request.done or {}).get("host", ""))
        )
        self._fetch(0, 1)

    def changed(self, what: frozenset[str]) -> None:
        """Ask anew for what is in sight: files come and go, and so do snapshots."""
        if self._of[0] != self.program.profile:
            return
        if self._state.snapshot is not None:
            self.work_on(self._again, "again")
        elif self._state.problem:
            self.work_on(self._open, "open")

    async def _again(self) -> None:
        number = self.query_one(Rows).cursor // PAGE
        await self._ask_page(number, is_fresh=True)
        await self._list()

    async def _list(self) -> None:
        """Ask which snapshots there are by now; when the one that is looked into was let go, go to its neighbour."""
        before = self._state.snapshot
        found = await all_of(self.engine.ask("snapshots.list", Snapshot, profile=self.program.profile))
        if not found:
            self._none_there()
            return
        self.happened(Listed(found))
        after = self._state.snapshot
        if before is not None and after is not None and before.snapshot != after.snapshot:
            self.program.say(
                f"The snapshot of {moment(before.time_ns)[:16]} was let go", "The one next to it is shown in its place."
            )
            self._fetch(0, 1)

    def _none_there(self) -> None:
        self._state = BrowseState(pages=Pages(0), problem="No snapshot yet: b takes the first one")
        self.tell()

    def refused(self, problem: YesterError) -> None:
        """Say it, and where the entries would be too while there are none."""
        super().refused(problem)
        if self._state.snapshot is None:
            self.happened(Failed(about(self._state), problem.what))

    def on_rows_in_sight(self, event: Rows.InSight) -> None:
        """Ask for the page that is in sight and not there."""
        self._fetch(event.first, event.end)

    def _fetch(self, first: int, end: int) -> None:
        state = self._state
        number = state.pages.missing(first, end) if state.snapshot is not None else None
        if number is not None and not state.problem:
            wanted = number if state.pages.total is not None else self._seek[0] // PAGE
            self.work_on(lambda: self._ask_page(wanted), "page")

    async def _ask_page(self, number: int, *, is_fresh: bool = False) -> None:
        of = about(self._state)
        try:
            found, total = await self._page(of, number)
        except Refused as refused:
            if refused.failure.needs or refused.is_cancelled:
                raise
            self.happened(Failed(of, refused.what))
            self.work_on(self._list, "list")  # it may be that somebody let the snapshot go
            return
        self.happened(Paged(of, number, found, total, is_fresh))
        self._stand(number)

    async def _page(self, of: browse.Of, number: int) -> tuple[tuple[Entry, ...], int]:
        part = {"against": self._state.against, "start": number * PAGE, "count": PAGE}
        request = self.engine.ask("files.list", Entry, **self._folder(of), **part)
        return await all_of(request), request.done["total"]

    def _stand(self, number: int) -> None:
        """Put the cursor where it was in this folder, or on the name that it was on in another snapshot."""
        (row, name), self._seek = self._seek, (0, b"")
        found = self._state.row(name, number) if name else row or None
        if found is not None:
            self.query_one(Rows).go(found)

    def _folder(self, of: browse.Of) -> dict[str, object]:
        meant = {"profile": self.program.profile, "snapshot": of.snapshot, "folder": as_shown(of.folder)}
        unseen = {} if of.hidden else {"hidden": False}
        return {**meant, "grep": of.text, "deleted": of.deleted, **unseen, **asked_order(of.order)}

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

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Open it."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only names that hold a text."""
        if text != self._state.text:
            self.happened(Filtered(text))
            self._fetch(0, 1)

    # Going

    def action_open(self) -> None:
        """Go into a folder, or show all that is kept of something else."""
        entry, subject = self.entry(), self.subject()
        if entry is None or subject is None:
            return
        if entry.is_folder:
            self._enter(self._state.path(entry), entry.last.snapshot if entry.last is not None else "")
        else:
            self.query_one(Preview).show_whole(subject)

    def _enter(self, folder: bytes, snapshot: str = "") -> None:
        rows = self.query_one(Rows)
        self._positions[self._state.folder] = rows.cursor
        self._seek = (self._positions.get(folder, 0), b"")
        self.happened(Entered(folder, snapshot))
        self.clear_filter()
        rows.cursor = 0
        self._fetch(0, 1)

    def action_up(self) -> None:
        """Go to the folder above, and stand where one came from."""
        above = browse.parent(self._state.folder)
        if above != self._state.folder:
            self._enter(above)

    def action_newer(self) -> None:
        """The next snapshot; after the newest one Now."""
        self._step(Stepped(-1))

    def action_older(self) -> None:
        """The snapshot before."""
        self._step(Stepped(1))

    def action_deleted(self) -> None:
        """Show what was deleted here, or no more."""
        self._step(DeletedShown())

    def action_hidden(self) -> None:
        """Leave out what begins with a dot, or no more."""
        self._step(HiddenShown())

    def _step(self, event: Stepped | DeletedShown | HiddenShown) -> None:
        entry, row = self.entry(), self.query_one(Rows).cursor
        before = about(self._state)
        self.happened(event)
        if about(self._state) != before:
            self._seek = (row, entry.raw if entry is not None else b"")
            self._fetch(0, 1)
