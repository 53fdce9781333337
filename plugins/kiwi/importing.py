"""Importing plugins of Kiwi: each is a package of its own name, which it and the others may import."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class Plugins(MetaPathFinder):
    """Finds plugins by their names; to be asked last, so that they take no name of anybody else's."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """`folders` is name → folder."""
        self._folders = folders

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Return where a plugin is; None for what is none."""
        return _spec(fullname, self._folders[fullname]) if fullname in self._folders else None

    def imported(self, name: str) -> ModuleType:
        """Import a plugin; under another name where its own is somebody else's. Whatever it raises."""
        if sys.modules.get(name) is None:
            spec = importlib.util.find_spec(name) if name.isidentifier() else None
        else:
            spec = sys.modules[name].__spec__
        ours = str(self._folders[name] / "__init__.py")
        if spec is not None and spec.origin == ours:
            return importlib.import_module(name)
        spec = _spec(f"kiwi_plugin_{name.replace('-', '_')}", self._folders[name])
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        assert spec.loader is not None
        spec.loader.exec_module(module)
        return module


def _spec(name: str, folder: Path) -> ModuleSpec:
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    return spec
