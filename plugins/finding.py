"""Which plugins there are, by name: nothing is imported. What is in a folder is on, what came with a package is off.

Each world finds its own (manner.py). Where two have one name the first counts: worlds in their order, and within the
native one the folder's before yester's own and the installed ones.
"""

from dataclasses import replace
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint
from pathlib import Path

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.casts import MANNERS
from yester.plugins.found import Found
from yester.plugins.native.casting import GROUP
from yester.plugins.native.loading import ENTRY
from yester.plugins.settings import PluginSettings
from yester.plugins.trust import check_trust


def find_plugins(places: Places, settings: PluginSettings, *, installed: bool = True) -> list[Found]:
    """Return the plugins by name. Without `installed` those of packages that are off are not looked for."""
    found: dict[str, Found] = {}
    for world in sorted(MANNERS, key=lambda world: MANNERS[world].rank):
        for each in MANNERS[world].find(places, settings, installed):
            first = found.get(each.name)
            found[each.name] = each if first is None else replace(first, twin=each.place)
    for name in settings.enabled:
        if name not in found:
            gone = f"{name} is enabled, but not installed"
            found[name] = Found(
                name, "native", "", True, problem=gone, hint=f"Install it, or: yester plugin disable {name}"
            )
    return [_judged(found[name]) for name in sorted(found)]


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
