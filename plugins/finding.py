"""Which plugins there are, by name: nothing is imported. What is in the folder is on, what was installed is off.

A plugin is a file NAME.py or a folder NAME with `__init__.py` in `plugins/native` of the data folder, or an entry
point of the group `yester.plugins` of an installed package. Where two have one name the first counts, the folder's
before the installed.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.native.loading import ENTRY
from yester.plugins.settings import PluginSettings
from yester.plugins.trust import check_trust

GROUP = "yester.plugins"
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
    """The place of another plugin of the same name, which is left out."""


def folder_of(places: Places, world: str) -> Path:
    """Return the folder of a world's plugins."""
    return places.data / "plugins" / world


def find_plugins(places: Places, settings: PluginSettings, *, installed: bool = True) -> list[Found]:
    """Return the plugins by name. Without `installed` those of packages that are off are not looked for."""
    found: dict[str, Found] = {}
    for each in [*_in_folder(places, settings), *_installed(settings, installed)]:
        first = found.get(each.name)
        if first is None:
            found[each.name] = each
        else:
            found[each.name] = replace(first, twin=each.place)
    for name in settings.enabled:
        if name not in found:
            gone = f"{name} is enabled, but not installed"
            found[name] = Found(
                name, "native", "", True, problem=gone, hint=f"Install it, or: yester plugin disable {name}"
            )
    return [_judged(found[name]) for name in sorted(found)]


def _in_folder(places: Places, settings: PluginSettings) -> Iterator[Found]:
    folder = folder_of(places, "native")
    try:
        paths = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as problem:
        raise UsageError(f"{folder} cannot be read: {problem.strerror}") from None
    for path in paths:
        name = path.name.removesuffix(".py")
        is_one = path.suffix == ".py" or os.path.exists(path / "__init__.py")
        if is_one and not path.name.startswith(("_", ".")):
            bad = "" if _NAME.fullmatch(name) else "its name is none for a plugin: letters, digits, - and _"
            yield Found(name, "native", str(path), name not in settings.disabled, problem=bad)


def _installed(settings: PluginSettings, installed: bool) -> Iterator[Found]:
    if not installed and not settings.enabled:
        return  # it takes a look into each installed package
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""
        yield Found(point.name, "native", ENTRY + point.value, point.name in settings.enabled, package)


def _judged(found: Found) -> Found:
    """Say why a plugin is refused, if it is."""
    if found.problem:
        return found
    try:
        if not found.place.startswith(ENTRY):
            check_trust(Path(found.place))
        elif found.is_enabled:
            check_trust(_file_of(EntryPoint(found.name, found.place.removeprefix(ENTRY), GROUP).module))
    except UsageError as problem:
        return replace(found, problem=f"refused: {problem.what}", hint=problem.hint)
    return found


def _file_of(module: str) -> Path:
    """Return the file of a module, the folder of a package, without importing it; UsageError: there is none."""
    spec: ModuleSpec | None = None
    path = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:depth]), path)
        path = list(spec.submodule_search_locations or ()) if spec is not None else None
        if spec is None:
            break
    if spec is None or spec.origin is None:
        raise UsageError(f"the file of {module} cannot be found", hint="Install the package anew.")
    file = Path(spec.origin)
    return file.parent if file.name == "__init__.py" else file
