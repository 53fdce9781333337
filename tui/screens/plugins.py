"""Plugins: what they and yester have to say, and which are on."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.tui.bindings import bindings
from yester.tui.client import all_of
from yester.tui.dialogs.confirm import Confirm
from yester.tui.screens.offering import Offering
from yester.tui.serve.methods.plugins import PluginsApplied, apply_plugins
from yester.tui.serve.methods.words import as_typed
from yester.tui.state import inbox, plugins
from yester.tui.state.plugins import Plugin
from yester.tui.state.text import Row, Span, holds, line, nothing
from yester.tui.state.world import Message, World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Plugins(Offering, inherit_bindings=False):
    """The messages, newest first, and the plugins below."""

    NAME = "plugins"
    HELP = "What yester and its plugins have to say, also of runs that nobody watched; below, the plugins."
    WATCHES = frozenset({"plugins"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("plugins", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[Plugin, ...] = ()
        self._plugins: list[Plugin] = []
        self._messages: list[Message] = []
        self._marked: frozenset[str] = frozenset()
        self._text, self._kind = "", "all"
        self._has_offer = False

    def body(self) -> Iterable[Widget]:
        """The messages, and the one that is meant."""
        with Container(classes="beside"):
            yield Rows(inbox.COLUMNS, id="messages")
            yield Panel(id="message", classes="panel")
        yield Rows(plugins.COLUMNS, id="plugins")

    def changed(self, what: frozenset[str]) -> None:
        """Ask for the plugins."""
        self.work_on(self._ask, "plugins")

    async def _ask(self) -> None:
        self._all = plugins.ordered(await all_of(self.engine.ask("plugins.list", Plugin)))
        self.tell()

    def shown(self, world: World) -> None:
        """Show the messages and the plugins; the message that is meant stays so while others come."""
        meant, rows = self.message_meant(), self.query_one("#messages", Rows)
        self._messages = inbox.wanted(world.messages or (), self._kind, self._text)
        empty = nothing(self._text, inbox.empty_words(self._kind))
        rows.show(len(self._messages), lambda at: inbox.row_of(self._messages[at], self.glyphs), empty=empty)
        at = next((at for at, each in enumerate(self._messages) if meant is not None and each.id == meant.id), None)
        if at is not None:
            rows.go(at)
        self._show_plugins()
        self._show_panel()

    def _show_plugins(self) -> None:
        """Show the plugins; the one that is meant stays so, also when it is switched off and goes further down."""
        rows = self.query_one("#plugins", Rows)
        meant = self._plugins[rows.cursor].label if rows.cursor < len(self._plugins) else ""
        self._plugins = [each for each in self._all if not self._text or holds(_searched(each), self._text)]
        empty = nothing(self._text, "There are no plugins: yester plugin --help")
        rows.show(len(self._plugins), self._row, empty=empty)
        at = next((at for at, each in enumerate(self._plugins) if each.label == meant), None)
        if at is not None:
            rows.go(at)

    def _row(self, at: int) -> Row:
        plugin = self._plugins[at]
        return plugins.row_of(plugin, self.world, plugin.label in self._marked, self.glyphs)

    def _show_panel(self) -> None:
        plugin = self.plugin_meant()
        lines = plugins.panel(plugin, self.world, self.glyphs) if plugin is not None else None
        self.query_one("#message", Panel).show(
            inbox.panel(self.message_meant(), self._kind) if lines is None else lines
        )
        message = self.message_meant()
        has_offer = message is not None and bool(message.action)
        if has_offer != self._has_offer:
            self._has_offer = has_offer
            self.refresh_bindings()

    def message_meant(self) -> Message | None:
        """The message that is meant."""
        at = self.query_one("#messages", Rows).cursor
        return self._messages[at] if at < len(self._messages) else None

    def plugin_meant(self) -> Plugin | None:
        """The plugin that is meant; None while keys go to the messages."""
        at = self.query_one("#plugins", Rows).cursor
        return self._plugins[at] if self._is_at_plugins and at < len(self._plugins) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What no message offers cannot be started."""
        return None if action == "act" and self.is_mounted and not self._has_offer else True

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of what is meant now."""
        self._show_panel()

    def on_descendant_focus(self) -> None:
        """Tell of what is meant now."""
        self._show_panel()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show what is chosen."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only those that hold each word of a text."""
        self._text = text
        self.tell()

    def under_cursor(self) -> dict[str, bytes]:
        """The plugin and the message that are meant."""
        at, message = self.query_one("#plugins", Rows).cursor, self.message_meant()
        plugin = self._plugins[at].label if at < len(self._plugins) else ""
        return {
            **super().under_cursor(),
            "plugin": plugin.encode(),
            "message": str(message.id).encode() if message else b"",
        }

    def action_open(self) -> None:
        """Show the plugin, or the run that the message is from."""
        from yester.tui.screens.journal import Journal
        from yester.tui.screens.plugin import PluginPage

        message, plugin = self.message_meant(), self.plugin_meant()
        if plugin is not None:
            self.app.push_screen(PluginPage(plugin.label))
        elif message is not None and message.run and not self._is_at_plugins:
            self._seen(message)
            self.app.push_screen(Journal(message.run))

    def action_plugins(self) -> None:
        """Go to the plugins, or back."""
        self.query_one("#messages" if self._is_at_plugins else "#plugins").focus()

    @property
    def _is_at_plugins(self) -> bool:
        return self.query_one("#plugins").has_focus

    # Messages

    def action_which(self) -> None:
        """Show all messages, or only those of the next kind."""
        self._kind = inbox.next_kind(self._kind)
        self.tell()

    def action_copy(self) -> None:
        """Copy the message, also through a terminal that is far away."""
        message = self.message_meant()
        if message is not None:
            self.copy("\n".join(filter(None, (message.text, message.hint))))

    def action_act(self) -> None:
        """Start what the plugin offers to do about what it says, once the person says so."""
        message = self.message_meant()
        if message is not None and message.action:
            self._seen(message)
            self.offered(message.source, message.action, message.profile)

    def _seen(self, message: Message) -> None:
        """Who goes after a message has read it."""
        if not message.is_read:
            self.change("messages.read", "", ids=[message.id])

    def action_read(self) -> None:
        """It counts as read."""
        message = self.message_meant()
        if message is not None:
            self.change("messages.read", "Read", ids=[message.id])

    def action_read_all(self) -> None:
        """All count as read."""
        self.change("messages.read", "All messages count as read")

    # Plugins

    def action_switch(self) -> None:
        """Enable the plugin that is meant, or disable it."""
        plugin = self.plugin_meant()
        if plugin is None:
            self.query_one("#plugins").focus()
        else:
            verb, said = ("disable", "is off") if plugin.state == "on" else ("enable", "is on")
            self.change(f"plugins.{verb}", f"{plugin.label} {said}", plugin=plugin.label)

    def action_mark(self) -> None:
        """Mark the plugin that is meant, or take the mark away."""
        plugin = self.plugin_meant()
        if plugin is not None:
            self._marked ^= {plugin.label}
            self.query_one("#plugins", Rows).action_down()
            self.tell()

    def action_apply(self) -> None:
        """Switch on what is marked, and all else off, once the person says so."""
        labels = tuple(each.label for each in self._all if each.label in self._marked)
        on, off = plugins.wished(self._all, self._marked)
        if not labels or not on + off:
            what = "They are as marked already" if labels else "No plugin is marked: Space marks one"
            self.program.say(what)
            return
        lines = [
            line(Span("Let just the marked plugins be on?", "strong")),
            line(Span("on   ", "good"), ", ".join(on) or "nothing more"),
            line(Span("off  ", "warn"), ", ".join(off) or "nothing more"),
            line(Span(f"$ {as_typed(apply_plugins(PluginsApplied(plugins=labels)))}", "dim")),
        ]

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._marked = frozenset()
                self.change("plugins.apply", "Just these are on now", plugins=labels)

        self.app.push_screen(Confirm(lines, "Apply"), answered)


def _searched(plugin: Plugin) -> str:
    return f"{plugin.label} {plugin.world} {plugin.state} {plugin.problem} {plugin.package}"
