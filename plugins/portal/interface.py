"""What who writes an archive builds on: Portal's classes (contracts section 5.1), and options as yester's plugins have.

A plugin registers by being made: `Shelf()` at the end of its file. So options are there when `__init__` runs, which is
while its file is imported: the world has said by then what they may be (`OFFICE.begin`).
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, cast

from yester.engine.archive.port import FileSet
from yester.plugins.options.layers import Layer
from yester.plugins.options.resolving import resolve
from yester.plugins.options.spec import Option, slots_of, spec_problems
from yester.plugins.portal.common_options import COMMON
from yester.plugins.portal.naming import construct_filename, get_paths_to_restore_or_delete_from_external_ids

__all__ = [
    "ArchivePlugin",
    "FileSet",
    "Option",
    "construct_filename",
    "get_paths_to_restore_or_delete_from_external_ids",
]


class PluginError(Exception):
    """What a plugin may raise."""


class Interface:
    """Something that a plugin may say it implements."""


class IArchivePlugin(Interface):
    """An archive."""


class IPluginBootstrap(Interface):
    """Its `bootstrap` imports what is needed once the plugin is on."""


def implements(*interfaces: type[Interface]) -> None:
    """Say, in the body of a class, what it implements."""
    body = sys._getframe(1).f_locals
    body["_implements"] = (*body.get("_implements", ()), *interfaces)


class _Registers(type):
    """Makes an object with its options, and registers it."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made: Any = cast(Any, cls).__new__(cls, *args, **kwargs)
        if isinstance(made, cls):
            if IArchivePlugin in implemented(cls):
                # One that has a property of that name has its own idea of options.
                with suppress(AttributeError):
                    setattr(made, "options", OFFICE.options_of(cls))  # noqa: B010  whatever class it is
            cls.__init__(made, *args, **kwargs)
            OFFICE.add(made)
        return made


class Plugin(metaclass=_Registers):
    """Anything that registers by being made."""

    name: str = ""
    plugin_guid: str = ""
    _implements: ClassVar[tuple[type[Interface], ...]] = ()


class ArchivePlugin(Plugin):
    """An archive: give `plugin_guid`, `name`, `archive`, `restore` and `delete`; docs/archives.md has the rest."""

    _implements = (IArchivePlugin,)
    option_spec: ClassVar[Mapping[str, Option]] = {}
    """Its options by name, which plugins.toml and profiles set."""
    options: Mapping[str, Any] = MappingProxyType({})
    """Each option of `option_spec`, typed, whether anybody set it or not; there before `__init__` runs."""


def implemented(kind: type) -> set[type[Interface]]:
    """Return what a class and those above it say that they implement."""
    return {each for above in kind.__mro__ for each in vars(above).get("_implements", ())}


@dataclass
class Office:
    """Where plugins of one file register, and learn of their options."""

    plugin: str = ""
    layers: Sequence[Layer] = ()
    made: list[Any] = field(default_factory=list)

    def begin(self, plugin: str, layers: Sequence[Layer]) -> None:
        """Whoever registers from here on belongs to this plugin."""
        self.plugin, self.layers, self.made = plugin, layers, []

    def add(self, made: Any) -> None:
        """Register an object; the first of each class counts."""
        if not any(type(each) is type(made) for each in self.made):
            self.made.append(made)

    def those(self, interface: type[Interface]) -> list[Any]:
        """Return those that implement something, in the order in which they were made."""
        return [each for each in self.made if interface in implemented(type(each))]

    def options_of(self, kind: type) -> Mapping[str, Any]:
        """Return the options of a class; what is wrong with them the world tells afterwards."""
        spec = getattr(kind, "option_spec", {})
        usable: Mapping[str, Option] = {} if [*spec_problems(spec)] else spec
        values = resolve(slots_of(self.plugin, {**COMMON, **usable}), self.layers).values
        return {name: value.meant for name, value in values.items()}


OFFICE = Office()
"""This process's."""
