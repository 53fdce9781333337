"""The world of Kolibri on the host's side: which plugins there are, which are on, and what the worker has to know.

A plugin is a package with a module `kolibri_plugin`, and its name is the package's. It lies in yester's folder, by
itself or within a folder that holds it, such as a checkout; or it is installed, with an entry point of the group
`kolibri.plugins`; or plugins.json or the environment names it.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.events import Event, clean
from yester.engine.places import Places
from yester.plugins.found import Found, folder_of, listed
from yester.plugins.kolibri import state
from yester.plugins.kolibri.home import Home
from yester.plugins.kolibri.mapping import HEARS
from yester.plugins.kolibri.switching import switch
from yester.plugins.manner import Manner
from yester.plugins.module_files import module_file
from yester.plugins.native.loading import ENTRY
from yester.plugins.settings import PluginSettings
from yester.plugins.surroundings import Surroundings
from yester.plugins.trust import check_trust

WORLD = "kolibri"
GROUP = "kolibri.plugins"
MODULE = "kolibri_plugin.py"
_OWN = "kolibri."
"""How the names of plugins begin that came with Kolibri itself: they are about its pages, and not here."""


def find(places: Places, settings: PluginSettings, all_of_them: bool) -> Iterator[Found]:
    """Find the plugins. At the start of a run those that are on and gone are switched off, as Kolibri does it."""
    home, folder = Home.of(places, os.environ), _in_folder(places)
    names = {each.name for each in folder if not each.problem}
    said, problem = state.read(home.path)
    if problem:
        yield Found(state.NAME, WORLD, str(home.path / state.NAME), True, problem=problem, hint="Correct it by hand.")
    active = state.active(state.with_folder(said, names), os.environ)
    installed = _installed() if all_of_them or {*active} - names else {}

    def is_on(name: str) -> bool:
        said = settings.switch(WORLD, name)
        return name in active if said is None else said

    for each in folder:
        yield replace(each, is_enabled=is_on(each.name) or bool(each.problem))
    for name, package in installed.items():
        yield Found(name, WORLD, ENTRY + name, is_on(name), package)
    for name in active:
        if name in names or name in installed or name.startswith(_OWN):
            continue
        if _is_module(name) and module_file(name) is not None:
            yield Found(name, WORLD, ENTRY + name, is_on(name))
        else:
            yield _gone(name, is_forgotten=not all_of_them and _forget(home, name))


def _gone(name: str, *, is_forgotten: bool) -> Found:
    if is_forgotten:
        what = f"not found and disabled. To re-enable it, install it and run: yester plugin enable {name}"
        return Found(name, WORLD, "", True, problem=what)
    what = "enabled, but not installed"
    return Found(name, WORLD, "", True, problem=what, hint=f"Install it, or: yester plugin disable {name}")


def _is_module(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _in_folder(places: Places) -> list[Found]:
    """Return the packages in yester's folder, and what in it is none."""
    return [
        each
        for path in listed(folder_of(places, WORLD))
        if not path.name.startswith(("_", "."))
        for each in _packages_in(path)
    ]


def _packages_in(path: Path) -> list[Found]:
    if not path.is_dir():
        problem = f"it is no folder: a plugin of Kolibri is a package with a {MODULE}"
        return [Found(path.name, WORLD, str(path), True, problem=problem)] if path.suffix == ".py" else []
    try:
        packages = [path] if (path / MODULE).is_file() else [each for each in listed(path) if (each / MODULE).is_file()]
    except (UsageError, OSError) as unreadable:
        return [Found(path.name, WORLD, str(path), True, problem=f"it cannot be looked into: {unreadable}")]
    if not packages:
        return [Found(path.name, WORLD, str(path), True, problem=f"there is no {MODULE} in it, nor in a folder of it")]
    problem = "its name is none for a package: letters, digits and _"
    return [
        Found(each.name, WORLD, str(each), True, problem="" if each.name.isidentifier() else problem)
        for each in packages
    ]


def _installed() -> dict[str, str]:
    """Return the installed plugins, with name and version of the package that each came with."""
    found = {}
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        if not point.name.startswith(_OWN):
            found[point.name] = f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""
    return found


def _forget(home: Home, name: str) -> bool:
    """Take a plugin that is gone out of plugins.json; False when it is not there, or the file is not to be written."""
    said, problem = state.read(home.path)
    if problem or not home.may_be_written or name not in said["INSTALLED_PLUGINS"]:
        return False
    home.write(state.NAME, state.written(state.cleared(said, name)))
    return True


def settings_of(surroundings: Surroundings) -> dict[str, Any]:
    """Return what the world in the worker has to know."""
    home = Home.of(surroundings.places, os.environ)
    packages = {each.name: each.place for each in _in_folder(surroundings.places) if not each.problem}
    profile = surroundings.profile
    said, problem = state.read(home.path)
    return {
        "home": str(home.path),
        "is_own": home.is_own,
        "in_folder": [*packages],
        "packages": {name: clean(place) for name, place in packages.items() if _is_trusted(place)},
        "order": state.active(state.with_folder(said, packages), os.environ),
        "records": bool(surroundings.run) and not problem and home.may_be_written,
        "may_write": False,
        "switching": False,
        "action": surroundings.action,
        "run": surroundings.run,
        "profile": profile.name if profile is not None else "",
        "profile_id": profile.id.hex() if profile is not None else "",
        "repository": surroundings.repository,
    }


def _is_trusted(place: str) -> bool:
    """Whether a plugin may be imported; where it is on, who finds it says why not."""
    try:
        check_trust(Path(place))
    except UsageError:
        return False
    return True


def _in_order(kind: type[Event]) -> bool:
    """Hooks are called in the order in which they were registered, at ends as well."""
    return False


def _switch(places: Places, on: Sequence[Found], off: Sequence[Found]) -> list[str]:
    return switch(settings_of(Surroundings(places, "plugin")), on, off)


MANNER = Manner(
    rank=5,
    find=find,
    stops="yester.plugins.kolibri.world.OperationFailed",
    settings=settings_of,
    is_reversed=_in_order,
    hears=HEARS,
    switch=_switch,
)
