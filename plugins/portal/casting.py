"""Portal's world on the host's side: archives that ship, and plugins in the folder. No run tells them anything."""

from collections.abc import Iterator, Mapping

from yester import __version__
from yester.engine.places import Places
from yester.plugins.found import Found, folder_of, in_folder
from yester.plugins.manner import Manner
from yester.plugins.native.loading import ENTRY
from yester.plugins.settings import PluginSettings

WORLD = "portal"
SHIPPED: Mapping[str, str] = {
    "filesys": "yester.plugins.portal.shipped.filesys",
    "command": "yester.plugins.portal.shipped.command",
    "s3-tier": "yester.plugins.portal.shipped.s3_tier",
    "duplicity-cold": "yester.plugins.portal.shipped.duplicity_cold",
}
"""Archives that come with yester: name → module."""


def find(places: Places, settings: PluginSettings, all_of_them: bool) -> Iterator[Found]:
    """Find archives; of one name the folder's counts."""
    yield from in_folder(folder_of(places, WORLD), WORLD, settings)
    for name, module in SHIPPED.items():
        yield Found(name, WORLD, ENTRY + module, settings.switch(WORLD, name) is True, f"yester {__version__}")


MANNER = Manner(rank=6, find=find, is_told=False)
