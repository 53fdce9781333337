"""About the system, as plugins of Kiwi Backup ask for it (contract 3.1)."""

import sys
from collections.abc import Callable


def _nowhere() -> str:
    return ""


place: Callable[[], str] = _nowhere
"""Says where the plugins are; set by the world."""


def getPluginsDir() -> str:
    """Return the folder in which the folder of the plugin is that is at work."""
    return place()


def isWin32() -> bool:
    """Whether this is Windows."""
    return sys.platform == "win32"


def isLinux() -> bool:
    """Whether this is Linux."""
    return sys.platform.startswith("linux")


def isOsX() -> bool:
    """Whether this is a Mac."""
    return sys.platform == "darwin"
