"""The versions of a file or folder, and how each differs from what is there now."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.cli.wording import printable
from yester.tui.client import Refused, all_of
from yester.tui.outside import Viewer
from yester.tui.screens.comparing import compare
from yester.tui.screens.opening import open_file
from yester.tui.screens.place import Place
from yester.tui.screens.restoring import bring_back
from yester.tui.state import versions
from yester.tui.state.browse import NOW, as_shown
from yester.tui.state.preview import Beginning, Preview
from yester.tui.state.restoring import Wanted, Wish
from yester.tui.state.text import Line, Row, Span, line
from yester.tui.state.versions import Version, VersionsState, told
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Versions(Place, inherit_bindings=False):
    """The versions on the left, on the right the one that is meant: how it differs from the file as it is now."""

    NAME = "versions"
    AT = "browse"
    HELP = "What a file was, in all snapshots. On the right: what only the version has (-), and only the file now (+)."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("versions", "place")]

    def __init__(self, path: bytes) -> None:
        super().__init__()
        self._state = VersionsState(path)
        self._read: dict[str, tuple[Line, ...]] = {}

    def body(self) -> Iterable[Widget]:
        """Of what, the versions, the difference."""
        yield Panel(id="of", classes="headline")
        with Container(classes="beside"):
            yield Rows(versions.COLUMNS, id="versions", empty="asking…")
            with VerticalScroll(classes="panel", id="beside", can_focus=False):
                yield Panel(id="difference")

    def on_mount(self) -> None:
        """Ask for the versions."""
        super().on_mount()
        self.work_on(self._ask, "versions")

    async def _ask(self) -> None:
        state = self._state
        entry = as_shown(state.path)
        request = self.engine.ask("files.versions", Version, profile=self.program.profile, entry=entry)
        found = await all_of(request)
        self._state = told(state, found, await self._now())
        self.tell()
        self._compare()

    async def _now(self) -> Beginning | None:
        """The file as it is on this machine."""
        try:
            asked = {"snapshot": NOW, "entry": as_shown(self._state.path), "count": 1}
            [found] = await all_of(self.engine.ask("files.read", Beginning, **asked))
        except Refused:
            return None
        return found

    def refused(self, problem: YesterError) -> None:
        """Say it where the versions would be, too."""
        super().refused(problem)
        self._state = replace(self._state, problem=problem.what)
        self.tell()

    def shown(self, world: World) -> None:
        """Show the versions."""
        shown = self._state.shown
        self.query_one(Rows).show(len(shown), self._row, empty=self._empty())
        self._show_timeline()

    def _show_timeline(self) -> None:
        state, at, path = self._state, self.query_one(Rows).cursor, printable(self._state.path)
        self.query_one("#of", Panel).fit(
            lambda width: [line(Span(path, "strong")), versions.timeline(state, at, width, self.glyphs)]
        )

    def _empty(self) -> str:
        if self._state.problem:
            return self._state.problem
        if self._state.versions is None:
            return "asking…"
        return "none holds that" if self._state.text else "No snapshot has it"

    def _row(self, at: int) -> Row:
        return versions.row_of(self._state.shown[at], self._state)

    def version(self) -> Version | None:
        """The version that is meant; None for the file as it is now."""
        shown, at = self._state.shown, self.query_one(Rows).cursor
        return shown[at] if at < len(shown) else None

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Compare the version that is meant now."""
        self._show_timeline()
        self._compare()

    def _compare(self) -> None:
        version = self.version()
        if version is not None and version.type != "file":
            self._show([line(Span(f"a {version.type}: Enter looks inside", "dim"))])
        elif version is not None or self._state.now is not None:
            self.work_on(lambda: self._difference(version), "difference")

    async def _difference(self, version: Version | None) -> None:
        of = version.last.snapshot if version is not None else NOW
        if of not in self._read:
            await asyncio.sleep(self.program.rest_s)
            self._read[of] = await self._asked(of)
        self._show(self._read[of])

    async def _asked(self, of: str) -> tuple[Line, ...]:
        """What a version says beside the file now; of the file now, what it says."""
        asked = {"profile": self.program.profile, "entry": as_shown(self._state.path)}
        if of == NOW:
            columns = max(0, self.query_one("#beside").size.width - 2)
            request = self.engine.ask("files.preview", Preview, **asked, snapshot=NOW, columns=columns)
        else:
            request = self.engine.ask("files.compare", Preview, **asked, before=of, after=NOW)
        [found] = await all_of(request)
        return found.lines

    def _show(self, lines: Sequence[Line]) -> None:
        self.query_one("#difference", Panel).show(lines)
        self.query_one("#beside").scroll_home(animate=False)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Look into its snapshot, where it is."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only those in which a text occurs."""
        self._state = replace(self._state, text=text)
        self.tell()

    def action_open(self) -> None:
        """Look into the snapshot, at the place where it is."""
        version = self.version()
        if version is not None:
            self.program.look_at(version.last.profile, version.last.snapshot, self._state.path, version.type)

    def under_cursor(self) -> dict[str, bytes]:
        """The version that is meant."""
        version, path = self.version(), self._state.path
        snapshot = version.last.snapshot.encode() if version is not None else b""
        return {**super().under_cursor(), "snapshot": snapshot, "path": path, "name": path.rpartition(b"/")[2]}

    def action_pager(self) -> None:
        """Open the version in $PAGER."""
        self._open_outside("pager")

    def action_editor(self) -> None:
        """Open a copy of the version in $EDITOR."""
        self._open_outside("editor")

    def _open_outside(self, kind: Viewer) -> None:
        version = self.version()
        if version is not None and version.type == "file":
            open_file(self, version.last.snapshot, self._state.path, kind)

    def action_restore(self) -> None:
        """Bring the version back."""
        version = self.version()
        if version is not None:
            bring_back(self, Wish((Wanted(version.last.snapshot, self._state.path),)))
        elif self._state.now is not None:
            self.program.say("This is how it is now", "An arrow down is the newest version.")

    def action_diff(self) -> None:
        """Compare the version with the file now, in a program of the person's own."""
        version = self.version()
        if version is not None and version.type == "file":
            compare(self, self._state.path, version.last.snapshot, NOW, on_page=False)

    def action_copy(self) -> None:
        """Copy the path, also through a terminal that is far away."""
        self.copy(printable(self._state.path))

    def action_scroll_down(self) -> None:
        """Show more of the difference."""
        self.query_one("#beside").scroll_page_down(animate=False)

    def action_scroll_up(self) -> None:
        """Show what was before."""
        self.query_one("#beside").scroll_page_up(animate=False)
