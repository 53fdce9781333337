"""How an entry looks, beside the list that it is in; asked for once the cursor rests on it."""

import asyncio
from functools import partial
from typing import NamedTuple, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from yester.tui.client import Refused, all_of
from yester.tui.dialogs.page import Page
from yester.tui.screens.place import Place
from yester.tui.state import preview
from yester.tui.state.browse import as_shown
from yester.tui.state.preview import VIEWS, View
from yester.tui.state.text import Line, Span, line
from yester.tui.widgets.dots import Dots
from yester.tui.widgets.panel import Panel

_TITLES = {"content": "", "bytes": "bytes", "details": "all that is kept of it"}


class Subject(NamedTuple):
    """What is to be shown."""

    profile: str
    snapshot: str
    path: bytes
    type: str
    few: tuple[Line, ...]
    """What is known of it before anybody asks."""


class Preview(VerticalScroll, can_focus=False):
    """Content, bytes, or all that is kept of an entry. Where the list takes all the room it is there when asked for."""

    def __init__(self, *, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self._subject: Subject | None = None
        self._view: View = "content"
        self._looked: tuple[Subject | None, View] | None = None

    def compose(self) -> ComposeResult:
        """Lines, and maybe a picture."""
        yield Panel(id="beginning")
        yield Dots(id="dots")

    def on_mount(self) -> None:
        """Show what was meant before this was there."""
        self.call_after_refresh(lambda: self.look(self._subject))

    def on_resize(self) -> None:
        """Show what is meant where there is room by now."""
        self.look(self._subject)

    @property
    def place(self) -> Place:
        """The place that it is in."""
        return cast(Place, self.screen)

    def look(self, subject: Subject | None) -> None:
        """Show something, unless it is shown."""
        self._subject = subject
        if self._looked == (subject, self._view) or not self.display or not self.is_mounted:
            return
        self._looked = (subject, self._view)
        self._show(list(subject.few) if subject is not None else [])
        if subject is not None and (subject.type == "file" or self._view == "details"):
            self.place.work_on(partial(self._ask, subject, self._view), "preview")

    def turn(self) -> None:
        """Show it in the next way; where there is no room beside the list, first of all, and after the last not."""
        narrow = self.screen.has_class("-narrow")
        at = VIEWS.index(self._view) + 1
        if narrow and not self.has_class("-wanted"):
            self.add_class("-wanted")
            at = 0
        elif narrow and at == len(VIEWS):
            self.remove_class("-wanted")
        self._view = VIEWS[at % len(VIEWS)]
        self._looked = None
        self.call_after_refresh(lambda: self.look(self._subject))

    async def _ask(self, subject: Subject, view: View) -> None:
        await asyncio.sleep(self.place.program.rest_s)
        try:
            found = await self._asked(subject, view)
        except Refused as refused:
            if refused.failure.needs:
                raise
            found = preview.Preview((line(Span(refused.what, "warn")),))
        if self._looked == (subject, view):
            title = [line(Span(_TITLES[view], "dim"))] if _TITLES[view] else []
            self._show([*subject.few, *title, *found.lines])
            self.query_one(Dots).show(found.picture)

    async def _asked(self, subject: Subject, view: View, *, pictures: bool = True, columns: int = 0) -> preview.Preview:
        columns, rows = min(500, columns or self.size.width - 2), min(500, self.size.height - 4)
        has_room = pictures and rows > 0 and not self.app.no_color
        [found] = await all_of(
            self.place.engine.ask(
                "files.preview",
                preview.Preview,
                profile=subject.profile,
                snapshot=subject.snapshot,
                entry=as_shown(subject.path),
                view=view,
                columns=max(0, columns),
                rows=rows if has_room else 0,
            )
        )
        return found

    def _show(self, lines: list[Line]) -> None:
        self.query_one("#beginning", Panel).show(lines)
        self.query_one(Dots).show(None)
        self.scroll_home(animate=False)

    def show_whole(self, subject: Subject) -> None:
        """Show all that is kept of it, and how it begins, on a page of its own."""

        columns = self.app.size.width - 12  # what stands around it

        async def work() -> None:
            lines = [*subject.few, *(await self._asked(subject, "details")).lines]
            if subject.type == "file":
                lines += [line(""), *(await self._asked(subject, "content", pictures=False, columns=columns)).lines]
            self.app.push_screen(Page("All that is kept of it", lines))

        self.place.work_on(work, "details")
