"""From a file, a folder or an entry point to a plugin's class; in workers only."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from yester.engine.errors import YesterError
from yester.plugins.native.interface import Plugin
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce

ENTRY = "entry:"
"""Before what an entry point says, `package.module` or `package.module:Class`; everything else is a path."""


class NoPlugin(Exception):
    """What was loaded holds no plugin, or more than one."""


def loaded_by(load: Callable[[PluginFile], Loaded], plugin: PluginFile, announce: Announce) -> Loaded:
    """Load one plugin; whatever its code raises is about this plugin alone, and said in what is returned."""
    announce(plugin.name)
    try:
        return load(plugin)
    except BaseException as problem:  # noqa: BLE001  a plugin may raise what it likes
        return Loaded(plugin.name, in_words(problem))


def plugin_class(name: str, place: str) -> type[Plugin]:
    """Import a plugin and return its class. NoPlugin, and whatever the import raises."""
    if not place.startswith(ENTRY):
        return _only_class(imported(name, Path(place)))
    module_name, _, attribute = place.removeprefix(ENTRY).partition(":")
    module = importlib.import_module(module_name)
    if not attribute:
        return _only_class(module)
    kind = getattr(module, attribute, None)
    if not isinstance(kind, type) or not issubclass(kind, Plugin):
        raise NoPlugin(f"{attribute} of {module_name} is no class that derives from Plugin")
    return kind


def in_words(problem: BaseException) -> str:
    """Return what went wrong while a plugin was loaded, and where in it."""
    if isinstance(problem, NoPlugin | YesterError):
        return str(problem)
    if isinstance(problem, SyntaxError):
        return f"SyntaxError: {problem.msg} (line {problem.lineno} of {problem.filename})"
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if "importlib" not in frame.filename]
    where = f" (line {frames[-1].lineno} of {frames[-1].filename})" if frames else ""
    return f"{type(problem).__name__}: {problem}{where}"


def imported(name: str, path: Path) -> ModuleType:
    """Import a file, or a folder as a package, under a name of its own. NoPlugin, and whatever the import raises."""
    module_name = f"yester_plugin_{name.replace('-', '_')}"
    file, folders = (path / "__init__.py", [str(path)]) if path.is_dir() else (path, None)
    spec = importlib.util.spec_from_file_location(module_name, file, submodule_search_locations=folders)
    if spec is None or spec.loader is None:
        raise NoPlugin(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


def _only_class(module: ModuleType) -> type[Plugin]:
    """Return the one class that the module, or a module below it, defines; imported ones are not its own."""
    own = (module.__name__, f"{module.__name__}.")
    classes = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Plugin)
        and (kind.__module__ == own[0] or kind.__module__.startswith(own[1]))
    ]
    if len(classes) != 1:
        names = ", ".join(sorted(kind.__name__ for kind in classes))
        raise NoPlugin(
            f"it defines several plugins, where one is expected: {names}"
            if classes
            else "it defines no class that derives from Plugin"
        )
    return classes[0]
