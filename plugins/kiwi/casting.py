"""The world of Kiwi on the host's side: plugins in yester's folder, then those in Kiwi's own."""

import os
from collections.abc import Iterator
from typing import Any

from yester import __version__
from yester.engine.places import Places
from yester.plugins.found import Found, folder_of, in_folder
from yester.plugins.kiwi.datadir import plugins_folder
from yester.plugins.kiwi.mapping import HEARS
from yester.plugins.manner import Manner
from yester.plugins.settings import PluginSettings
from yester.plugins.surroundings import Surroundings

WORLD = "kiwi"


def find(places: Places, settings: PluginSettings, all_of_them: bool) -> Iterator[Found]:
    """Find the plugins of both folders."""
    for folder in dict.fromkeys((folder_of(places, WORLD), plugins_folder())):
        yield from in_folder(folder, WORLD, settings, files=False)


def settings_of(surroundings: Surroundings) -> dict[str, Any]:
    """Return what the context of the plugins is made of."""
    profile = surroundings.profile
    known: dict[str, Any] = {
        "bid": surroundings.run,
        "repository": surroundings.repository.encode("utf-8", "surrogateescape"),
        "version": __version__,
    }
    if profile is not None:
        known |= {
            "profile": profile.name,
            "profile_id": profile.id.hex(),
            "conf": profile.text.encode("utf-8", "surrogateescape"),
            "include": list(profile.sources),
            "exclude": [os.fsencode(pattern) for pattern in profile.filters.excludes],
        }
    return known


MANNER = Manner(rank=4, find=find, settings=settings_of, hears=HEARS)
