"""What is being brought back: how far it is, and at the end what did not come."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import msgspec
from textual.binding import BindingType
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.engine.events import decode
from yester.tui.bindings import bindings
from yester.tui.cli.wording import printable
from yester.tui.client import Refused
from yester.tui.dialogs.confirm import Confirm
from yester.tui.screens.place import Place
from yester.tui.state import bringing
from yester.tui.state.bringing import BringingState, Lacking
from yester.tui.state.browse import as_shown
from yester.tui.state.restoring import Wish
from yester.tui.state.text import Row, Span, line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


def requests(wish: Wish, profile: str) -> Iterator[dict[str, Any]]:
    """Yield what is asked for, a restore for each snapshot."""
    where = {} if wish.target is None else {"target": as_shown(wish.target)}
    for snapshot, paths in wish.parts.items():
        yield {"profile": profile, "snapshot": snapshot, "entries": [*map(as_shown, paths)], **where}


class Bringing(Place, inherit_bindings=False):
    """One restore, which may be several runs. It goes on when the page is left."""

    NAME = "bringing"
    AT = "browse"
    HELP = (
        "What is being brought back. It goes on when you leave: 4 has its run. Below: what did not come back, and why."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("bringing", "place")]

    def __init__(self, wish: Wish, profile: str) -> None:
        super().__init__()
        self._wish, self._profile = wish, profile
        self._state = BringingState(f"Bringing back {wish.names}", wish.place)
        self._text = ""

    def body(self) -> Iterable[Widget]:
        """How far it is, and what did not come back."""
        yield Panel(id="how-far", classes="headline")
        yield Rows(bringing.COLUMNS, id="lacking")

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.work_on(self._begin, "begin")

    async def _begin(self) -> None:
        """Begin one run after the other; those that have begun need nobody any more."""
        how = {"on_conflict": self._wish.conflict, "owner": self._wish.owner}
        for asked in [*requests(self._wish, self._profile)][len(self._state.runs) :]:
            request = self.engine.ask("files.restore", dict[str, str], **asked, **how)
            async for item in request:
                run = item["run"]
            # Only now: a run that lacks a passphrase has ended, and another one takes its place.
            self._become(bringing.begun(self._state, run, self.world.now_ns))
            self.work_on(partial(self._follow, run), f"follow {run}")
        self._become(replace(self._state, all_begun=True))

    async def _follow(self, run: str) -> None:
        request = self.engine.ask("runs.follow", msgspec.Raw, run=run)
        async for raw in request:
            self._become(bringing.told(self._state, run, decode(bytes(raw))))
        if request.done is not None and not request.done.get("ended"):
            self._become(bringing.lost(self._state, run))

    def _become(self, state: BringingState) -> None:
        was_over, self._state = self._state.is_over, state
        self.tell()
        if state.is_over != was_over:
            self.refresh_bindings()

    def refused(self, problem: YesterError) -> None:
        """Say it where the end would be said."""
        super().refused(problem)
        self._become(replace(self._state, all_begun=True, problem=problem.what))

    def unanswered(self, refused: Refused) -> None:
        """Nobody opened it: nothing comes back."""
        self._become(replace(self._state, all_begun=True, problem=refused.what))

    def locked(self) -> dict[str, str]:
        """The repository of the profile that it was begun for."""
        return {"profile": self._profile}

    def shown(self, world: World) -> None:
        """Show how far it is."""
        state, wanted = self._state, self._wanted()
        self.query_one("#how-far", Panel).fit(lambda width: bringing.panel(state, width, self.glyphs))
        self.query_one(Rows).show(len(wanted), lambda at: self._row(wanted[at]), empty=bringing.nothing(state))

    def _wanted(self) -> list[Lacking]:
        return [each for each in self._state.lacking if self._text in printable(each.path)]

    def _row(self, lacking: Lacking) -> Row:
        return bringing.row_of(lacking)

    def filtered(self, text: str) -> None:
        """Show only those whose path holds a text."""
        self._text = text
        self.tell()

    def why_not(self, action: str) -> str:
        """What is over cannot be stopped."""
        is_over = action == "cancel" and not self._state.lasting
        return "It is over: there is nothing to stop any more" if is_over else super().why_not(action)

    def action_cancel(self) -> None:
        """Stop it, once the person says so."""
        runs = self._state.lasting
        lines = [
            line(Span("Stop bringing it back?", "strong")),
            line("What has come back stays; brought back again, it goes on from there."),
            *(line(Span(f"$ yester cancel {run[-4:]}", "dim")) for run in runs),
        ]

        def answered(is_yes: bool | None) -> None:
            for run in runs if is_yes else ():
                self.change("runs.cancel", "It stops, in good order", run=run)

        if runs:
            self.app.push_screen(Confirm(lines, "Stop it"), answered)

    def action_copy(self) -> None:
        """Copy the path of what is meant."""
        wanted, at = self._wanted(), self.query_one(Rows).cursor
        if at < len(wanted):
            self.copy(printable(wanted[at].path))
