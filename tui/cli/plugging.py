"""The plugins that a command works with. Where there are none, nothing is loaded for them."""

import os
from typing import TYPE_CHECKING

from yester.engine.errors import UsageError
from yester.engine.events import Message
from yester.engine.places import Places

if TYPE_CHECKING:
    from yester.plugins.dispatcher import Audience, Dispatcher


def enabled_plugins(places: Places, audience: "Audience") -> "Dispatcher | None":
    """Return the plugins that are on; None when there are none. What is wrong with them is said to `audience`."""
    if not os.path.exists(places.config / "plugins.toml") and not os.path.exists(places.data / "plugins"):
        return None
    from yester.plugins.dispatcher import Dispatcher
    from yester.plugins.finding import find_plugins
    from yester.plugins.settings import read_settings

    try:
        settings = read_settings(places)
        plugins = [each for each in find_plugins(places, settings, installed=False) if each.is_enabled]
    except (UsageError, OSError) as problem:
        audience.said(Message(level="warning", text=f"No plugin is called: {problem}"))
        return None
    return Dispatcher(plugins, settings.options, audience) if plugins else None
