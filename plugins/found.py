"""A plugin as it is found: by name, nothing is imported."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.settings import PluginSettings

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that may be loaded, or why it may not."""

    name: str
    world: str
    place: str
    """A path, or what an entry point says after `entry:`; empty when it is gone."""
    is_enabled: bool
    package: str = ""
    """Name and version of the package that it came with."""
    problem: str = ""
    hint: str = ""
    twin: str = ""
    """The place of another plugin of the same name in its world, which is left out."""
    is_twin_on: bool = False
    """Whether that one is switched on, so that somebody may wait for it."""
    is_shared: bool = False
    """Whether another world has a plugin of this name."""

    @property
    def is_in_folder(self) -> bool:
        """Whether it is on unless somebody switches it off."""
        return self.place.startswith("/")

    @property
    def label(self) -> str:
        """The name, with the world where it needs one."""
        return f"{self.world}/{self.name}" if self.is_shared else self.name


def folder_of(places: Places, world: str) -> Path:
    """Return the folder of a world's plugins."""
    return places.data / "plugins" / world


def in_folder(folder: Path, world: str, settings: PluginSettings, *, files: bool = True) -> Iterator[Found]:
    """Find the plugins of a folder, by name: files NAME.py, unless `files` is off, and folders with `__init__.py`."""
    for path in listed(folder):
        name = path.name.removesuffix(".py")
        is_one = (files and path.suffix == ".py") or os.path.exists(path / "__init__.py")
        if is_one and not path.name.startswith(("_", ".")):
            bad = "" if _NAME.fullmatch(name) else "its name is none for a plugin: letters, digits, - and _"
            yield Found(name, world, str(path), settings.switch(world, name) is not False, problem=bad)


def listed(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted; nothing when there is none. UsageError when it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as problem:
        raise UsageError(f"{folder} cannot be read: {problem.strerror}") from None
