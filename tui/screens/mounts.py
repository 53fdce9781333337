"""Mounts: where snapshots are shown as folders."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from yester.tui.bindings import bindings
from yester.tui.client import all_of
from yester.tui.screens.place import Place
from yester.tui.state import mounts
from yester.tui.state.browse import as_shown
from yester.tui.state.mounts import Mount
from yester.tui.state.world import World
from yester.tui.widgets.rows import Rows


class Mounts(Place, inherit_bindings=False):
    """A row for each mount."""

    NAME = "mounts"
    HELP = "Where snapshots are shown as folders. A dead mount is one whose process is gone."
    WATCHES = frozenset({"mounts"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mounts", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[Mount, ...] = ()
        self._text = ""

    def body(self) -> Iterable[Widget]:
        """The mounts."""
        yield Rows(mounts.COLUMNS, id="mounts", empty="Nothing is mounted: yester mount FOLDER shows all")

    def changed(self, what: frozenset[str]) -> None:
        """Ask for them."""
        self.work_on(self._ask, "mounts")

    async def _ask(self) -> None:
        self._all = await all_of(self.engine.ask("mounts.list", Mount))
        self.tell()

    def _wanted(self) -> list[Mount]:
        return [mount for mount in self._all if self._text in mount.path]

    def shown(self, world: World) -> None:
        """Show them."""
        wanted = self._wanted()
        rows = [mounts.row_of(mount, world.now_ns, self.glyphs) for mount in wanted]
        self.query_one(Rows).show(len(rows), rows.__getitem__)

    def mount_meant(self) -> Mount | None:
        """The mount that is meant."""
        wanted, at = self._wanted(), self.query_one(Rows).cursor
        return wanted[at] if at < len(wanted) else None

    def filtered(self, text: str) -> None:
        """Show only those whose path holds a text."""
        self._text = text
        self.tell()

    def under_cursor(self) -> dict[str, bytes]:
        """The mount that is meant."""
        mount = self.mount_meant()
        return {**super().under_cursor(), "mount": mount.raw if mount else b""}

    def action_copy(self) -> None:
        """Copy the path, also through a terminal that is far away."""
        mount = self.mount_meant()
        if mount is not None:
            self.copy(mount.path)

    def action_unmount(self) -> None:
        """Take the folder away again."""
        mount = self.mount_meant()
        if mount is not None:
            self.change("mounts.remove", f"Unmounted: {mount.path}", mountpoint=as_shown(mount.raw))

    def action_clean(self) -> None:
        """Take dead mounts away."""
        self.change("mounts.clean", "Dead mounts are taken away")
