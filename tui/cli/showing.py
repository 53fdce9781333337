"""New snapshots shown to plugins that ask for them, until the plugins have ended."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from yester.engine.errors import YesterError
from yester.engine.places import ensured, unwritable
from yester.tui.cli.opening import limited_store

if TYPE_CHECKING:
    from yester.engine.repository import Repository
    from yester.engine.store import Capabilities, Store
    from yester.fs.private_view import PrivateView

T = TypeVar("T")


class NewSnapshots:
    """Shows snapshots of the repository that is open; nothing is loaded for it before somebody asks."""

    def __init__(self) -> None:
        self._repository: Repository | None = None
        self._place = ""
        self._views: list[PrivateView] = []
        self._roots: set[Path] = set()
        self._again: _OpenedAgain | None = None

    def of(self, repository: "Repository", place: str) -> None:
        """Show snapshots of this repository, which is at `place`, from here on."""
        self._repository, self._place = repository, place

    def show(self, snapshot: str, root: Path, folder: Path, files: Mapping[str, bytes]) -> str:
        """As plugins/surroundings.py."""
        from yester.fs.private_view import PrivateView, clear_dead_views

        if self._repository is None:
            return "The repository is not open"
        try:
            for dead in clear_dead_views(root.parent):
                self._clear(dead.parents[5])
            ensured(root.parent)
            self._roots.add(root)
            _make(folder, files)
            self._views.append(PrivateView(self._repository, snapshot, folder / "backup"))
        except YesterError as problem:
            self._clear(root)
            return problem.what
        return ""

    def let_go(self) -> None:
        """After the repository was closed: what is shown is read from it anew, and only if somebody reads."""
        if self._repository is not None and self._views and self._again is None:
            self._again = _OpenedAgain(self._place, self._repository.store.capabilities)
            lending: Any = self._repository
            lending.store = self._again

    def close(self) -> None:
        """Show nothing any more."""
        for view in self._views:
            view.close()
        if self._again is not None:
            self._again.close()
        for root in self._roots:
            self._clear(root)
        self._views, self._roots = [], set()

    def _clear(self, root: Path) -> None:
        # What is still mounted there is read-only: it stays as it is.
        shutil.rmtree(root, ignore_errors=True)
        with suppress(OSError):
            root.parent.rmdir()


class _OpenedAgain:
    """What a view needs of a store, which is opened when it is first read: a drive can be unmounted until then."""

    def __init__(self, place: str, capabilities: "Capabilities") -> None:
        self.place, self.capabilities = place, capabilities
        self._store: Store | None = None

    def get(self, name: str) -> bytes:
        """As Store."""
        return self._with(lambda store: store.get(name))

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """As Store."""
        return self._with(lambda store: store.get_range(name, offset, size))

    def close(self) -> None:
        """As Store."""
        if self._store is not None:
            self._store.close()

    def _with(self, work: "Callable[[Store], T]") -> T:
        if self._store is None:
            self._store = limited_store(self.place)
        return work(self._store)


def _make(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        (folder / "backup").mkdir(mode=0o700, parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as problem:
        raise unwritable(folder, problem) from None
