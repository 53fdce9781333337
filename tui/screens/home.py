"""Home: how all profiles stand."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from yester.engine.runs.status import ProfileStatus
from yester.tui.bindings import bindings
from yester.tui.helping import names_in
from yester.tui.keys import keymap
from yester.tui.screens import profiling
from yester.tui.screens.opening import edit_profile
from yester.tui.screens.place import Place
from yester.tui.state import home
from yester.tui.state.needing import Names, is_broken
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

_READABLE = ("settings", "copy", "switch")
"""Verbs that want a profile that can be read."""
_OF_ONE = (*_READABLE, "recover", "snap", "snapshots", "browse", "edit", "remove")
"""Verbs of the profile that is meant."""
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
        self._possible: tuple[str, str] | None = None
        """What the keys can be about."""

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
        wanted = {each.profile for each in self.statuses()}
        every = zip(world.statuses or (), home.rows(world, self.glyphs), strict=True)
        rows = [row for status, row in every if status.profile in wanted]
        self.query_one(Rows).show(len(rows), rows.__getitem__)
        self.query_one(Rows).styles.max_height = max(_FEWEST, len(rows)) + 1  # the rest is the panel's
        is_empty = world.statuses == ()
        self.query_one(Rows).display = not is_empty
        self.query_one("#profile").set_class(is_empty, "alone")
        self._show_panel()

    @property
    def _keys(self) -> Names:
        """What the keys of this place are called."""
        settings = self.program.settings
        return names_in("home", keymap(settings.preset, settings.keys))

    def _show_panel(self) -> None:
        keys = self._keys
        panel, status = self.query_one("#profile", Panel), self.status()
        if self.world.statuses == ():
            panel.fit(lambda width: home.welcome(self.world, width, keys))
        elif status is not None:
            panel.fit(lambda width: home.panel(self.world, status, width, self.glyphs, keys))
        else:
            panel.show([])
        meant = status.profile if status is not None else ""
        self.query_one("#headline", Panel).show([home.headline(self.world, self.glyphs, keys, meant)])
        possible = (meant, self._to_recover())
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the profile that is meant now."""
        self._show_panel()

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
            self.program.say(f"{status.profile} never ran", f"{self._keys['snap']} takes its first snapshot.")

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
        """Bring a broken or lost profile back, once the person says so."""
        name = self._to_recover()
        if name:
            profiling.recover(self, name, home.place_of(self.world, name))

    def now_called(self, action: str) -> str:
        """Where there is no profile, one is made."""
        return "make one" if action == "open" and self.world.statuses == () else ""

    def why_not(self, action: str) -> str:
        """What is broken is mended, and what is not broken needs no mending."""
        if action not in _OF_ONE:
            return super().why_not(action)
        status = self.status()
        if action == "recover":
            whole = f"The file of {status.profile} is in order" if status is not None else "No profile was here"
            return "" if self._to_recover() else whole
        if status is None:
            return "There is no profile to do that with"
        if action in _READABLE and is_broken(self.world, status):
            keys = self._keys
            return f"The file of {status.profile} is broken: {keys['edit']} edits it, {keys['recover']} brings it back"
        return super().why_not(action)

    def _to_recover(self) -> str:
        """Return the profile that a snapshot may bring back: the broken one that is meant, or one that went."""
        status = self.status()
        if status is not None:
            return status.profile if is_broken(self.world, status) else ""
        return next(iter(home.lost(self.world)), "")

    def action_snap(self) -> None:
        """Take a snapshot."""
        status = self.status()
        if status is not None:
            self.change("runs.start", f"A snapshot of {status.profile} is on its way", profile=status.profile)

    def locked(self) -> dict[str, str]:
        """The profile's repository; of one that cannot be read, where its last run went."""
        status, name = self.status(), self._to_recover()
        if name:
            return {"repository": home.place_of(self.world, name)}
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
        status = self.status()
        if status is not None:
            self.program.look_at(status.profile, "", b"", "folder")

    def _go(self, place: str) -> None:
        status = self.status()
        if status is not None:
            self.program.turn_to(status.profile)
            self.program.action_go(place)
