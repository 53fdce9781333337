"""The wizard: its pages, its keys, and what is asked of the engine for them.

It is a screen over Home that takes all keys; the answer is the name of the profile that was made, or nothing. What it
knows is a Wizard (tui/state/wizard/), changed by pure functions; what it does is a list of commands.
"""

from collections.abc import Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.style import Style
from textual.widgets import Button, ContentSwitcher, Footer, Input, Static
from textual.worker import Worker

from yester.engine.errors import YesterError
from yester.engine.events import Shown
from yester.tui.bindings import bindings
from yester.tui.client import EngineGone, Refused, all_of
from yester.tui.defects import told
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.dialog import Dialog
from yester.tui.feed import Work
from yester.tui.screens.wizard.begin import BeginPage
from yester.tui.screens.wizard.keep import KeepPage
from yester.tui.screens.wizard.making import Making, in_words
from yester.tui.screens.wizard.page import WizardPage
from yester.tui.screens.wizard.passphrase import PassphrasePage
from yester.tui.screens.wizard.schedule import SchedulePage
from yester.tui.screens.wizard.sources import SourcesPage, offered
from yester.tui.screens.wizard.target import TargetPage
from yester.tui.state.text import Glyphs, Span, line
from yester.tui.state.wizard import steps
from yester.tui.state.wizard import wizard as wizards
from yester.tui.state.wizard.draft import PAGES, Looked, Page
from yester.tui.state.wizard.sums import Sums
from yester.tui.state.wizard.wizard import Backend, Suggested, Wizard
from yester.tui.state.world import World
from yester.tui.widgets.panel import STYLES, Panel
from yester.tui.widgets.rows import Rows
from yester.tui.widgets.tick import Tick

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram

T = TypeVar("T")


class _Found(msgspec.Struct, frozen=True):
    """What `yester backend look` prints."""

    place: str
    is_repository: bool = False
    is_encrypted: bool = False
    free_size: int | None = None
    lacks_drive: bool = False


class WizardScreen(Dialog[str]):
    """All pages, of which one is shown."""

    CSS_PATH = "wizard.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("wizard")]

    def __init__(self, names: tuple[str, ...]) -> None:
        """`names`: the profiles that there are."""
        super().__init__()
        self.state = Wizard(names=names)
        self._measured: Mapping[str, object] | None = None
        every = (SourcesPage(), TargetPage(), PassphrasePage(), SchedulePage(), KeepPage(), BeginPage())
        self.pages: Mapping[Page, WizardPage] = {page.NAME: page for page in every}
        """The pages by their names."""
        self._making = Making(self)

    @property
    def program(self) -> "TerminalProgram":
        """The app."""
        return cast("TerminalProgram", self.app)

    @property
    def world(self) -> World:
        """What is known."""
        return self.program.world

    @property
    def now_ns(self) -> int:
        """The time."""
        return self.world.now_ns

    @property
    def glyphs(self) -> Glyphs:
        """The alphabet of signs."""
        return self.program.settings.signs

    def compose(self) -> ComposeResult:
        """Where one is, the pages, what is wrong, the buttons, the keys."""
        yield Static(id="way", markup=False)
        with ContentSwitcher(initial="page-sources", id="pages"):
            yield from self.pages.values()
        yield Panel(id="problem")
        with Horizontal(id="turning"):
            yield Button("Leave", id="leave", compact=True)
            yield Button("Back", id="back", compact=True)
            yield Button("Next", id="next", variant="primary", compact=True)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Ask what there is to choose from."""
        for button in self.query(Button):
            button.active_effect_duration = 0  # a second click is meant, however fast
        self._show()
        self.pages["sources"].come()
        self.work_on(self._suggest, "suggest")
        self.work_on(self._backends, "backends")

    # Asking the engine

    def ask(self, method: str, kind: type[T], **params: object) -> Any:
        """Send a request."""
        return self.program.engine.ask(method, kind, **params)

    def work_on(self, work: Work, group: str) -> None:
        """Do something that waits for the engine; what was done of this group before is given up."""
        _: Worker[None] = self.run_worker(
            partial(self._guarded, work), group=group, exclusive=True, exit_on_error=False
        )

    async def _guarded(self, work: Work) -> None:
        try:
            await told(work)
        except EngineGone:
            return  # said once, by whoever watches the engine
        except YesterError as problem:
            self.change(replace(self.state, problem=in_words(problem)))

    async def _suggest(self) -> None:
        for found in await all_of(self.ask("sources.suggest", Suggested)):
            self.change(wizards.suggested(self.state, found))
            page = cast("SourcesPage", self.pages["sources"])
            await page.offer(offered(self.state), self.state.draft.sources)
        self.change(self.state)

    async def _backends(self) -> None:
        backends = await all_of(self.ask("backends.list", Backend))
        self.change(replace(self.state, backends=backends))  # the state of now, and not that before the answer

    async def folders(self, value: str) -> list[str]:
        """Return folders whose path begins so; none where the engine cannot tell."""
        if not value.startswith(("/", "~")):
            return []
        try:
            found = await all_of(self.ask("folders.complete", Shown, text=Shown(value)))
        except YesterError:
            return []  # nothing is completed then; whoever goes on hears why
        return [each.path for each in found]

    # What is typed and chosen

    def gather(self) -> None:
        """Take over what the page says."""
        self.change(wizards.typed(self.state, self.pages[self.state.page].gathered(self.state.draft)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something was typed."""
        self.gather()
        if event.input.id == "place":
            self.work_on(partial(self._offer, event.value), "folders")

    async def _offer(self, value: str) -> None:
        page = cast("TargetPage", self.pages["target"])
        page.offer(await self.folders(value))
        page.shown(self.state)

    def on_tick_changed(self, event: Tick.Changed) -> None:
        """Something was marked."""
        self.gather()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Something was chosen."""
        self.gather()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Go on with it."""
        self.action_next()

    def change(self, state: Wizard) -> None:
        """Let something else be known, and show it."""
        turned = state.page != self.state.page
        self.state = state
        if not self.is_mounted:
            return
        self._measure()
        self._show()
        if turned:
            self.query_one("#pages", ContentSwitcher).current = f"page-{state.page}"
            self._show()
            self.call_after_refresh(self._come)

    def _come(self) -> None:
        """Give the keys to the page that was turned to, and begin what belongs to it."""
        page = self.pages[self.state.page]
        page.come()
        if self.state.page == "begin":
            self.query_one("#next").focus()
            self._making.plan()

    def _measure(self) -> None:
        """Add up anew what would be taken, once nothing is typed for a moment."""
        wanted = self.state.draft.filters
        if wanted == self._measured:
            return
        self._measured = wanted
        if self.state.draft.sources:
            self.work_on(partial(self._add_up, wanted), "measure")
        else:
            self.state = replace(self.state, sums=None, sums_problem="")

    async def _add_up(self, wanted: Mapping[str, object]) -> None:
        await _rest(self.program.rest_s)
        try:
            async for sums in self.ask("sources.measure", Sums, **wanted):
                self.change(replace(self.state, sums=sums, sums_problem=""))
        except Refused as refused:
            self.change(replace(self.state, sums_problem=in_words(refused)))

    # Showing

    def _show(self) -> None:
        state = self.state
        self.query_one("#way", Static).update(self._way())
        self.query_one("#problem", Panel).show(
            [line(Span(f"{self.glyphs.bad} {state.problem}", "bad"))] * bool(state.problem)
        )
        button = self.query_one("#next", Button)
        button.label = "Home" if state.is_done else "Begin" if state.page == "begin" else "Next"
        button.disabled = state.is_working
        self.query_one("#back", Button).disabled = state.at == 0 or state.is_fixed
        self.pages[state.page].shown(state)

    def _way(self) -> Content:
        spans = wizards.bar_lines(self.state)
        found = Content("")
        for at, span in enumerate(spans):
            piece = Content.styled(span.text, STYLES[span.tone])
            if at:
                piece = piece.stylize(Style.from_meta({"@click": f"screen.turn('{PAGES[at - 1][0]}')"}))
            found += piece
        return found

    def tell(self) -> None:
        """Something happened elsewhere: the first run goes on."""
        if self.state.run and self.state.page == "begin":
            self.pages["begin"].shown(self.state)

    # Turning pages

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on, unless the page has something to do first."""
        if not self.pages[self.state.page].entered(event.input):
            self.action_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        acts = {"leave": self.leave, "back": self.action_previous, "next": self.action_next}
        acts[event.button.id or "next"]()

    def on_key(self, event: events.Key) -> None:
        """Enter in a list takes what is meant and goes on; at a mark it goes on. At a button arrows scroll the page."""
        page = self.pages[self.state.page]
        steps_of = {"up": -1, "down": 1, "pageup": 1 - page.size.height, "pagedown": page.size.height - 1}
        if event.key in steps_of and isinstance(self.focused, Button):
            page.scroll_relative(y=steps_of[event.key], animate=False)
        if event.key == "enter" and isinstance(self.focused, Rows | Tick):
            event.stop()
            if self.focused.id == "offers":
                cast("TargetPage", self.pages["target"]).choose()
            else:
                self.action_next()

    def action_turn(self, page: Page) -> None:
        """Go to a page that was clicked."""
        if not self.state.is_fixed:
            self.change(wizards.turned(self.state, page))

    def action_next(self) -> None:
        """Go on to the next page, once this one is in order."""
        state = self.state
        if state.is_working:
            return
        if state.page == "begin":
            self.dismiss(state.draft.name) if state.is_done else self.work_on(self._making.carry_out, "carry out")
        elif wizards.has_to_look(state):
            self.look(then=True)
        elif wizards.has_to_open(state):
            self.work_on(self._open, "open")
        else:
            self.change(wizards.ahead(state))

    def action_previous(self) -> None:
        """Go back to the page before; everything is still there."""
        if not self.state.is_fixed:
            self.change(wizards.back(self.state))

    def action_back(self) -> None:
        """One step back: the page before, and from the first one out."""
        if self.state.is_working:
            return
        if self.state.is_fixed or self.state.at == 0:
            self.leave()
        else:
            self.action_previous()

    def leave(self) -> None:
        """Go, asking first where something would be lost."""
        if self.state.is_done or not self.state.is_touched:
            self.dismiss(self.state.draft.name if self.state.is_done else "")
            return
        made = [step for step in self.state.steps if step.state == "done"]
        lines = [line(Span("Leave the wizard?", "strong")), line("What you typed is forgotten.")]
        lines += [line(f"What is made already stays: {step.command}") for step in made]

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.dismiss("")

        self.app.push_screen(Confirm(lines, "Leave"), answered)

    # Looking, opening

    def look(self, *, then: bool = False) -> None:
        """Look what lies at the place; `then`: and go on when all is well."""
        self.work_on(partial(self._look, then), "look")

    async def _look(self, then: bool) -> None:
        place = self.state.draft.place
        if not place:
            self.change(wizards.ahead(self.state))
            return
        self.change(replace(self.state, is_looking=True, problem=""))
        try:
            request = self.ask("backends.look", dict, place=place)
            await all_of(request)
            it = msgspec.convert(steps.answer_of(request.done), _Found)
            looked = Looked(place, it.place, it.is_repository, it.is_encrypted, it.free_size, it.lacks_drive)
        except Refused as refused:
            looked = Looked(place, problem=refused.what, hint=refused.hint)
        self.change(replace(self.state, is_looking=False, looked=looked))
        is_to_be_read = looked.lacks_drive  # who goes on then has read it
        if then and looked.is_good and not is_to_be_read and self.state.draft.place == place:
            self.change(wizards.ahead(self.state))

    async def _open(self) -> None:
        """Try the passphrase on the repository that is there."""
        found, passphrase = self.state.found, self.state.draft.passphrase
        assert found is not None
        self.program.engine.give_secret(passphrase)
        await all_of(self.ask("repositories.unlock", dict, repository=found.where))
        self.change(wizards.ahead(replace(self.state, opened=f"{found.where}\n{passphrase}")))


def _rest(seconds: float) -> Coroutine[Any, Any, None]:
    import asyncio

    return asyncio.sleep(seconds)
