"""The worlds that a worker can be, and what each of them has to offer."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from yester.plugins.worker.messages import Loaded, PluginFile


class Context(Protocol):
    """What a call may ask of its surroundings."""

    def ask(self, method: str, *arguments: Any) -> Any:
        """Ask the host. AskError when it refuses."""
        ...

    def cancelled(self) -> bool:
        """Whether nobody waits for this call any more."""
        ...


class Announce(Protocol):
    """Says whose doing it is what happens from here on."""

    def __call__(self, plugin: str) -> None:
        """What follows is the doing of `plugin`."""
        ...


class World(Protocol):
    """One system of plugins, inside a worker. Made by a function `open_world(settings, context)` of its module."""

    threads: int
    """How many calls run at once; with 1 they run on the main thread, as plugins of most systems expect."""

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Load plugins; a problem with one is in its Loaded, and is no exception."""
        ...

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Call a method of a plugin. Whatever it raises goes to the host."""
        ...


WORLDS: dict[str, str] = {
    "native": "yester.plugins.native.world",
    "backintime": "yester.plugins.backintime.world",
    "kiwi": "yester.plugins.kiwi.world",
    "kolibri": "yester.plugins.kolibri.world",
    "backends": "yester.plugins.backends.world",
    "duplicity": "yester.plugins.duplicity.world",
    "portal": "yester.plugins.portal.world",
}
"""World → the module that makes it. Any other world is the path of such a module."""


def open_world(name: str, settings: dict[str, Any], context: Context) -> World:
    """Return a world. `context` is for what belongs to no call."""
    world: World = import_module(WORLDS.get(name, name)).open_world(settings, context)
    return world
