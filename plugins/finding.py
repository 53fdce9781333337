"""Which plugins there are, by name: nothing is imported. What is in a folder is on, what came with a package is off.

Each world finds its own (manner.py). Where two in one world have one name the first counts: in the native world the
folder's before yester's own and the installed ones. Worlds may share a name: both plugins are called, and who means
one of them says WORLD/NAME. Backends and archives are listed and switched here too; no run tells them anything.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from shlex import quote

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.engine.profiles.toml_text import bare_key
from yester.plugins.backends import finding as backends
from yester.plugins.casts import MANNERS
from yester.plugins.found import Found
from yester.plugins.module_files import module_file
from yester.plugins.native.casting import GROUP
from yester.plugins.native.loading import ENTRY
from yester.plugins.options.layers import SWITCH
from yester.plugins.settings import PluginSettings
from yester.plugins.trust import check_trust


def find_plugins(places: Places, settings: PluginSettings, *, installed: bool = True) -> list[Found]:
    """Return the plugins by world, in the order of worlds, and name.

    Without `installed` those of packages that are off are not looked for.
    """
    found: dict[tuple[str, str], Found] = {}
    for world in worlds():
        for each in MANNERS[world].find(places, settings, installed):
            first = found.get((each.name, world))
            if first is not None:
                each = replace(first, twin=each.place, is_twin_on=each.is_enabled)
            found[each.name, world] = each
    for each in backends.find(places, settings, installed):
        found.setdefault((each.name, each.world), each)
    for each in _gone(settings, found.values()):
        found[each.name, each.world] = each
    shared = Counter(name for name, _ in found)
    rank = {world: place for place, world in enumerate(worlds())}
    return [
        _judged(replace(found[name, world], is_shared=shared[name] > 1), settings)
        for name, world in sorted(found, key=lambda key: (rank.get(key[1], len(rank)), key[0]))
    ]


def worlds() -> list[str]:
    """Return the worlds in the order in which their plugins are called."""
    return sorted(MANNERS, key=lambda world: MANNERS[world].rank)


def is_told(found: Found) -> bool:
    """Whether a plugin is told what happens in a run; backends and archives are called for what they do."""
    return found.world != backends.WORLD and (found.world not in MANNERS or MANNERS[found.world].is_told)


def _gone(settings: PluginSettings, found: Iterable[Found]) -> Iterator[Found]:
    """Yield a plugin for each name that is switched on and is nobody's."""
    there = {name for each in found for name in (each.name, f"{each.world}/{each.name}")}
    for key in settings.wanted():
        if key not in there:
            world, is_exact, name = key.rpartition("/")
            away = f"yester plugin disable {key}"
            if key in settings.switches:
                away = f"take {SWITCH} out of [plugins.{bare_key(key)}] of the profile {settings.profile}."
            problem, hint = "it is enabled, but not installed", f"Install it, or: {away}"
            yield Found(name, world if is_exact else "native", "", True, problem=problem, hint=hint)


def _judged(found: Found, settings: PluginSettings) -> Found:
    """Say why a plugin is refused, if it is."""
    if found.problem:
        return found
    mistake = settings.mistaken.get(f"{found.world}/{found.name}") or settings.mistaken.get(found.name)
    if mistake:
        hint = f"To change it: yester profile edit {quote(settings.profile)}"
        return replace(found, is_enabled=True, problem=mistake, hint=hint)
    try:
        if not found.place.startswith(ENTRY):
            check_trust(Path(found.place))
        elif found.is_enabled:
            check_trust(_file_of(EntryPoint(found.name, found.place.removeprefix(ENTRY), GROUP).module))
    except UsageError as problem:
        return replace(found, problem=f"refused: {problem.what}", hint=problem.hint)
    return found


def _file_of(module: str) -> Path:
    """Return the file of a module, the folder of a package; UsageError: there is none."""
    file = module_file(module)
    if file is None:
        raise UsageError(f"the file of {module} cannot be found", hint="Install the package anew.")
    return file
