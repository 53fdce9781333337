"""The plugins that a command works with. Where there are none, nothing is loaded for them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from yester.engine.errors import UsageError
from yester.engine.events import Message
from yester.engine.places import Places
from yester.plugins.kiwi.datadir import plugins_folder

if TYPE_CHECKING:
    from yester.engine.profiles.profile import Profile
    from yester.plugins.asks import Audience
    from yester.plugins.dispatcher import Dispatcher
    from yester.plugins.surroundings import Views


def enabled_plugins(
    places: Places,
    audience: "Audience",
    *,
    action: str = "",
    run: str = "",
    profile: "Profile | None" = None,
    repository: str = "",
    stopping: Callable[[], bool] = lambda: False,
    views: "Views | None" = None,
) -> "Dispatcher | None":
    """Return the plugins that are on; None when there are none. What is wrong with them is said to `audience`.

    What they do is broken off when the command is `stopping`. Before, what the plugins of a run that died should have
    undone is undone.
    """
    put_right(places, audience)
    if not _may_be_some(places, profile):
        return None
    from yester.plugins.dispatcher import Dispatcher
    from yester.plugins.finding import find_plugins, is_told
    from yester.plugins.layering import layers_in
    from yester.plugins.settings import read_settings
    from yester.plugins.surroundings import Surroundings

    try:
        settings = read_settings(places)
        if profile is not None:
            settings = settings.in_profile(profile.name, profile.plugins)
        found = find_plugins(places, settings, installed=False)
        plugins = [each for each in found if each.is_enabled and is_told(each)]
    except (UsageError, OSError) as problem:
        audience.said(Message(level="warning", text=f"No plugin is called: {problem}"))
        return None
    if not plugins:
        return None
    surroundings = Surroundings(places, action, run, profile, repository, views)
    return Dispatcher(plugins, layers_in(settings, surroundings), surroundings, audience, stopping)


def put_right(places: Places, audience: "Audience") -> None:
    """Undo what runs that died left behind, and say so to `audience`."""
    if not os.path.exists(places.state / "undoing"):
        return
    from yester.plugins.undoing.recovering import undo_what_is_left

    for message in undo_what_is_left(places.state):
        audience.said(message)


_KOLIBRI = ("KOLIBRI_HOME", "KOLIBRI_PLUGIN_APPLY", "KOLIBRI_PLUGIN_ENABLE")
"""Variables that name plugins of Kolibri, or a folder that does."""


def _may_be_some(places: Places, profile: "Profile | None") -> bool:
    """Whether there is any sign of a plugin: what is asked here costs every command its time."""
    if profile is not None and profile.plugins:
        return True
    home = os.environ.get("XDG_CONFIG_HOME", "")
    signs = (
        places.config / "plugins.toml",
        places.data / "plugins",
        places.data / "kolibri",
        plugins_folder(),
        places.config / "backintime" / "user-callback",
        Path(home if os.path.isabs(home) else Path.home() / ".config", "backintime", "user-callback"),
    )
    return any(map(os.path.exists, signs)) or any(name in os.environ for name in _KOLIBRI)
