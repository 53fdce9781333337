"""Back In Time's configuration as a value: `key=value` lines, versions 4 to 6.

Older names are brought to those of version 6 here, so that nothing else needs to know of them.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from yester.engine.errors import UsageError

NEWEST_VERSION = 6
_OLDEST_VERSION = 4

_DEFAULT_NAME = "Main profile"
_PROFILE_KEY = re.compile(r"profile([0-9]+)\.(.+)", re.DOTALL)
_RENAMED = {
    "snapshots.automatic_backup_mode": "schedule.mode",
    "snapshots.automatic_backup_time": "schedule.time",
    "snapshots.automatic_backup_day": "schedule.day",
    "snapshots.automatic_backup_weekday": "schedule.weekday",
    "snapshots.automatic_backup_anacron_period": "schedule.repeatedly.period",
    "snapshots.automatic_backup_anacron_unit": "schedule.repeatedly.unit",
    "snapshots.custom_backup_time": "schedule.custom_time",
    "snapshots.full_rsync.take_snapshot_regardless_of_changes": "snapshots.take_snapshot_regardless_of_changes",
}
_LISTS_OF_4 = {"snapshots.include_folders": "snapshots.include", "snapshots.exclude_patterns": "snapshots.exclude"}


@dataclass(frozen=True, slots=True)
class ForeignProfile:
    """What Back In Time says of one profile; keys are those of version 6, without `profile<N>.`."""

    number: str
    name: str
    keys: dict[str, str] = field(hash=False)

    def text(self, key: str, default: str = "") -> str:
        """Return a value."""
        return self.keys.get(key, default)

    def flag(self, key: str, default: bool) -> bool:
        """Return a yes or no: `1` and `true` are yes, all else that is written is no."""
        value = self.keys.get(key)
        return default if value is None else value.lower() in ("1", "true")

    def whole(self, key: str, default: int) -> int:
        """Return a whole number; what is none counts as not written, as it does there."""
        try:
            return int(self.keys.get(key, ""))
        except ValueError:
            return default

    def listed(self, key: str) -> Iterator[tuple[str, str]]:
        """Yield number and value of a list's members, in order; a member without a value is left out."""
        for number in range(1, self.whole(f"{key}.size", 0) + 1):
            value = self.keys.get(f"{key}.{number}.value")
            if value:
                yield str(number), value


@dataclass(frozen=True, slots=True)
class ForeignConfig:
    """A whole configuration."""

    version: int | None
    """None: it does not say, which happens with those between 4 and 6."""
    profiles: tuple[ForeignProfile, ...]
    general: dict[str, str] = field(hash=False)
    """Keys that are about no profile."""


def read_config(text: str, place: str) -> ForeignConfig:
    """Return the configuration that a text holds; `place` names it in errors.

    UsageError: older than version 4, newer than 6, or none at all.
    """
    general: dict[str, str] = {}
    numbered: dict[str, dict[str, str]] = {}
    for key, value in _pairs(text):
        match = _PROFILE_KEY.fullmatch(key)
        (general if match is None else numbered.setdefault(match[1], {}))[match[2] if match else key] = value
    version = _version_of(general, place)
    order = general.get("profiles", "1").split(":")
    listed = [number for number in dict.fromkeys(order) if number in numbered]
    if not listed:
        raise UsageError(
            f"{place} is no configuration of Back In Time, or an empty one: there is no profile in it",
            hint="Give the path of its file: usually ~/.config/backintime/config.",
        )
    profiles = tuple(_profile(number, numbered[number]) for number in listed)
    return ForeignConfig(version, profiles, general)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        if equals:
            yield key.strip(), value.strip()


def _version_of(general: dict[str, str], place: str) -> int | None:
    said = general.get("config.version")
    if said is None:
        return None
    if not said.isdecimal() or not _OLDEST_VERSION <= int(said) <= NEWEST_VERSION:
        is_old = said.isdecimal() and int(said) < _OLDEST_VERSION
        raise UsageError(
            f"{place} is of version {said}, and versions {_OLDEST_VERSION} to {NEWEST_VERSION} are known",
            hint="Open it once with Back In Time 1.1.12, which brings it to version 5, and import it then."
            if is_old
            else "Import it with a newer yester.",
        )
    return int(said)


def _profile(number: str, said: dict[str, str]) -> ForeignProfile:
    keys: dict[str, str] = {}
    for key, value in said.items():
        if key in _LISTS_OF_4:
            keys |= _list_of_4(_LISTS_OF_4[key], value)
        else:
            keys.setdefault(_RENAMED.get(key, key), value)
    default = _DEFAULT_NAME if number == "1" else f"Profile {number}"
    return ForeignProfile(number, keys.pop("name", "") or default, keys)


def _list_of_4(key: str, value: str) -> dict[str, str]:
    """Return a colon-separated list of version 4 as one of numbered members; a folder's `|type` means nothing now."""
    is_folder = key.endswith("include")
    members = [member for member in value.split(":") if member]
    if is_folder:
        members = [posixpath.normpath(member.partition("|")[0]) for member in members]
    numbered = {f"{key}.{number}.value": member for number, member in enumerate(members, 1)}
    return numbered | {f"{key}.size": str(len(members))}
