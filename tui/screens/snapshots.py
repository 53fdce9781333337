"""Snapshots: the timeline of a profile."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.cli.wording import printable
from yester.tui.client import all_of
from yester.tui.screens.labelling import rename, retag
from yester.tui.screens.letting_go import let_go
from yester.tui.screens.mounting import folder_of, open_shell
from yester.tui.screens.place import Place
from yester.tui.state import snapshots
from yester.tui.state.snapshots import (
    Filtered,
    Happening,
    Inverted,
    Listed,
    Marked,
    Snapshot,
    SnapshotsState,
    Unmarked,
    apply,
)
from yester.tui.state.text import Line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Snapshots(Place, inherit_bindings=False):
    """The snapshots of one profile, newest first, day by day."""

    NAME = "snapshots"
    HELP = (
        "The snapshots of a profile, what each brought, and why it is kept. Keys are about what is marked, else about "
        "the snapshot at the cursor."
    )
    WATCHES = frozenset({"runs"})
    NEEDS_ROW = frozenset({"open", "difference", "mark", "pin", "name", "tag", "mount", "shell", "forget"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("snapshots", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._state = SnapshotsState()
        self._profile = ""
        self._repository = ""
        self._problem = ""

    def body(self) -> Iterable[Widget]:
        """Of which profile, the timeline, the one that is meant."""
        yield Panel(id="of", classes="headline")
        with Container(classes="beside"):
            yield Rows(snapshots.COLUMNS, id="snapshots", empty="asking…")
            yield Panel(id="snapshot", classes="panel")

    def happened(self, event: Happening) -> None:
        """Let the state change, and show it; the snapshot that is meant stays so."""
        meant = self.snapshot()
        self._state = apply(self._state, event)
        self.tell()
        if self._state.snapshots is not None and meant is not None:
            self.query_one(Rows).go(snapshots.place_of(self._state.lines, meant.snapshot))

    def shown(self, world: World) -> None:
        """Show the timeline."""
        if self._profile != self.program.profile:
            self._profile, self._state, self._problem = self.program.profile, SnapshotsState(), ""
            self.query_one(Rows).cursor = 0
            self.changed(self.WATCHES)
        lines, rows = self._state.lines, self.query_one(Rows)
        rows.show(len(lines), lambda at: snapshots.row_of(lines[at], self._state, self.glyphs), empty=self._empty())
        rows.cursor = rows.validate_cursor(rows.cursor)
        self.query_one("#of", Panel).show([snapshots.headline(self._state, self._profile)])
        self._show_panel()

    def _empty(self) -> str:
        if self._problem:
            return self._problem
        if self._state.snapshots is None:
            return "asking…" if self._profile else "There is no profile yet"
        return "none holds that" if self._state.text else "No snapshot yet: b takes the first one"

    def changed(self, what: frozenset[str]) -> None:
        """Ask for the snapshots."""
        if self.program.profile:
            self.work_on(self._ask, "snapshots")

    async def _ask(self) -> None:
        profile = self.program.profile
        self._problem = ""
        request = self.engine.ask("snapshots.list", Snapshot, profile=profile)
        found = await all_of(request)
        if profile == self.program.profile:
            self._repository = (request.done or {}).get("place", "")
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
        self.query_one("#snapshot", Panel).show(self._said())

    def _said(self) -> list[Line]:
        meant = self.snapshot()
        return snapshots.panel(meant, self._state.gone.get(meant.snapshot), self.glyphs) if meant else []

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
            self.program.look_at(self._profile, meant.snapshot, b"", "folder")

    def under_cursor(self) -> dict[str, bytes]:
        """The snapshot that is meant."""
        meant = self.snapshot()
        return {**super().under_cursor(), "snapshot": meant.snapshot.encode() if meant else b""}

    def action_snap(self) -> None:
        """Take one more."""
        if self._profile:
            self.change("runs.start", f"A snapshot of {self._profile} is on its way", profile=self._profile)

    def action_mark(self) -> None:
        """Mark it, or take the mark away, and go on to the next."""
        meant = self.snapshot()
        if meant is not None:
            self.happened(Marked(meant.snapshot))
            self.query_one(Rows).cursor += 1

    def action_invert(self) -> None:
        """Mark all others."""
        self.happened(Inverted())

    def action_back(self) -> None:
        """Take the filter away, or else the marks; else leave a page for the place that it was opened from."""
        if self._state.marked and not self._state.text:
            self.happened(Unmarked())
        else:
            super().action_back()

    def meant(self) -> tuple[Snapshot, ...]:
        """What is marked, else the snapshot at the cursor."""
        return self._state.meant(self.snapshot())

    async def _changed(self) -> None:
        """What is said of snapshots was changed: marks have done what they were for."""
        self.happened(Unmarked())
        await self._ask()

    def action_pin(self) -> None:
        """Pin them, or let them go again when all are pinned."""
        meant = self.meant()
        if not meant:
            return
        is_off = all(each.pinned for each in meant)
        first, *others = (each.snapshot for each in meant)

        async def work() -> None:
            asked = {"snapshot": first, "others": others, "pinned": not is_off}
            await all_of(self.engine.ask("snapshots.pin", dict, profile=self._profile, **asked))
            self.program.say("It may go again" if is_off else "Pinned: no rule removes it")
            await self._changed()

        self.work_on(work, "label")

    def action_name(self) -> None:
        """Give it a name and a note."""
        meant = self.snapshot()
        if meant is not None:
            rename(self, meant, self._changed)

    def action_tag(self) -> None:
        """Give them tags."""
        meant = self.meant()
        if meant:
            retag(self, meant, self._state.tags, self._changed)

    def action_difference(self) -> None:
        """Show what differs between two that are marked, or between one and the one before it."""
        from yester.tui.screens.differences import Differences

        pair = self._state.pair(self.snapshot())
        if isinstance(pair, str):
            self.program.say(pair)
        else:
            self.app.push_screen(Differences(*pair))

    def action_forget(self) -> None:
        """Let them go, once their number was typed."""
        meant = self.meant()
        if meant:
            going = [each.snapshot for each in meant]
            let_go(self, self._profile, going, lambda: self.happened(Unmarked()))

    def action_thin(self) -> None:
        """Show what the rules would keep and let go."""
        if self._profile:
            let_go(self, self._profile)

    def action_mount(self) -> None:
        """Mount it, and copy where."""
        self._at_folder(lambda folder: self._said_mounted(printable(folder)))

    def _said_mounted(self, place: str) -> None:
        self.app.copy_to_clipboard(place)
        self.program.say(f"Mounted, and copied: {place}", "In Mounts (5) u takes it away.", seconds=8)

    def action_shell(self) -> None:
        """Open a shell in it."""
        self._at_folder(lambda folder: open_shell(self, folder))

    def _at_folder(self, then: Callable[[bytes], None]) -> None:
        meant = self.snapshot()
        if meant is None:
            return

        async def work() -> None:
            then(await folder_of(self, self._repository, self._profile, meant.snapshot))

        self.work_on(work, "mount")

    def action_profile(self) -> None:
        """Show the next profile."""
        self.program.turn_to_next()
        self.tell()
