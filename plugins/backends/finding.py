"""Which backends there are that are no part of yester, by name: nothing is imported.

A file or package in the folder of plugins (`plugins/backends/NAME.py`), or a package's entry point of the group
`yester.backends`. As with plugins, what is in the folder is on, and what came with a package is off until somebody
enables it.
"""

from collections.abc import Iterator
from importlib.metadata import entry_points

from yester.engine.places import Places
from yester.plugins.found import Found, folder_of, in_folder
from yester.plugins.native.loading import ENTRY
from yester.plugins.settings import PluginSettings

GROUP = "yester.backends"
WORLD = "backends"


def find(places: Places, settings: PluginSettings, all_of_them: bool = True) -> Iterator[Found]:
    """Find backends; of one name the folder's comes first. Without `all_of_them` only such as are quickly found."""
    yield from in_folder(folder_of(places, WORLD), WORLD, settings)
    if not all_of_them:
        return
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""
        yield Found(point.name, WORLD, ENTRY + point.value, settings.switch(WORLD, point.name) is True, package)
