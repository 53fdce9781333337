"""Makes the packages in yester's folder importable by their names, and nothing that lies beside them."""

import os
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType


class Packages(MetaPathFinder):
    """Finds packages by name."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """`places` is name → folder."""
        self._places = places

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Return where a package is; None when it is none of these."""
        place = self._places.get(fullname)
        if place is None:
            return None
        file = os.path.join(place, "__init__.py")
        if os.path.exists(file):
            return spec_from_file_location(fullname, file, submodule_search_locations=[place])
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [place]
        return spec
