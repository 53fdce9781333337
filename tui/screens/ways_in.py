"""The keys of a repository: passphrases, recovery keys, and those of machines that only add."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.client import all_of, printed
from yester.tui.dialogs.asking import Asking, Field, Typed
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.page import Page
from yester.tui.screens.place import Place
from yester.tui.state import ways_in
from yester.tui.state.text import Line, Span, line
from yester.tui.state.ways_in import NewRecovery, Way
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class WaysIn(Place, inherit_bindings=False):
    """A row for each key."""

    NAME = "ways_in"
    AT = "storage"
    HELP = "The keys that open the repository. At least one that opens everything always stays."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("ways_in", "place")]

    def __init__(self, profile: str, repository: str) -> None:
        super().__init__()
        self._profile, self._repository = profile, repository
        self._ways: tuple[Way, ...] | None = None
        self._text = self._problem = ""

    def body(self) -> Iterable[Widget]:
        """Of which repository, the keys."""
        yield Panel(id="of", classes="headline")
        yield Rows(ways_in.COLUMNS, id="ways", empty="asking…")

    def on_mount(self) -> None:
        """Ask for the keys."""
        super().on_mount()
        self.work_on(self._ask, "keys")

    async def _ask(self) -> None:
        self._ways = await all_of(self.engine.ask("keys.list", Way, profile=self._profile))
        self.tell()

    def _wanted(self) -> list[Way]:
        return [way for way in self._ways or () if self._text in ways_in.searched(way)]

    def shown(self, world: World) -> None:
        """Show them."""
        self.query_one("#of", Panel).show(ways_in.headline(self._ways, self._repository))
        wanted = self._wanted()
        empty = self._problem or ("asking…" if self._ways is None else "none holds that")
        self.query_one(Rows).show(len(wanted), lambda at: ways_in.row_of(wanted[at]), empty=empty)

    def refused(self, problem: YesterError) -> None:
        """Say it where the keys would be, too."""
        super().refused(problem)
        if self._ways is None:
            self._problem = problem.what
            self.tell()

    def locked(self) -> dict[str, str]:
        """The repository whose keys these are."""
        return {"profile": self._profile}

    def filtered(self, text: str) -> None:
        """Show only those that hold a text."""
        self._text = text.casefold()
        self.tell()

    def action_refresh(self) -> None:
        """Ask anew."""
        super().action_refresh()
        self.work_on(self._ask, "keys")

    def action_add(self) -> None:
        """Add a passphrase; it goes to the engine by a descriptor."""

        async def work(typed: Typed) -> None:
            self.engine.give_secret(typed[0])
            await all_of(self.engine.ask("keys.add", dict, profile=self._profile, label=typed[2].strip()))
            self.program.say("Added: it opens the repository from now on")
            await self._ask()

        def answered(typed: Typed | None) -> None:
            if typed is not None:
                self.work_on(lambda: work(typed), "change keys")

        fields = (
            Field("new passphrase", is_secret=True),
            Field("the same again", is_secret=True),
            Field("label, shown where keys are listed", about="phone, Ada, safe"),
        )
        question = [line(Span(f"Add a passphrase to {self._repository}", "strong"))]
        self.app.push_screen(Asking(question, fields, _add_command, _wrong_passphrase), answered)

    def action_recovery(self) -> None:
        """Make a new recovery key, once the person says so, and show it."""

        async def work() -> None:
            request = self.engine.ask("keys.recovery", dict, profile=self._profile)
            await all_of(request)
            made = printed(request, NewRecovery)
            self.app.push_screen(Page("New recovery key", ways_in.shown_once(made)))
            await self._ask()

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.work_on(work, "change keys")

        self.app.push_screen(Confirm(ways_in.recovery_lines(self._ways or ()), "Make one"), answered)

    def action_remove(self) -> None:
        """Remove the key, once the person says so."""
        wanted, at = self._wanted(), self.query_one(Rows).cursor
        if at >= len(wanted):
            return
        way = wanted[at]

        async def work() -> None:
            await all_of(self.engine.ask("keys.remove", dict, profile=self._profile, key=way.key))
            self.program.say(f"Removed: {way.id}")
            await self._ask()

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.work_on(work, "change keys")

        self.app.push_screen(Confirm(ways_in.remove_lines(way), "Remove it"), answered)


def _add_command(typed: Typed) -> list[Line]:
    label = f' --label "{typed[2].strip()}"' if typed[2].strip() else ""
    return [line(Span(f"$ yester key add{label}", "dim"))]


def _wrong_passphrase(typed: Typed) -> str:
    if not typed[0]:
        return "Type a passphrase"
    return "" if typed[0] == typed[1] else "The two passphrases differ"
