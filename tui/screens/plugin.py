"""One plugin: what it shows, what it can do, what it wants to know."""

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from textual.binding import BindingType
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.client import Refused, all_of
from yester.tui.dialogs.form import Form
from yester.tui.screens.offering import Offering
from yester.tui.serve.methods.plugins import PluginOptions, set_options
from yester.tui.serve.methods.words import as_typed
from yester.tui.state import form, plugins
from yester.tui.state.plugins import Facts, Item, Offer, PanelRow, form_of
from yester.tui.state.text import Span, line, nothing, plain
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class PluginPage(Offering, inherit_bindings=False):
    """A plugin's panels, actions and options, everywhere or in one profile."""

    NAME = "plugin"
    AT = "plugins"
    HELP = "Enter sets an option, starts an action, or shows a panel anew. Tab goes from all profiles to a single one."
    WATCHES = frozenset({"plugins", "profiles"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("plugin", "place")]

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label, self._profile, self._text = label, "", ""
        self._facts: Facts | None = None
        self._is_back = False
        self._panels: dict[str, tuple[PanelRow, ...] | str] = {}
        self._items: list[Item] = []

    def body(self) -> Iterable[Widget]:
        """What it is, and what there is to do."""
        yield Panel(id="plugin", classes="headline")
        yield Rows(plugins.PAGE_COLUMNS, id="items", empty="It is being loaded…")

    def on_screen_resume(self) -> None:
        """What is known stays: a dialog that was left changes nothing, and what it was for asks anew by itself."""
        self._is_back = self._facts is not None

    def changed(self, what: frozenset[str]) -> None:
        """Load it anew, unless it only comes into sight again."""
        is_back, self._is_back = self._is_back, False
        if not is_back:
            self.work_on(self._ask, "plugin")

    async def _ask(self) -> None:
        self._facts = await self.facts(self._label, self._profile)
        self.tell()
        for offer in self._facts.offers if self._facts.state == "on" else ():
            if offer.kind == "panel":
                await self._look(offer.name)

    async def _look(self, panel: str) -> None:
        """Ask what a panel shows; what goes wrong stands in its place."""
        try:
            answer: dict[str, Any] = await self.ran(self._label, panel, (), self._profile)
            self._panels[panel] = msgspec.convert(answer.get("rows") or (), tuple[PanelRow, ...])
        except Refused as refused:
            self._panels[panel] = refused.what
        self.tell()

    def refused(self, problem: YesterError) -> None:
        """Say on the page why it cannot be loaded."""
        super().refused(problem)
        if self._facts is None and self.is_mounted:
            self.query_one(Rows).show(0, lambda at: self._items[at].row, empty=problem.what)

    def shown(self, world: World) -> None:
        """Show what is known."""
        if self._facts is None:
            return
        scope = f", in runs of {self._profile}" if self._profile else ""
        found = plugins.items(self._facts, self._panels, scope)
        self._items = [each for each in found if self._text in plain(each.row.cells).casefold()]
        self.query_one("#plugin", Panel).show(plugins.head(self._facts, world, self.glyphs, scope))
        empty = nothing(self._text, "It is being loaded…")
        self.query_one(Rows).show(len(self._items), lambda at: self._items[at].row, empty=empty)

    def filtered(self, text: str) -> None:
        """Show only rows that hold a text."""
        self._text = text.casefold()
        self.tell()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Do what Enter does."""
        self.action_open()

    def action_open(self) -> None:
        """Set the option, start the action, or show the panel anew."""
        at = self.query_one(Rows).cursor
        if at >= len(self._items) or self._facts is None:
            return
        item, facts = self._items[at], self._facts
        if item.option:
            self.begin(lambda: self._set(facts, item.option))
        elif item.offer is not None and item.offer.kind == "action":
            offer = item.offer
            self.begin(lambda: self._act(offer))
        elif item.offer is not None:
            name = item.offer.name
            self.work_on(lambda: self._look(name), f"panel {name}")

    async def _act(self, offer: Offer) -> None:
        """Start an action, and look what became of what is shown."""
        if await self.start(self._label, offer, self._profile):
            self.changed(self.WATCHES)

    async def _set(self, facts: Facts, at: str) -> None:
        """Let a person fill in the form until the plugin takes it, or it is left."""
        profile = self._profile
        shown = form_of(facts, profile)
        where = f"in runs of {profile}" if profile else "in all profiles"
        title = [line(Span(f"What {facts.label} wants to know", "strong"), Span(f"  {where}", "dim"))]
        while True:
            filled = await self.app.push_screen_wait(
                Form(shown, title, "Save", lambda form: as_typed(set_options(self._asked(form, profile))), at)
            )
            if filled is None:
                return
            asked = self._asked(filled, profile)
            for _, secret in filled.secrets:
                self.engine.give_secret(secret)
            try:
                await all_of(self.engine.ask("plugins.set", dict, **msgspec.to_builtins(asked)))
            except Refused as refused:
                shown = form.with_refusal(filled, refused.what, refused.hint)
                continue
            self.program.say(f"Saved for {facts.label}")
            self.changed(self.WATCHES)
            return

    def _asked(self, filled: form.Form, profile: str) -> PluginOptions:
        return PluginOptions(
            plugin=self._label,
            profile=profile,
            values=filled.values,
            secrets=tuple(name for name, _ in filled.secrets),
            defaults=filled.defaults,
        )

    def action_profile(self) -> None:
        """Go on to the next profile, and from the last one back to all."""
        names = ["", *sorted(self.world.profiles)]
        at = names.index(self._profile) if self._profile in names else -1
        self._profile = names[(at + 1) % len(names)]
        self._panels.clear()
        self.changed(self.WATCHES)

    def action_switch(self) -> None:
        """Enable it, or disable it, as far as what is shown goes."""
        if self._facts is not None:
            verb, said = ("disable", "is off") if self._facts.state == "on" else ("enable", "is on")
            where = {"profile": self._profile} if self._profile else {}
            self.change(f"plugins.{verb}", f"{self._label} {said}", plugin=self._label, **where)
