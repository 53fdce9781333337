"""Mounts: where snapshots are shown as folders."""

import os
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from yester.tui.bindings import bindings
from yester.tui.cli.wording import printable
from yester.tui.client import all_of
from yester.tui.dialogs.asking import Asking, Field, Typed
from yester.tui.screens.mounting import mount_at, open_shell, unmount, usual_place
from yester.tui.screens.place import Place
from yester.tui.state import mounts
from yester.tui.state.mounts import Mount
from yester.tui.state.text import Row, Span, line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

LOOK_S = 2.0
"""How often it is asked what was read meanwhile, while the place is looked at."""


class Mounts(Place, inherit_bindings=False):
    """A row for each mount, and what is to say of the one that is meant."""

    NAME = "mounts"
    HELP = "Where snapshots are shown as folders. A dead mount is one whose process is gone."
    WATCHES = frozenset({"mounts"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mounts", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[Mount, ...] = ()
        self._text = ""

    def body(self) -> Iterable[Widget]:
        """The mounts, and the one that is meant."""
        yield Rows(mounts.COLUMNS, id="mounts", empty="Nothing is mounted: m shows all snapshots as a folder")
        yield Panel(id="mount")

    def on_mount(self) -> None:
        """Look from time to time what was read."""
        super().on_mount()
        self.set_interval(LOOK_S, self._look_again)

    def _look_again(self) -> None:
        if self.is_current and self._all:
            self.changed(self.WATCHES)

    def changed(self, what: frozenset[str]) -> None:
        """Ask for them."""
        self.work_on(self._ask, "mounts")

    async def _ask(self) -> None:
        self._all = await all_of(self.engine.ask("mounts.list", Mount))
        self.tell()

    def shown(self, world: World) -> None:
        """Show them."""
        wanted = mounts.wanted(self._all, self._text)
        self.query_one(Rows).show(len(wanted), lambda at: self._row(wanted[at]))
        self._show_panel()
        self.refresh_bindings()

    def _row(self, mount: Mount) -> Row:
        return mounts.row_of(mount, self.world.now_ns, self.glyphs)

    def _show_panel(self) -> None:
        mount = self.mount_meant()
        lines = mounts.panel(mount, self.world.now_ns, self.glyphs) if mount is not None else []
        self.query_one("#mount", Panel).show(lines)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the mount that is meant now."""
        self._show_panel()
        self.refresh_bindings()

    def mount_meant(self) -> Mount | None:
        """The mount that is meant."""
        wanted, at = mounts.wanted(self._all, self._text), self.query_one(Rows).cursor
        return wanted[at] if at < len(wanted) else None

    def _go(self, folder: bytes) -> None:
        """Stand on the mount at a folder: what comes next is meant for it."""
        shown = [each.raw for each in mounts.wanted(self._all, self._text)]
        if folder in shown:
            self.query_one(Rows).go(shown.index(folder))

    def filtered(self, text: str) -> None:
        """Show only those in which a text occurs."""
        self._text = text
        self.tell()

    def under_cursor(self) -> dict[str, bytes]:
        """The mount that is meant."""
        mount = self.mount_meant()
        return {**super().under_cursor(), "mount": mount.raw if mount else b""}

    def why_not(self, action: str) -> str:
        """There must be a mount to copy or to take away, a live one for a shell, and a dead one to clean up."""
        mount = self.mount_meant()
        if action == "clean":
            is_dead = any(not each.is_live for each in self._all)
            return "" if is_dead else "No mount is dead: there is nothing to clean up"
        if action not in ("copy", "unmount", "shell"):
            return super().why_not(action)
        if mount is None:
            return "Nothing is mounted: m shows all snapshots as a folder"
        return "" if mount.is_live or action != "shell" else "That mount is dead: c clears it away"

    def action_copy(self) -> None:
        """Copy the path, also through a terminal that is far away."""
        mount = self.mount_meant()
        if mount is not None:
            self.copy(mount.path)

    def action_mount(self) -> None:
        """Ask for a folder, and show all snapshots there."""
        profile = self.program.profile
        if not profile:
            self.program.say("There is no profile yet")
            return

        async def work(folder: bytes) -> None:
            await mount_at(self, profile, folder)
            self.app.copy_to_clipboard(printable(folder))
            self.program.say(f"Mounted, and copied: {printable(folder)}", seconds=8)
            await self._ask()
            self._go(folder)

        def answered(typed: Typed | None) -> None:
            if typed is not None:
                self.work_on(lambda: work(_folder(typed[0])), "mount")

        question = [
            line(Span(f"Show all snapshots of the repository of {profile} as a folder", "strong")),
            line(Span("An empty folder; it is made if it is not there.", "dim")),
        ]
        field = Field("", printable(usual_place(profile)), "a folder")
        command = lambda typed: [mounts.mount_command(_folder(typed[0]))]  # noqa: E731
        self.app.push_screen(Asking(question, (field,), command, _wrong), answered)

    def action_unmount(self) -> None:
        """Take the folder away again."""
        mount = self.mount_meant()
        if mount is not None:
            unmount(self, mount)

    def action_shell(self) -> None:
        """Open a shell in the mount."""
        mount = self.mount_meant()
        if mount is not None:
            open_shell(self, mount.raw)

    def action_clean(self) -> None:
        """Take dead mounts away."""
        self.change("mounts.clean", "Dead mounts are taken away")


def _folder(typed: str) -> bytes:
    return os.fsencode(os.path.abspath(os.path.expanduser(typed.strip())))


def _wrong(typed: Typed) -> str:
    return "" if typed[0].strip() else "Type a folder"
