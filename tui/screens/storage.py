"""Storage: what takes the room in the repository of a profile."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.errors import DamageError, YesterError
from yester.tui.bindings import bindings
from yester.tui.client import Refused, all_of, printed
from yester.tui.dialogs.asking import Asking, Field, Typed
from yester.tui.dialogs.confirm import Confirm
from yester.tui.screens.place import Place
from yester.tui.state import health, storage
from yester.tui.state.browse import as_shown, parent
from yester.tui.state.health import Known
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.storage import Heavy, Planned, StorageState, Usage, added_up
from yester.tui.state.text import Line, Row, Span, line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Storage(Place, inherit_bindings=False):
    """The heaviest paths over all snapshots, how the repository grew, and what keeps it sound and small."""

    NAME = "storage"
    HELP = (
        "What takes the room in the repository, over all snapshots: compressed, and stored once; whether it is sound; "
        "and what could be given back."
    )
    WATCHES = frozenset({"runs"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("storage", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._state = StorageState()
        self._profile = ""
        self._done = ""

    def body(self) -> Iterable[Widget]:
        """Which repository, the heaviest paths, how it fares."""
        yield Panel(id="of", classes="headline")
        with Container(classes="beside"):
            yield Rows(storage.COLUMNS, id="heavy", empty="adding up what is stored…")
            yield Panel(id="fares", classes="panel")

    @property
    def repository(self) -> str:
        """Where it is."""
        facts = self.world.profiles.get(self._profile)
        return facts.repository if facts is not None else ""

    def shown(self, world: World) -> None:
        """Show what is known."""
        done = self._known().last_change
        if self._profile != self.program.profile:
            self._profile, self._state = self.program.profile, StorageState()
            self._done = self._known().last_change
            self._ask(b"")
        elif done != self._done:
            self._done, self._state = done, storage.outdated(self._state)
            self._ask(self._folder(), is_new=True)
        state, shown = self._state, self._state.shown
        self.query_one("#of", Panel).show(storage.headline(state, self.repository, self._profile))
        empty = state.problem or ("nothing here takes room" if state.usage else "adding up what is stored…")
        self.query_one(Rows).show(len(shown), self._row, empty=empty if self._profile else "There is no profile yet")
        known, panel = self._known(), self.query_one("#fares", Panel)
        panel.fit(lambda width: health.panel(state, known, width, self._room(), self.glyphs))

    def _room(self) -> int:
        """Return how many rows the panel may take: all of the height beside the list, or less than half below it."""
        room = self.query_one(".beside").size.height
        return room if self.has_class("-wide") else room * 45 // 100 - 1

    def _known(self) -> Known:
        return Known(self.repository, self.world.runs or (), self.world.running, self.world.now_ns)

    def _folder(self) -> bytes:
        return self._state.usage.folder.raw if self._state.usage is not None and not self._state.at_top else b""

    def _row(self, at: int) -> Row:
        return storage.row_of(self._state.shown[at], self._state, self.glyphs)

    def _ask(self, folder: bytes, *, is_new: bool = False) -> None:
        """Add up what is at and below a folder; none: all sources. `is_new`: what all of it takes has changed, too."""
        profile = self.program.profile

        async def usage(**asked: object) -> Usage:
            found = await all_of(self.engine.ask("storage.usage", Usage, profile=profile, **asked))
            return found[0] if found else Usage()

        async def work() -> None:
            snapshots = await all_of(self.engine.ask("snapshots.list", Snapshot, profile=profile, of_profile=False))
            below = await usage(**({"folder": as_shown(folder)} if folder else {})) if snapshots else Usage()
            whole = below if not folder else await usage() if is_new and snapshots else None
            self._state = added_up(self._state, below, snapshots, whole)
            self.query_one(Rows).go(0)
            self.tell()

        if profile:
            self.work_on(work, "usage")

    def action_refresh(self) -> None:
        """Add up anew."""
        super().action_refresh()
        self._ask(self._folder(), is_new=True)

    def refused(self, problem: YesterError) -> None:
        """Say it where the paths would be, too."""
        super().refused(problem)
        if self._state.usage is None:
            self._state = replace(self._state, problem=problem.what)
            self.tell()

    def heavy(self) -> Heavy | None:
        """The path that is meant."""
        shown, at = self._state.shown, self.query_one(Rows).cursor
        return shown[at] if at < len(shown) else None

    def filtered(self, text: str) -> None:
        """Show only paths that hold a text."""
        self._state = replace(self._state, text=text)
        self.tell()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Look below it."""
        self.action_open()

    def under_cursor(self) -> dict[str, bytes]:
        """The path that is meant."""
        heavy = self.heavy()
        path = heavy.raw if heavy is not None else b""
        return {**super().under_cursor(), "path": path, "name": path.rpartition(b"/")[2]}

    def action_open(self) -> None:
        """Look below it."""
        heavy = self.heavy()
        if heavy is not None and self._state.usage is not None and heavy.raw != self._state.usage.folder.raw:
            self._ask(heavy.raw)

    def action_up(self) -> None:
        """Look at the folder above."""
        if self._state.usage is not None:
            self._ask(parent(self._state.usage.folder.raw))

    def action_profile(self) -> None:
        """Show the repository of the next profile."""
        self.program.turn_to_next()
        self.tell()

    def action_archives(self) -> None:
        """Show what archives hold of the repository."""
        from yester.tui.screens.archives import Archives

        self.app.push_screen(Archives())

    def action_check(self) -> None:
        """Ask how much of the content is to be read, and look for damage."""
        profile = self._profile

        def answered(typed: Typed | None) -> None:
            if typed is not None:
                share, said = (
                    storage.share_of(typed[0]),
                    "It is being checked: how far it is stands here, and in Runs (4)",
                )
                self.change("storage.check", said, profile=profile, read_data=share)

        def command(typed: Typed) -> list[Line]:
            share = storage.share_of(typed[0])
            return [line(Span(f"$ yester check{f' --read-data={share}%' if share else ''}", "dim"))]

        field = Field("percent of the content to read, picked at random", "0", "0 to 100")
        if profile:
            self.app.push_screen(
                Asking(storage.check_lines(self.repository), (field,), command, _wrong_share), answered
            )

    def action_keys(self) -> None:
        """Show the keys of the repository."""
        from yester.tui.screens.ways_in import WaysIn

        if self._profile:
            self.app.push_screen(WaysIn(self._profile, self.repository))

    def action_prune(self) -> None:
        """Ask what could be given back, and give it back once a person says so."""
        profile = self._profile

        async def work() -> None:
            self.program.say("Looking what no snapshot needs…")
            request = self.engine.ask("storage.plan", dict, profile=profile)
            try:
                await all_of(request)
            except Refused as refused:
                if refused.failure.code == DamageError.exit_code:
                    self._state = replace(self._state, planned=None, damage=(refused.what, refused.hint))
                    self.tell()
                raise
            planned = printed(request, Planned)
            self._state = replace(self._state, planned=planned, damage=())
            self.tell()
            if planned.plan.freed_size:
                self._confirm(planned)
            else:
                self.program.say("Nothing is there that no snapshot needs, or too little to be worth it")

        if profile:
            self.work_on(work, "plan")

    def _confirm(self, planned: Planned) -> None:
        lines = [
            line(Span(f"Give back room in {self.repository}?", "strong")),
            *storage.plan_lines(planned),
            line(Span("$ yester prune", "dim")),
        ]

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                said = "It is being pruned: how far it is stands here, and in Runs (4)"
                self.change("storage.prune", said, profile=self._profile)

        self.app.push_screen(Confirm(lines, "Give it back"), answered)


def _wrong_share(typed: Typed) -> str:
    return "" if storage.share_of(typed[0]) is not None else "A number from 0 to 100"
