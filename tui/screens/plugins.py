"""Plugins: what they and yester have to say, and which are on."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.tui.bindings import bindings
from yester.tui.client import all_of
from yester.tui.screens.place import Place
from yester.tui.state import inbox
from yester.tui.state.inbox import Plugin
from yester.tui.state.world import Message, World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Plugins(Place, inherit_bindings=False):
    """The messages, newest first, and the plugins below."""

    NAME = "plugins"
    HELP = "What yester and its plugins have to say, also of runs that nobody watched."
    WATCHES = frozenset({"plugins"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("plugins", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._plugins: tuple[Plugin, ...] = ()
        self._text = ""

    def body(self) -> Iterable[Widget]:
        """The messages, and the one that is meant."""
        with Container(classes="beside"):
            yield Rows(inbox.COLUMNS, id="messages", empty="No messages: all is quiet")
            yield Panel(id="message", classes="panel")
        yield Rows(inbox.PLUGIN_COLUMNS, id="plugins", empty="There are no plugins: yester plugin --help")

    def changed(self, what: frozenset[str]) -> None:
        """Ask for the plugins."""
        self.work_on(self._ask, "plugins")

    async def _ask(self) -> None:
        self._plugins = await all_of(self.engine.ask("plugins.list", Plugin))
        self.tell()

    def _wanted(self) -> list[Message]:
        return [each for each in self.world.messages or () if self._text in inbox.searched(each)]

    def shown(self, world: World) -> None:
        """Show the messages."""
        wanted = self._wanted()
        self.query_one("#messages", Rows).show(len(wanted), lambda at: inbox.row_of(wanted[at], self.glyphs))
        plugins = self._plugins
        self.query_one("#plugins", Rows).show(len(plugins), lambda at: inbox.plugin_row(plugins[at], self.glyphs))
        self._show_panel()

    def _show_panel(self) -> None:
        self.query_one("#message", Panel).show(inbox.panel(self.message_meant()))

    def message_meant(self) -> Message | None:
        """The message that is meant."""
        wanted, at = self._wanted(), self.query_one("#messages", Rows).cursor
        return wanted[at] if at < len(wanted) else None

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the message that is meant now."""
        self._show_panel()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show the run that it is from; a plugin has none."""
        if event.rows.id == "messages":
            self.action_open()

    def filtered(self, text: str) -> None:
        """Show only those that hold a text."""
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
        """Show the run that it is from."""
        from yester.tui.screens.journal import Journal

        message = self.message_meant()
        if message is not None and message.run:
            self.app.push_screen(Journal(message.run))

    def action_plugins(self) -> None:
        """Go to the plugins, or back."""
        self.query_one("#messages" if self._is_at_plugins else "#plugins").focus()

    @property
    def _is_at_plugins(self) -> bool:
        return self.query_one("#plugins").has_focus

    def action_switch(self) -> None:
        """Enable the plugin that is meant, or disable it."""
        at = self.query_one("#plugins", Rows).cursor
        if not self._is_at_plugins:
            self.action_plugins()
        elif at < len(self._plugins):
            plugin = self._plugins[at]
            verb, said = ("disable", "is off") if plugin.state == "on" else ("enable", "is on")
            self.change(f"plugins.{verb}", f"{plugin.label} {said}", plugin=plugin.label)

    def action_read(self) -> None:
        """It counts as read."""
        message = self.message_meant()
        if message is not None:
            self.change("messages.read", "Read", ids=[message.id])

    def action_read_all(self) -> None:
        """All count as read."""
        self.change("messages.read", "All messages count as read")
