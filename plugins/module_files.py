"""Where the file of a module is, without importing it."""

from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path


def module_file(module: str) -> Path | None:
    """Return the file of a module, the folder of a package; None when there is none, or it has none."""
    spec: ModuleSpec | None = None
    path = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:depth]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin)
    return file.parent if file.name == "__init__.py" else file
