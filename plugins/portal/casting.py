"""Portal's world on the host's side: archives that ship, and plugins in the folder. No run tells them anything."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from yester import __version__
from yester.engine.places import Places
from yester.plugins.found import Found, folder_of, in_folder
from yester.plugins.manner import Manner
from yester.plugins.native.loading import ENTRY
from yester.plugins.settings import PluginSettings

WORLD = "portal"


class Shipped(NamedTuple):
    """An archive that comes with yester."""

    module: str
    guid: str


SHIPPED: Mapping[str, Shipped] = {
    "filesys": Shipped("yester.plugins.portal.shipped.filesys", "7c1b0a52-5a0e-4f0e-9d86-2f0c8a3b6b1d"),
    "command": Shipped("yester.plugins.portal.shipped.command", "0d0f3c4e-86d5-4a52-9c51-6b7f5f0e21a8"),
    "s3-tier": Shipped("yester.plugins.portal.shipped.s3_tier", "b8a5f4de-2f0c-4a0b-8d5f-3c7c2f6f9e10"),
    "duplicity-cold": Shipped("yester.plugins.portal.shipped.duplicity_cold", "5a3d6a52-0c0d-4a38-9a2a-6f0e6a7b4c21"),
}
"""By the plugin's name."""


def find(places: Places, settings: PluginSettings, all_of_them: bool) -> Iterator[Found]:
    """Find archives; of one name the folder's counts."""
    yield from in_folder(folder_of(places, WORLD), WORLD, settings)
    for name, shipped in SHIPPED.items():
        yield Found(name, WORLD, ENTRY + shipped.module, settings.switch(WORLD, name) is True, f"yester {__version__}")


MANNER = Manner(rank=6, find=find, is_told=False)
