"""What this machine says about the options of a plugin: its environment, the profile at work, plugins.toml."""

import os
from collections.abc import Callable, Iterator, Sequence

from yester.engine.profiles.reading import profile_path
from yester.plugins.found import Found
from yester.plugins.options.layers import Layer, from_environment, from_table
from yester.plugins.settings import PluginSettings, settings_path
from yester.plugins.surroundings import Surroundings

LayersOf = Callable[[Found], Sequence[Layer]]
"""What is said about the options of a plugin; who counts most comes first."""


def layers_in(settings: PluginSettings, surroundings: Surroundings) -> LayersOf:
    """Return what says the layers of each plugin."""

    def layers(found: Found) -> list[Layer]:
        return [from_environment(found.name, os.environ), *_from_files(found, settings, surroundings)]

    return layers


def _from_files(found: Found, settings: PluginSettings, surroundings: Surroundings) -> Iterator[Layer]:
    """Yield what the profile says and then what plugins.toml says, each for this world's plugin and then for any."""
    names = (f"{found.world}/{found.name}", found.name)
    profile, places = surroundings.profile, surroundings.places
    for name in names if profile is not None else ():
        if profile is not None and name in profile.plugins:
            place = str(profile_path(places.config / "profiles", profile.name))
            yield from_table("profile", place, profile.plugins[name], is_common=_is_common(found, name))
    for name in names:
        if name in settings.options:
            place = str(settings_path(places))
            yield from_table("file", place, settings.options[name], is_common=_is_common(found, name))


def _is_common(found: Found, name: str) -> bool:
    return found.is_shared and name == found.name
