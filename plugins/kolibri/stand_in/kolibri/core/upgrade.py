"""What a plugin does when another version of it runs than the last time: functions of its module `upgrade`."""

import logging
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import kolibri
from yester.plugins.kolibri.versions import Version, bounds, is_within, version

logger = logging.getLogger(__name__)


class VersionUpgrade:
    """A function, and between which versions it is called."""

    def __init__(
        self, old_version: str | None = None, new_version: str | None = None, upgrade: Callable[[], Any] | None = None
    ) -> None:
        """Ranges of versions; None: any. TypeError when one is none, or there is no function."""
        if not callable(upgrade):
            raise TypeError("Upgrade argument must be a function or other callable")
        self.OLD_VERSION, self.NEW_VERSION, self.upgrade = old_version, new_version, upgrade
        self.module = upgrade.__module__
        try:
            self.rank = (_first(old_version), _first(new_version))
        except ValueError as problem:
            raise TypeError(f"Unparseable semver version or range passed to upgrade object: {problem}") from None

    def __call__(self) -> Any:
        """Call the function."""
        return self.upgrade()


def version_upgrade(
    old_version: str | None = None, new_version: str | None = None
) -> Callable[[Callable[[], Any]], VersionUpgrade]:
    """Let a function be called between these versions."""
    return lambda upgrade: VersionUpgrade(old_version, new_version, upgrade)


def matches_version(version: str, version_range: str | None) -> bool:
    """Whether a version is in a range; None is any."""
    return version_range is None or not version or is_within(version, version_range)


def get_upgrades(package: str) -> list[VersionUpgrade]:
    """Return the functions of a package's module `upgrade`, the lowest versions first.

    There are none when it cannot be imported, which most cannot without Kolibri's models.
    """
    if find_spec(f"{package}.upgrade") is None:
        return []
    try:
        module = import_module(f"{package}.upgrade")
    except ImportError as problem:
        logger.warning(f"What {package} does for a new version cannot be imported: {problem}")
        return []
    own = [each for each in vars(module).values() if isinstance(each, VersionUpgrade)]
    return sorted((each for each in own if each.module == module.__name__), key=lambda each: each.rank)


def run_upgrades(old_version: str, new_version: str, package: str) -> None:
    """Call what a package wants to be called between these versions; nothing when it never ran before."""
    for each in get_upgrades(package) if old_version else ():
        if matches_version(old_version, each.OLD_VERSION) and matches_version(new_version, each.NEW_VERSION):
            each()


def _first(version_range: str | None) -> Version:
    return bounds(version_range)[0][1] if version_range else version(kolibri.__version__)
