"""The keys of a profile: what each says, what it is for, and changing them, all by one command."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

import msgspec
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.schedule.zone import LOCAL
from yester.tui.bindings import bindings
from yester.tui.client import Refused, all_of
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.setting import SettingDialog
from yester.tui.screens.place import Place
from yester.tui.screens.wizard.schedule import local
from yester.tui.state import settings
from yester.tui.state.settings import Setting
from yester.tui.state.text import Span, line
from yester.tui.state.wizard.foreseeing import Taken
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class _Snapshot(msgspec.Struct, frozen=True):
    time_ns: int
    partial: bool = False
    pinned: bool = False
    name: str | None = None
    tags: tuple[str, ...] = ()


class SettingsPage(Place, inherit_bindings=False):
    """All keys, and what comes of them."""

    NAME = "settings"
    AT = "home"
    HELP = "What the profile says, key by key. Nothing is changed until ctrl+s; comments in its file stay."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("settings", "place")]

    def __init__(self, profile: str) -> None:
        super().__init__()
        self.state = settings.Settings(profile)
        self._text = ""

    def body(self) -> Iterable[Widget]:
        """The keys, and the one that is meant."""
        yield Panel(id="headline", classes="headline")
        with Container(classes="beside"):
            yield Rows(settings.COLUMNS, id="keys", empty="asking what it says…")
            yield Panel(id="key", classes="panel")

    def on_mount(self) -> None:
        """Ask what the profile says, and which snapshots there are to try its rules on."""
        super().on_mount()
        self.work_on(self._ask, "settings")
        self.work_on(self._count, "snapshots")

    async def _ask(self) -> None:
        found = await all_of(self.engine.ask("profiles.settings", Setting, profile=self.state.profile))
        self.state = settings.told(self.state, found)
        self.tell()

    async def _count(self) -> None:
        try:
            found = await all_of(self.engine.ask("snapshots.list", _Snapshot, profile=self.state.profile))
        except Refused:
            return  # then rules are tried on made-up ones
        taken = tuple(Taken(each.time_ns, each.partial, each.pinned, each.name, each.tags) for each in found)
        self.state = replace(self.state, taken=taken)
        self.tell()

    def shown(self, world: World) -> None:
        """Show the keys."""
        keys = settings.shown(self.state, self._text)
        self.query_one("#headline", Panel).show([settings.headline(self.state)])
        self.query_one(Rows).show(len(keys), lambda at: settings.row_of(self.state, keys[at], self.glyphs))
        self._show_panel()

    def meant(self) -> str:
        """The key that is meant; empty: none."""
        keys, at = settings.shown(self.state, self._text), self.query_one(Rows).cursor
        return keys[at] if at < len(keys) else ""

    def _show_panel(self) -> None:
        key, panel = self.meant(), self.query_one("#key", Panel)
        now, state = local(self.world.now_ns), self.state
        if key:
            panel.fit(lambda width: settings.panel(state, key, now, LOCAL, self.glyphs, width))
        else:
            panel.show([])

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the key that is meant now."""
        self._show_panel()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Change it."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only keys that hold a text; the one that is meant stays so."""
        meant, self._text = self.meant(), text
        self.tell()
        keys = settings.shown(self.state, text)
        self.query_one(Rows).go(keys.index(meant) if meant in keys else 0)

    def _change(self, key: str, value: str | None) -> None:
        self.state = settings.changed(self.state, key, value)
        self.tell()

    def action_open(self) -> None:
        """Change the key: a flag at once, all else in a dialog."""
        key = self.meant()
        if not key:
            return
        value = self.state.value(key)
        if settings.is_flag(key):
            self._change(key, "false" if value == "true" else "true")
            return

        def answered(typed: str | None) -> None:
            if typed:
                self._change(key, typed)

        self.app.push_screen(SettingDialog(key, value), answered)

    def action_unset(self) -> None:
        """Take a change back; else let the key have its default."""
        key = self.meant()
        if not key:
            return
        if key in self.state.changes:
            old = next(each for each in self.state.settings if each.key == key)
            self._change(key, None if old.is_default else old.value)
        else:
            self._change(key, None)

    def action_save(self) -> None:
        """Change the file, by one command."""
        if not self.state.changes:
            self.program.say("Nothing is changed")
            return
        problem = settings.understood(self.state)
        if isinstance(problem, str):
            self.program.say(problem, "Change what contradicts it as well.", is_bad=True)
            return
        self.work_on(self._save, "save")

    async def _save(self) -> None:
        request = self.engine.ask("profiles.edit", dict, **settings.command(self.state))
        await all_of(request)
        is_schedule = any(key.startswith("schedule.") for key in self.state.changes)
        self.state = settings.Settings(self.state.profile, taken=self.state.taken)
        await self._ask()
        try:
            if is_schedule:
                await self._switch()
            else:
                self.program.say(f"{self.state.profile} is changed")
        finally:
            self.program.feed.refresh()  # also how its runs are started

    async def _switch(self) -> None:
        """Let the system know of another schedule: else nothing starts runs at the new times."""
        is_off = self.state.value("schedule.when") in ("", '"off"')
        verb = "disable" if is_off else "enable"
        await all_of(self.engine.ask(f"schedule.{verb}", dict, profile=self.state.profile))
        self.program.say(f"{self.state.profile} is changed, and its schedule is {'off' if is_off else 'on'}")

    def action_back(self) -> None:
        """Leave, asking first where something is not saved."""
        if not self.state.changes or self.query_one("#filter").display:
            super().action_back()
            return
        lines = [
            line(Span("Leave without saving?", "strong")),
            *(
                line(Span("  " + key, "accent"), f" = {self.state.value(key) or 'nothing'}")
                for key in self.state.changes
            ),
        ]

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.state = settings.Settings(self.state.profile)
                super(SettingsPage, self).action_back()

        self.app.push_screen(Confirm(lines, "Leave"), answered)

    def locked(self) -> dict[str, str]:
        """The repository of the profile."""
        return {"profile": self.state.profile}
