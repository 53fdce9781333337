"""Importing a plugin as Portal does: `portal.plugins.NAME`, its settings, what it bootstraps. In workers only."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location, spec_from_loader
from pathlib import Path
from types import ModuleType

from yester.plugins.native.loading import ENTRY, NoPlugin
from yester.plugins.portal.interface import OFFICE, IArchivePlugin, IPluginBootstrap

PACKAGE = "portal.plugins"


def import_plugin(name: str, place: str) -> None:
    """Import a file, a package or what an entry point names, so that its plugins register. Whatever that raises."""
    if place.startswith(ENTRY):
        import_module(place.removeprefix(ENTRY).partition(":")[0])
        return
    path = Path(place)
    module = f"{PACKAGE}.{name.replace('-', '_')}"
    is_package = path.is_dir()
    if is_package:
        sys.meta_path.append(_Siblings(module, path))
    _run(module, path / "__init__.py" if is_package else path, path if is_package else None)
    if is_package and (path / "models.py").exists():
        import_module(f"{module}.models")
    for bootstrap in OFFICE.those(IPluginBootstrap):
        bootstrap.bootstrap()
    if is_package and not OFFICE.those(IArchivePlugin) and (path / "plugin.py").exists():
        import_module(f"{module}.plugin")


def _run(module: str, file: Path, folder: Path | None) -> None:
    import_module(PACKAGE)
    spec = spec_from_file_location(module, file, submodule_search_locations=None if folder is None else [str(folder)])
    if spec is None or spec.loader is None:
        raise NoPlugin(f"{file} is no Python file")
    made = module_from_spec(spec)
    sys.modules[module] = made
    spec.loader.exec_module(made)


class _Siblings(MetaPathFinder, Loader):
    """Modules of a package under their bare names, as Python 2 imported them from beside each other."""

    def __init__(self, package: str, folder: Path) -> None:
        self._package, self._folder = package, folder
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module beside the plugin's is imported; None for any other."""
        if path is not None or not (self._folder / f"{fullname}.py").exists():
            return None
        return spec_from_loader(fullname, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import it as a part of the package."""
        module = import_module(f"{self._package}.{spec.name}")
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It has run; of the two specs that it has had the package's is the right one."""
        spec = module.__spec__
        module.__spec__ = self._specs.pop(spec.name) if spec is not None else None
