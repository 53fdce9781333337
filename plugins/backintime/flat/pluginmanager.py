"""Back In Time's `Plugin`, and the manager that loads plugins and calls them.

The manager is what a plugin or a test of the original's may use by itself. In a run the world calls plugins one by one
(yester.plugins.backintime.world), so that yester knows whose doing it is; loading and the order are the same.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import logger
from exceptions import StopException


class Plugin:
    """What plugins derive from. None of the methods has to be there."""

    def __init__(self) -> None:
        return

    def init(self, snapshots: Any) -> Any:
        """Return whether the plugin can work here."""
        return True

    def isGui(self) -> Any:
        """Return whether it shows something on a desktop."""
        return False

    def processBegin(self) -> Any:
        """A run begins; StopException: there is to be none."""

    def processEnd(self) -> Any:
        """The run ended."""

    def error(self, code: Any, message: Any) -> Any:
        """The run failed, or ended with errors."""

    def newSnapshot(self, snapshot_id: Any, snapshot_path: Any) -> Any:
        """There is a new snapshot: a SID, and where it is."""

    def message(self, profile_id: Any, profile_name: Any, level: Any, message: Any, timeout: Any) -> Any:
        """Words for the person: level 1 an error, 0 anything else."""

    def appStart(self) -> Any:
        """The program with windows starts."""

    def appExit(self) -> Any:
        """The program with windows ends."""

    def mount(self, profileID: Any = None) -> Any:
        """The profile's snapshots are about to be needed."""

    def unmount(self, profileID: Any = None) -> Any:
        """The profile's snapshots are no longer needed."""


class PluginManager:
    """Loads plugins and calls all of them."""

    def __init__(self) -> None:
        self.plugins: list[Any] = []
        self.on_desktop: list[Any] = []
        self.hasGuiPlugins = False
        self.loaded = False

    def load(self, snapshots: Any = None, cfg: Any = None, force: bool = False) -> None:
        """Load what lies in the folders of plugins, unless that was done."""
        import tools

        if self.loaded and not force:
            return
        self.loaded = True
        if snapshots is None:
            import snapshots as module

            snapshots = module.Snapshots(cfg)
        done: set[str] = set()
        for folder in ("plugins", "common/plugins", "qt/plugins"):
            path = tools.backintimePath(*folder.split("/"))
            if os.path.isdir(path):
                done |= self._load_folder(path, snapshots, done)

    def _load_folder(self, folder: str, snapshots: Any, done: set[str]) -> set[str]:
        self.look_in(folder)
        return {
            name
            for name in sorted(os.listdir(folder))
            if name.endswith(".py") and not name.startswith("__") and name not in done
            if self.load_file(name, snapshots)
        }

    def look_in(self, folder: str) -> None:
        """Let files of a folder be imported before all others."""
        if folder not in sys.path:
            sys.path.insert(0, folder)

    def load_file(self, name: str, snapshots: Any, failed: Callable[[BaseException], None] | None = None) -> bool:
        """Load the plugins of a file that can be imported; what fails is logged, and told to `failed`."""
        try:
            module = importlib.import_module(name.removesuffix(".py"))
            for kind in classes_of(module):
                self.add(kind(), snapshots)
        except BaseException as problem:  # noqa: BLE001  whatever a plugin raises is about it alone
            logger.error(f"Failed to load plugin {name}: {problem}", self)
            if failed is not None:
                failed(problem)
            return False
        return True

    def add(self, plugin: Any, snapshots: Any) -> None:
        """Take a plugin in, unless it declines: the last one of a desktop first, others last."""
        if not plugin.init(snapshots):
            return
        if plugin.isGui():
            self.hasGuiPlugins = True
            self.on_desktop.append(plugin)
            self.plugins.insert(0, plugin)
        else:
            self.plugins.append(plugin)

    def processBegin(self) -> bool:
        """Call all; return whether none of them stops the run."""
        return self._call("processBegin")

    def processEnd(self) -> None:
        """Call all, the last one first."""
        self._call("processEnd", backward=True)

    def error(self, code: Any, message: Any = "") -> None:
        """Call all."""
        self._call("error", code, message)

    def newSnapshot(self, snapshot_id: Any, snapshot_path: Any) -> None:
        """Call all."""
        self._call("newSnapshot", snapshot_id, snapshot_path)

    def message(self, profile_id: Any, profile_name: Any, level: Any, message: Any, timeout: Any = -1) -> None:
        """Call all."""
        self._call("message", profile_id, profile_name, level, message, timeout)

    def appStart(self) -> None:
        """Call all, the last one first."""
        self._call("appStart", backward=True)

    def appExit(self) -> None:
        """Call all, the last one first."""
        self._call("appExit", backward=True)

    def mount(self, profileID: Any = None) -> None:
        """Call all, the last one first."""
        self._call("mount", profileID, backward=True)

    def unmount(self, profileID: Any = None) -> None:
        """Call all, the last one first."""
        self._call("unmount", profileID, backward=True)

    def _call(self, method: str, *arguments: Any, backward: bool = False) -> bool:
        goes_on = True
        for plugin in self.plugins[::-1] if backward else [*self.plugins]:
            try:
                getattr(plugin, method)(*arguments)
            except BaseException as problem:  # noqa: BLE001  as above
                self.log_failure(plugin, method, problem)
                goes_on = goes_on and not isinstance(problem, StopException)
        return goes_on

    def logError(self, plugin: Any, e: BaseException) -> None:
        """Log that a plugin failed; the method is the caller's name."""
        self.log_failure(plugin, sys._getframe(1).f_code.co_name, e)

    def log_failure(self, plugin: Any, method: str, problem: BaseException) -> None:
        """Log that a method of a plugin failed."""
        logger.error(f"Plugin {type(plugin).__module__} {method} failed: {problem}", self)


def classes_of(module: Any) -> Iterable[type[Plugin]]:
    """Yield the classes of plugins among the names of a module, imported ones too; none with a metaclass."""
    for name, kind in list(vars(module).items()):
        if type(kind) is type and not name.startswith("__") and issubclass(kind, Plugin):
            yield kind
