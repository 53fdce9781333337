"""The native world on the host's side: plugins in the folder, those that come with yester, installed ones."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from yester import __version__
from yester.engine.events import clean
from yester.engine.hooks import StopRun, method_name
from yester.engine.places import Places
from yester.plugins.found import Found, folder_of, in_folder
from yester.plugins.manner import Manner
from yester.plugins.native.loading import ENTRY
from yester.plugins.rules import RULES
from yester.plugins.settings import PluginSettings
from yester.plugins.shipped import SHIPPED
from yester.plugins.surroundings import Surroundings

GROUP = "yester.plugins"


def find(places: Places, settings: PluginSettings, all_of_them: bool) -> Iterator[Found]:
    """Find native plugins; of one name the folder's counts, then yester's own."""
    yield from in_folder(folder_of(places, "native"), "native", settings)
    for name, value in SHIPPED.items():
        yield Found(name, "native", ENTRY + value, settings.switch("native", name) is True, f"yester {__version__}")
    if all_of_them or {*settings.wanted()} - {*SHIPPED}:  # it takes a look into each installed package
        yield from _installed(settings)


def _installed(settings: PluginSettings) -> Iterator[Found]:
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""
        is_enabled = settings.switch("native", point.name) is True
        yield Found(point.name, "native", ENTRY + point.value, is_enabled, package)


def _settings(surroundings: Surroundings) -> dict[str, Any]:
    """Return the fields of interface.Occasion, which only workers load."""
    profile = surroundings.profile.name if surroundings.profile is not None else ""
    return {
        "action": surroundings.action,
        "run": surroundings.run,
        "profile": clean(profile),
        "repository": clean(surroundings.repository),
    }


MANNER = Manner(
    1,
    find,
    f"{StopRun.__module__}.{StopRun.__qualname__}",
    _settings,
    hears={kind: f"`{method_name(kind)}`" for kind in RULES},
)
