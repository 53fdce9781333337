"""The terminal program: its places, its keys, its themes, and the life of its engine. It knows nothing of any place."""

import importlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import Worker

from yester import __version__
from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.client import Client, Engine, EngineGone, Request
from yester.tui.defects import recorded, told
from yester.tui.dialogs.dialog import Dialog
from yester.tui.feed import Feed, Work
from yester.tui.helping import help_lines, key_name
from yester.tui.in_order import InOrder
from yester.tui.keys import keymap
from yester.tui.looks import Looks
from yester.tui.outside import Outside
from yester.tui.places import PLACES, PlaceRow
from yester.tui.plain_signs import PlainSigns
from yester.tui.screens.place import Place
from yester.tui.settings import Settings
from yester.tui.state.running import left_words
from yester.tui.state.sayings import BAD_S, GOOD_S, Noted, Ran, Saying, hushed, log_lines, said_lines, with_noted
from yester.tui.state.text import Line, line
from yester.tui.state.world import EngineFound, EngineLost, Happening, Ticked, World, apply
from yester.tui.themes import DARK, LIGHT, readable
from yester.tui.unlocking import Unlocking
from yester.tui.widgets.sayings import Sayings

DRAW_S = 0.1
"""What happens is drawn at most this often."""
REST_S = 0.12
"""Less than a person takes to read a name, more than between two keys that are held down."""
JUDGED_S = 60.0
"""How often it is asked whether something was due, though nothing happened."""
_PLAIN_SIGNS = PlainSigns()


class TerminalProgram(App[None]):
    """All of yester, in a terminal."""

    TITLE = "yester"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("app"),
        *(Binding(str(place.number), f"go('{place.name}')", place.title, show=False) for place in PLACES),
    ]

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Engine] | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        rest_s: float = REST_S,
    ) -> None:
        """`connect` returns an engine, which is then started. `now_ns` tells the time."""
        super().__init__()
        if self.no_color:  # Textual takes it out; programs that are started from here want to know too
            os.environ["NO_COLOR"] = "1"
        self.settings = settings
        self._now_ns = now_ns
        self.rest_s = rest_s
        """How long the cursor rests on something until it is read."""
        self.world = World(now_ns=now_ns())
        self.profile = ""
        """The profile that Snapshots and Browse are about."""
        self.snapshot = ""
        """The snapshot that Browse is to look into; empty: the newest."""
        self.folder = b""
        """The folder that Browse is to begin at; empty: where the sources lie."""
        self.visits = 0
        """How often Browse was told where to look."""
        self.mounted: tuple[bytes, ...] = ()
        """Where snapshots were mounted from here."""
        self.noted: tuple[Noted, ...] = ()
        """What keys ran and what was said, newest last."""
        self._connect = connect or (lambda: Client(self.ran))
        self.engine: Engine = self._connect()
        self.feed = self._fed()
        self.outside = Outside(self)
        self._in_order = InOrder(self, super().on_event)
        self._is_stale = False
        self._looks = Looks(self)
        self._unlocking = Unlocking(self)
        for place in PLACES:
            self.add_mode(place.name, _loader(place))

    def on_mount(self) -> None:
        """Show Home at once; the engine comes up meanwhile."""
        self.set_class(self.no_color, "-no-color")
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self._looks.begin(os.environ.get("TEXTUAL_THEME", ""), os.environ.get("TEXTUAL_ANIMATIONS", ""))
        for number, command in enumerate(self.settings.commands):
            self.bind(command.key, f"own({number})", description=command.title, show=False)
        self.switch_mode("home")
        self.set_interval(DRAW_S, self.draw)
        self.set_interval(1.0, self._tick)
        self.set_interval(JUDGED_S, lambda: self.feed.judge())
        self._start(self._live, "engine")

    async def _live(self) -> None:
        try:
            # It is the first request, also before a key that was pressed while the engine came up.
            started = self.engine.ask("app.start", dict, program=f"yester {__version__}")
            await self.engine.start()
            self._start(partial(_answered, started), "plugins")
            await self.feed.run()
        except EngineGone as gone:
            self.happened(EngineLost(gone.what))
            self.say(
                gone.what,
                f"{self.key_of('place.refresh')} starts another one. {gone.hint}",
                is_bad=True,
                seconds=60,
            )

    def _fed(self) -> Feed:
        return Feed(self.engine, lambda: self.world, self.happened, self._changed, self._start)

    async def revive(self) -> None:
        """Start another engine in the place of one that is gone; what was known stays until it says more."""
        await self.engine.close()
        self.engine = self._connect()
        self.feed = self._fed()
        self.hush()  # that the one before has ended is no news any more
        self.happened(EngineFound())
        self._start(self._live, "engine")

    def _start(self, work: Work, name: str) -> None:
        _: Worker[None] = self.run_worker(
            partial(self._guarded, work), group=name, name=name, exclusive=True, exit_on_error=False
        )

    async def _guarded(self, work: Work) -> None:
        try:
            await told(work)
        except EngineGone:
            return  # said once, by whoever watches the engine
        except YesterError as problem:
            self.say(problem.what, problem.hint, is_bad=True)

    async def run_action(self, action: Any, *where: Any, **named: Any) -> bool:
        """Do what a key or a click means; what goes wrong with it is said, and the program goes on."""
        try:
            return await told(partial(super().run_action, action, *where, **named))
        except YesterError as problem:
            self.say(problem.what, problem.hint, is_bad=True)
            return True

    async def on_unmount(self) -> None:
        """Let the engine end; plugins hear that the program does."""
        await self.engine.close()

    def _fatal_error(self) -> None:
        """Leave with a sentence: Textual would print a page of code, with all that stood in its variables."""
        assert self._exception is not None
        defect = recorded(self._exception)
        self.panic(Text(f"yester: {defect.what}\n  hint: {defect.hint} Runs go on."))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what changes lines when they are drawn: signs, where the terminal has few."""
        plain = [_PLAIN_SIGNS] if self.settings.glyphs == "ascii" else []
        return [*super().get_line_filters(), *plain]

    def action_looks(self) -> None:
        """Choose colours, keys, signs and motion."""
        self._looks.choose()

    def get_css_variables(self) -> dict[str, str]:
        """Return the colours of the theme, such that letters can be read."""
        self.theme_variables = readable(super().get_css_variables())
        return self.theme_variables

    # What happens

    def happened(self, event: Happening) -> None:
        """Let the world change; it is drawn soon."""
        self.world = apply(self.world, event)
        if not self.profile and self.world.statuses:
            self.profile = self.world.statuses[0].profile
        self._is_stale = True

    def _changed(self, what: frozenset[str]) -> None:
        place = self.place
        if place is not None and what & place.WATCHES and not self.is_unlocking:
            place.changed(what)

    def _tick(self) -> None:
        self.happened(Ticked(self._now_ns()))

    def draw(self) -> None:
        """Draw what is known by now."""
        place = self.place
        if self._is_stale and place is not None:
            self._is_stale = False
            place.tell()
            if isinstance(self.screen, Dialog):
                self.screen.tell()
            for each in self.screen_stack:
                for line in each.query(Sayings):
                    line.told(self.said)

    @property
    def place(self) -> Place | None:
        """The place that is looked at, also below a dialog."""
        return next((each for each in reversed(self.screen_stack) if isinstance(each, Place)), None)

    def turn_to(self, profile: str) -> None:
        """Let Snapshots and Browse be about a profile."""
        self.profile, self.snapshot, self.folder = profile, "", b""

    def turn_to_next(self) -> None:
        """Let it be about the next profile."""
        names = [status.profile for status in self.world.statuses or ()]
        if names:
            at = names.index(self.profile) if self.profile in names else -1
            self.turn_to(names[(at + 1) % len(names)])

    def look_at(self, profile: str, snapshot: str, path: bytes, type: str) -> None:
        """Show a path in a snapshot, in Browse."""
        self.profile, self.snapshot = profile or self.profile, snapshot
        self.visits += 1
        self.folder = path if type in ("directory", "folder") else path.rpartition(b"/")[0] or b"/"
        self.action_go("browse")

    def back_up(self, profile: str) -> None:
        """Take a snapshot of a profile."""
        if self.place is not None:
            self.place.back_up(profile)

    def show_profile(self, profile: str) -> None:
        """Show the snapshots of a profile."""
        self.turn_to(profile)
        self.action_go("snapshots")

    @property
    def commands(self) -> list[str]:
        """What keys ran, newest last."""
        return [each.command for each in self.noted if isinstance(each, Ran)]

    def ran(self, command: str) -> None:
        """Remember a command that a key ran."""
        self.noted = with_noted(self.noted, Ran(command, self._now_ns()))

    def say(self, what: str, hint: str = "", *, is_bad: bool = False, seconds: float = 0) -> None:
        """Say something in a sentence, above the keys; what is wrong once, while it is still to be read."""
        now = self._now_ns()
        until = now + round((seconds or (BAD_S if is_bad else GOOD_S)) * 1e9)
        before, self.noted = self.noted, with_noted(self.noted, Saying(what, hint, is_bad, now, until))
        self._is_stale |= self.noted is not before

    def notify(self, message: str, *, severity: str = "information", **more: Any) -> None:
        """Say what Textual says as all else is said, not over what is looked at."""
        self.say(
            Content.from_markup(message).plain if more.get("markup", True) else message, is_bad=severity == "error"
        )

    def redraw(self) -> None:
        """Draw anew what is known."""
        self._is_stale = True

    def hush(self) -> None:
        """Show no longer what was said; it stays in the log."""
        self.noted = hushed(self.noted)
        self.redraw()

    def said(self, width: int) -> list[Line]:
        """Return what is still to be read, for so many cells."""
        return said_lines(self.noted, self._now_ns(), width, self.key_of("app.log"), self.settings.signs)

    def key_of(self, id: str) -> str:
        """Return the first key of an id, as a person calls it."""
        return key_name(keymap(self.settings.preset, self.settings.keys)[id].partition(",")[0])

    async def unlock(self, where: dict[str, str], why: str) -> bool:
        """Ask for a passphrase until it opens the repository; False when the person does not want to.

        `why`: what was said when it was missing.
        """
        return await self._unlocking.unlock(where, why)

    @property
    def is_unlocking(self) -> bool:
        """Whether a person is asked for a passphrase, for somebody who waits for it."""
        return self._unlocking.is_asking

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Let keys wait for each other."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._in_order.pressed(event)
        else:
            await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing now that does something at other times."""
        active = self.screen.active_bindings.get(event.key)
        if active is not None and not active.enabled and active.tooltip:
            self.say(active.tooltip)

    def get_key_display(self, binding: Binding) -> str:
        """Return what a person calls a key."""
        return key_name(binding.key)

    def action_go(self, name: str) -> None:
        """Go to a place, and find it as it was left; the digit of the place that one is at leaves its pages."""
        is_here = self.current_mode == name
        while len(self.screen_stack) > 1 and (is_here or not isinstance(self.screen, Place)):
            self.pop_screen()
        self.switch_mode(name)

    def action_command_palette(self) -> None:
        """Find any command, snapshot or file by name."""
        from textual.system_commands import SystemCommandsProvider

        from yester.tui.dialogs.palette import Palette
        from yester.tui.naming import Names

        if not isinstance(self.screen, Palette):
            words = "Search for commands, snapshots and files…"
            self.push_screen(Palette([SystemCommandsProvider, Names], placeholder=words, id="--command-palette"))

    def search_themes(self) -> None:
        """Choose the colours, from a palette of our own."""
        from textual.theme import ThemeProvider

        from yester.tui.dialogs.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Theme"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A command of one's own works in its places alone."""
        if action == "own" and isinstance(parameters[0], int):
            return self.place is not None and self.settings.commands[parameters[0]].works_in(self.place.NAME)
        return True

    def action_own(self, number: int) -> None:
        """Run a command of the person's own."""
        from yester.tui.screens.owning import run_own

        if isinstance(self.screen, Place):
            run_own(self.screen, self.settings.commands[number])

    def action_help(self) -> None:
        """Show the keys that work here; a click on one does what it does."""
        from yester.tui.dialogs.page import Page

        place = self.place
        if place is None or isinstance(self.screen, Page):
            return
        keys = keymap(self.settings.preset, self.settings.keys)
        own = [each for each in self.settings.commands if each.works_in(place.NAME)]
        lines, ids = help_lines(place.NAME, place.HELP, keys, own)

        def chosen(number: int | None) -> None:
            if number is not None:
                self.call_later(self.simulate_key, ids[number])

        self.push_screen(Page("Keys; a click does what the key does", lines, chosen_from=ids), chosen)

    def action_log(self) -> None:
        """Show the commands that keys ran, and all that was said."""
        from yester.tui.dialogs.page import Page

        lines = log_lines(self.noted, self.settings.signs) or [line("nothing yet")]
        if not isinstance(self.screen, Page):
            self.push_screen(Page("What your keys ran, and what was said; newest first", lines))

    async def action_quit(self) -> None:
        """Leave; runs go on, and that is said. What was mounted from here is asked about, if there is an engine to."""
        place = self.place
        if self.mounted and place is not None and not self.world.problem:
            from yester.tui.screens.mounting import leave

            leave(place)
        else:
            self.end()

    def end(self) -> None:
        """Leave, and say what goes on."""
        words = left_words(self.world.running)
        self.exit(message=Text(words) if words else None)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield what the palette finds."""
        from yester.tui.finding import commands

        return commands(self)


async def _answered(request: Request[Any]) -> None:
    """Wait for an answer in which nothing stands; nobody else waits for it."""
    async for _ in request:
        continue


def _loader(place: PlaceRow) -> Any:
    """Return what makes the screen of a place, loading its module then."""

    def load() -> Screen[Any]:
        module, _, name = place.screen.partition(":")
        found: Screen[Any] = getattr(importlib.import_module(module), name)()
        return found

    return load
