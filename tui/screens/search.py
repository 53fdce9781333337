"""Search: names in all snapshots, found while they are typed."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.client import all_of
from yester.tui.screens.place import Place
from yester.tui.state import search
from yester.tui.state.search import Found
from yester.tui.state.text import Span, line
from yester.tui.state.world import World
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Search(Place, inherit_bindings=False):
    """A line to type into, and what has such a name in any snapshot; each key begins anew."""

    NAME = "search"
    AT = "browse"
    HELP = "Names in all snapshots, also of what was deleted long ago; the newest content first."
    NEEDS_ROW = frozenset({"versions", "open", "copy"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("search", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""
        self._found: tuple[Found, ...] | None = None
        self._text = ""
        self._has_more = False
        self._problem = ""

    def body(self) -> Iterable[Widget]:
        """Where to type, what was found."""
        yield Box(placeholder="find in all snapshots…", id="search", compact=True)
        yield Panel(id="said")
        yield Rows(search.COLUMNS, id="found")

    def on_mount(self) -> None:
        """Let a person type."""
        super().on_mount()
        self.query_one("#search").focus()

    def shown(self, world: World) -> None:
        """Show what was found."""
        said = search.said(len(self._found) if self._found is not None else None, self._has_more, self._typed)
        self.query_one("#said", Panel).show([line(Span(self._problem or said, "bad" if self._problem else "dim"))])
        wanted = self._wanted()
        self.query_one(Rows).show(len(wanted), lambda at: search.row_of(wanted[at]))

    def _wanted(self) -> list[Found]:
        return [each for each in self._found or () if self._text in each.path]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look for what is typed by now; what was looked for before is given up."""
        if event.input.id != "search":
            super().on_input_changed(event)
            return
        self._typed, self._problem, self._has_more = event.value.strip(), "", False
        if not self._typed:
            self._found = None
        self.work_on(self._look, "search")
        self.tell()

    async def _look(self) -> None:
        typed = self._typed
        if not typed:
            return
        request = self.engine.ask("files.find", Found, profile=self.program.profile, pattern=typed, limit=search.MOST)
        found = await all_of(request)
        self._found, self._has_more = found, bool(request.done and request.done.get("more"))
        self.query_one(Rows).go(0)
        self.tell()

    def refused(self, problem: YesterError) -> None:
        """Say it where the names would be."""
        self._problem, self._found = problem.what, ()
        self.tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        if event.input.id != "search":
            super().on_input_submitted(event)
        else:
            self.rest()

    def filtered(self, text: str) -> None:
        """Show only those whose path holds a text."""
        self._text = text
        self.tell()

    def meant(self) -> Found | None:
        """The path that is meant."""
        wanted, at = self._wanted(), self.query_one(Rows).cursor
        return wanted[at] if at < len(wanted) else None

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show its versions."""
        self.action_versions()

    def action_versions(self) -> None:
        """Show its versions."""
        from yester.tui.screens.versions import Versions

        found = self.meant()
        if found is not None:
            self.app.push_screen(Versions(found.raw))

    def action_open(self) -> None:
        """Look into the newest snapshot that has it, at its place."""
        found = self.meant()
        if found is not None:
            self.program.look_at(found.last.profile, found.last.snapshot, found.raw, found.type)

    def under_cursor(self) -> dict[str, bytes]:
        """The path that is meant, in the newest snapshot that has it."""
        found = self.meant()
        path, snapshot = (found.raw, found.last.snapshot.encode()) if found is not None else (b"", b"")
        return {**super().under_cursor(), "snapshot": snapshot, "path": path, "name": path.rpartition(b"/")[2]}

    def action_search(self) -> None:
        """Type again."""
        self.query_one("#search").focus()

    def action_copy(self) -> None:
        """Copy the path, also through a terminal that is far away."""
        found = self.meant()
        if found is not None:
            self.copy(found.path)
