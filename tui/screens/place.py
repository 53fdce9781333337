"""What every place is: a line with all places, its own body, a line to filter by, and its keys.

A place hears of the world (`shown`), and of what changed elsewhere (`changed`), only while it is looked at: one that
comes into sight again is told once. It asks the engine through `self.engine`, in workers, and changes its state by pure
functions alone.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Input
from textual.worker import Worker

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.client import Engine, EngineGone, Refused
from yester.tui.defects import told
from yester.tui.feed import Work
from yester.tui.keys import KEYS, all_keys
from yester.tui.state.text import Glyphs
from yester.tui.state.world import World
from yester.tui.widgets.box import Box
from yester.tui.widgets.guarded import Guarded
from yester.tui.widgets.placebar import PlaceBar
from yester.tui.widgets.rows import Rows
from yester.tui.widgets.sayings import Sayings
from yester.tui.widgets.toosmall import HEIGHTS, WIDTHS, TooSmall

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram


class Place(Guarded, Screen[None]):
    """One place, or a page that is opened from one."""

    NAME: ClassVar[str] = ""
    """Its row in the table of places, and its keys in the table of keys."""
    AT: ClassVar[str] = ""
    """Of a page that is opened from places: which of them it counts to."""
    HELP = ""
    WATCHES: ClassVar[frozenset[str]] = frozenset()
    """Which of the things that `changes.watch` tells of concern it."""
    NEEDS_ROW: ClassVar[frozenset[str]] = frozenset()
    """Actions that are about the row at the cursor: they can do nothing while there is none."""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("place")]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(self) -> None:
        super().__init__()
        self._sought = ""

    @property
    def program(self) -> "TerminalProgram":
        """The app."""
        return cast("TerminalProgram", self.app)

    @property
    def engine(self) -> Engine:
        """Who answers."""
        return self.program.engine

    @property
    def world(self) -> World:
        """What is known."""
        return self.program.world

    @property
    def glyphs(self) -> Glyphs:
        """The alphabet of signs."""
        return self.program.settings.signs

    def compose(self) -> ComposeResult:
        """The line of places, the body, the filter, the keys."""
        yield PlaceBar(self.AT or self.NAME)
        yield from self.body()
        yield Sayings()
        yield Box(placeholder="show only what holds…", id="filter", compact=True)
        yield Footer(show_command_palette=False, compact=True)
        yield TooSmall()

    def body(self) -> Iterable[Widget]:
        """What the place is made of."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Begin without a filter."""
        self.query_one("#filter", Input).display = False

    def on_screen_resume(self) -> None:
        """The place is looked at: show what is known by now, and ask for what is not."""
        self.tell()
        if not self.program.is_unlocking:  # who waits for a passphrase would be given up
            self.changed(self.WATCHES)

    def tell(self) -> None:
        """Show what is known, once the place is there."""
        try:
            self.query_one(PlaceBar).show(self.world, self.glyphs)
            self.query_one(Sayings).told(self.program.said)
        except NoMatches:
            return
        for rows in self.query(Rows):
            rows.signs = (self.glyphs.rising, self.glyphs.falling)
        for box in self.query(Input):
            box.cursor_blink = self.app.animation_level != "none"
        self.shown(self.world)

    def shown(self, world: World) -> None:
        """Show what is known of the world."""

    def changed(self, what: frozenset[str]) -> None:
        """Something that the place watches may have changed: ask anew for it."""

    def filtered(self, text: str) -> None:
        """Show only what holds a text; nothing: all."""

    # Keys

    def why_not(self, action: str) -> str:
        """Return why an action can do nothing now, as a sentence; empty: it can."""
        is_empty = action in self.NEEDS_ROW and not self.query(Rows).first().count
        return "There is nothing in the list to do that with" if is_empty else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can do nothing now is dimmed."""
        return None if self.is_mounted and self.query(Rows) and self.why_not(action) else True

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work here, in the order of the table in each preset; of those that cannot, why."""
        order = {id: at for at, (id, _) in enumerate(all_keys())}
        first = {f"{self.NAME}.{key.name}" for key in KEYS.get(self.NAME, ())}

        def rank(key: str) -> tuple[bool, int]:
            binding = found[key].binding
            if binding.id is None:  # what is shown of these is of a field that is typed in
                return not binding.show, -1 if binding.show else len(order)
            return binding.id not in first, order.get(binding.id, len(order))

        found = super().active_bindings
        return {key: self._with_reason(found[key]) for key in sorted(found, key=rank)}

    def _with_reason(self, active: ActiveBinding) -> ActiveBinding:
        name = self.now_called(active.binding.action)
        named = active._replace(binding=replace(active.binding, description=name)) if name else active
        return named if active.enabled else named._replace(tooltip=self.why_not(active.binding.action))

    def now_called(self, action: str) -> str:
        """Return what an action does now, where that is something else than at most times; empty: it is not."""
        return ""

    def action_refresh(self) -> None:
        """Ask anew; another engine, where the one before is gone."""
        if self.world.problem:
            self.work_on(self.program.revive, "engine again")
            return
        self.program.feed.refresh()
        self.changed(self.WATCHES)

    def action_filter(self) -> None:
        """Let a person type what to look for."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.id == "filter":
            self._sought = event.value or self._sought
            self.filtered(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go back to the list, and keep the filter while there is one."""
        if event.input.id == "filter":
            event.input.display = bool(event.value)
            self.rest()

    def on_rows_sought(self, event: Rows.Sought) -> None:
        """Go to the next row that holds what was looked for, also when all rows are shown again."""
        if self._sought:
            self.seek(event.rows, self._sought, event.step)
        else:
            self.program.say("Nothing was looked for yet", "/ and a text shows only what holds it.")

    def seek(self, rows: Rows, text: str, step: int) -> None:
        """Put the cursor on the next row that holds a text, or the one before."""
        if not rows.seek(text, step):
            self.nothing_holds(text)

    def nothing_holds(self, text: str) -> None:
        """Say that a text is nowhere in the list."""
        self.program.say(f"Nothing here holds {text}")

    def action_zoom(self) -> None:
        """Give what stands beside the list nearly all the room; the list keeps a few rows, and the keys."""
        if self.query(".beside"):
            self.toggle_class("-zoomed")
        else:
            self.program.say("Nothing stands beside the list here")

    def action_search(self) -> None:
        """Look for a name in all snapshots."""
        from yester.tui.screens.search import Search

        self.app.push_screen(Search())

    def under_cursor(self) -> dict[str, bytes]:
        """Return what commands of a person's own may name: of the row that is meant, and of where one is."""
        return self.of_profile(self.program.profile)

    def of_profile(self, profile: str) -> dict[str, bytes]:
        """Return what is known of a profile."""
        facts = self.world.profiles.get(profile)
        return {"profile": profile.encode(), "repository": os.fsencode(facts.repository) if facts else b""}

    def action_snap(self) -> None:
        """Take a snapshot of the profile that the place is about."""
        if self.program.profile:
            self.back_up(self.program.profile)

    def back_up(self, profile: str) -> None:
        """Take a snapshot of a profile."""
        self.change("runs.start", f"A snapshot of {profile} is on its way", profile=profile)

    def copy(self, text: str) -> None:
        """Copy a text, also through a terminal that is far away."""
        self.app.copy_to_clipboard(text)
        self.program.outside.tell_multiplexer(text)
        self.program.say(f"Copied: {text}")

    def action_back(self) -> None:
        """Take the filter away; else leave a page for the place that it was opened from. What was said is read."""
        self.program.hush()
        if self.is_filtered:
            self.clear_filter()
        elif self.is_current and len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    @property
    def is_filtered(self) -> bool:
        """Whether there is a line to filter by."""
        return bool(self.query_one("#filter", Input).display)

    def clear_filter(self) -> None:
        """Take the line to filter by away, and show all again."""
        box = self.query_one("#filter", Input)
        box.value = ""
        box.display = False
        self.rest()

    def rest(self) -> None:
        """Put the keys where they belong when nothing is typed."""
        focusable = self.query("Rows")
        if focusable:
            focusable.first().focus()

    # Work

    def work_on(self, work: Work, group: str) -> None:
        """Do something that waits for the engine; what was done of this group before is given up.

        What is refused is said; when the passphrase is missing the person is asked, and it is tried again.
        """
        _: Worker[None] = self.run_worker(partial(self.guarded, work), group=group, exclusive=True, exit_on_error=False)

    async def guarded(self, work: Work) -> None:
        """Do something that asks the engine; say what goes wrong, and ask for a passphrase that is missing."""
        try:
            await told(work)
        except Refused as refused:
            if refused.failure.needs != "passphrase":
                self.refused(refused)
            elif await self.program.unlock(self.locked(), refused.failure.message):
                await self.guarded(work)
            else:
                self.unanswered(refused)
        except EngineGone:
            return  # said once, by whoever watches the engine
        except YesterError as problem:
            self.refused(problem)

    def unanswered(self, refused: Refused) -> None:
        """A passphrase was asked for, and none was given: whoever did not give it knows."""

    def locked(self) -> dict[str, str]:
        """Return which repository a passphrase is asked for: the parameters of `repositories.unlock`."""
        return {"profile": self.program.profile}

    def refused(self, problem: YesterError) -> None:
        """Say what went wrong; what a person cancelled is no news."""
        if not (isinstance(problem, Refused) and problem.is_cancelled):
            self.program.say(problem.what, problem.hint, is_bad=True)

    def change(self, method: str, said: str, **params: object) -> None:
        """Run the command that a method is, and say what was done, if there is anything to say."""

        async def work() -> None:
            request = self.engine.ask(method, dict, **params)
            async for _ in request:
                continue
            if said:
                self.program.say(said)

        self.work_on(work, f"change {method}")
