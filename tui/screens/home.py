"""Home: how all profiles stand."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.runs.status import ProfileStatus
from yester.tui.bindings import bindings
from yester.tui.screens import profiling
from yester.tui.screens.opening import edit_profile
from yester.tui.screens.place import Place
from yester.tui.state import home
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

_FEWEST = 3
"""Rows that the list has room for at least."""


class Home(Place, inherit_bindings=False):
    """A row for each profile, and what is to say of the one that is meant."""

    NAME = "home"
    HELP = "How all profiles stand. What is wrong comes with the key that mends it."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("home", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def body(self) -> Iterable[Widget]:
        """The answer, the profiles, the one that is meant."""
        yield Panel(id="headline", classes="headline")
        with Container(classes="beside"):
            yield Rows(home.COLUMNS, id="profiles")
            yield Panel(id="profile", classes="panel")

    def statuses(self) -> list[ProfileStatus]:
        """The profiles that are shown."""
        return [each for each in self.world.statuses or () if self._text in each.profile]

    def status(self) -> ProfileStatus | None:
        """The profile that is meant."""
        shown, at = self.statuses(), self.query_one(Rows).cursor
        return shown[at] if at < len(shown) else None

    def shown(self, world: World) -> None:
        """Show how they stand."""
        self.query_one("#headline", Panel).show([home.headline(world, self.glyphs)])
        wanted = {each.profile for each in self.statuses()}
        every = zip(world.statuses or (), home.rows(world, self.glyphs), strict=True)
        rows = [row for status, row in every if status.profile in wanted]
        self.query_one(Rows).show(len(rows), rows.__getitem__)
        self.query_one(Rows).styles.max_height = max(_FEWEST, len(rows)) + 1  # the rest is the panel's
        is_empty = world.statuses == ()
        self.query_one(Rows).display = not is_empty
        self.query_one("#profile").set_class(is_empty, "alone")
        self._show_panel()

    def _show_panel(self) -> None:
        panel, status = self.query_one("#profile", Panel), self.status()
        if self.world.statuses == ():
            panel.show(home.WELCOME)
        else:
            panel.show(home.panel(self.world, status, self.glyphs) if status else [])

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the profile that is meant now."""
        self._show_panel()
        self.refresh_bindings()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show its last run."""
        self.action_open()

    def filtered(self, text: str) -> None:
        """Show only profiles whose name holds a text."""
        self._text = text
        self.tell()

    def action_open(self) -> None:
        """Show the last run of the profile."""
        from yester.tui.screens.journal import Journal

        status = self.status()
        run = status.running or status.last_run if status else ""
        if self.world.statuses == ():
            self.action_new()
        elif run:
            self.app.push_screen(Journal(run))
        elif status is not None:
            self.program.say(f"{status.profile} never ran", "b takes its first snapshot.")

    def action_new(self) -> None:
        """Make a profile."""
        profiling.make(self)

    def action_settings(self) -> None:
        """Show what the profile says."""
        from yester.tui.screens.settings import SettingsPage

        status = self.status()
        if status is not None:
            self.app.push_screen(SettingsPage(status.profile))

    def action_copy(self) -> None:
        """Make a profile that says the same."""
        status = self.status()
        if status is not None:
            profiling.copy(self, status.profile)

    def action_switch(self) -> None:
        """Let the runs of the profile start by themselves, or no more."""
        status = self.status()
        if status is not None:
            profiling.switch(self, status)

    def action_remove(self) -> None:
        """Remove the profile, once the person has typed its name."""
        status = self.status()
        if status is not None:
            profiling.remove(self, status)

    def action_recover(self) -> None:
        """Bring a broken profile back, once the person says so."""
        status = self.status()
        if status is not None:
            profiling.recover(self, status)

    def why_not(self, action: str) -> str:
        """What is broken is mended, and what is not broken needs no mending."""
        if action not in ("recover", "settings", "copy", "switch"):
            return super().why_not(action)
        status = self.status()
        if status is None:
            return "There is no profile to do that with"
        is_broken = home.is_broken(self.world, status)
        if action == "recover":
            return "" if is_broken else f"The file of {status.profile} is in order"
        return f"The file of {status.profile} is broken: E edits it, U brings it back" if is_broken else ""

    def action_snap(self) -> None:
        """Take a snapshot."""
        status = self.status()
        if status is not None:
            self.change("runs.start", f"A snapshot of {status.profile} is on its way", profile=status.profile)

    def locked(self) -> dict[str, str]:
        """The profile's repository."""
        status = self.status()
        return {"profile": status.profile if status else ""}

    def under_cursor(self) -> dict[str, bytes]:
        """The profile that is meant."""
        status = self.status()
        return self.of_profile(status.profile if status else "")

    def action_edit(self) -> None:
        """Edit the file of the profile."""
        status = self.status()
        if status is not None:
            edit_profile(self, status.profile)

    def action_snapshots(self) -> None:
        """Show the snapshots of the profile."""
        self._go("snapshots")

    def action_browse(self) -> None:
        """Look into the newest snapshot."""
        self._go("browse")

    def _go(self, place: str) -> None:
        status = self.status()
        if status is not None:
            self.program.turn_to(status.profile)
            self.program.action_go(place)
