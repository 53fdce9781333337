"""Importing profiles of Back In Time: finding its configuration, and planning and saving profiles of ours.

A profile's id is made from what it is there (host, user, number, target): importing it again finds what the first time
made, and its snapshots go on in the same series.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from blake3 import blake3

from yester.engine.errors import UsageError
from yester.engine.host import user_name
from yester.engine.importing.config_file import ForeignConfig, ForeignProfile, read_config
from yester.engine.importing.translating import Translation, name_for, translate_profile
from yester.engine.places import Places
from yester.engine.profiles.numbers import Wanted, numbers_of
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile, parse_profile, profile_names
from yester.engine.profiles.writing import render, save_profile

_SYSTEM_CONFIG = Path("/etc/backintime/config")
_CONTEXT = "yester v1 profile imported from Back In Time"
_MOUNTS = ".local/share/backintime/mnt"


@dataclass(frozen=True, slots=True)
class ProfilePlan:
    """One profile there, and what it is here."""

    foreign: ForeignProfile
    profile: Profile
    translation: Translation | None
    """None: it was imported before, and stays as it is now."""
    snapshots: Path | None
    """The folder of its snapshots there; None: not within reach."""


def find_config(asked: Path | None) -> Path:
    """Return the configuration to read: the one asked for, this user's, or the system's. UsageError: there is none."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    places = [asked] if asked is not None else [Path(home, "backintime/config"), _SYSTEM_CONFIG]
    for place in places:
        if place.is_file():
            return place
    raise UsageError(
        f"There is no configuration of Back In Time at {' or '.join(map(str, places))}",
        hint="Give its path: yester import backintime CONFIG",
    )


def load_config(path: Path) -> ForeignConfig:
    """Read a configuration. UsageError when it cannot be read or is of an unknown version."""
    try:
        return read_config(path.read_text("utf-8", "surrogateescape"), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def plan_profiles(
    config: ForeignConfig, places: Places, repository: str, numbers: Collection[str], snapshots_from: Path | None
) -> tuple[list[ProfilePlan], list[UsageError]]:
    """Return what each profile is here, and why some are none; `numbers` chooses by their numbers there, or names.

    UsageError for a choice that is none, and where no profile is left.
    """
    known = {foreign.number for foreign in config.profiles} | {foreign.name for foreign in config.profiles}
    for number in numbers:
        if number not in known:
            choices = ", ".join(f"{foreign.number} ({foreign.name})" for foreign in config.profiles)
            raise UsageError(f"Back In Time has no profile {number}", hint=f"There are: {choices}.")
    folder = places.config / "profiles"
    ours = _ours(folder)
    taken = set(profile_names(folder))
    plans: list[ProfilePlan] = []
    refused: list[UsageError] = []
    for foreign in config.profiles:
        if numbers and not {foreign.number, foreign.name} & set(numbers):
            continue
        found = snapshot_folder(foreign, snapshots_from)
        before = ours.get(profile_id(foreign))
        if before is not None:
            plans.append(ProfilePlan(foreign, before, None, found))
            continue
        name = name_for(foreign.name, taken)
        try:
            translation = translate_profile(
                foreign, name=name, id=profile_id(foreign), repository=repository, own_folders=_own_folders()
            )
        except UsageError as problem:
            refused.append(problem)
            continue
        taken.add(name)
        profile = replace(translation.profile, text=render(translation.profile))
        # Read back: what is written must be a profile.
        profile = parse_profile(name, profile.text, f"what {foreign.name} becomes")
        plans.append(ProfilePlan(foreign, profile, translation, found))
    if refused and not plans:
        raise refused[0]
    return plans, refused


def _ours(folder: Path) -> dict[bytes, Profile]:
    found = {}
    for name in profile_names(folder):
        try:
            profile = load_profile(folder, name)
        except UsageError:
            continue  # a broken profile is not one that was imported whole
        found[profile.id] = profile
    return found


def _own_folders() -> tuple[str, ...]:
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    return (f"{data}/backintime", _MOUNTS)


def profile_id(foreign: ForeignProfile) -> bytes:
    """Return the id that a profile has here, the same each time."""
    what = (*foreign_owner(foreign), foreign.text("snapshots.mode", "local"), foreign.text("snapshots.path"))
    text = "\0".join(what).encode("utf-8", "surrogateescape")
    return blake3(text, derive_key_context=_CONTEXT).digest(16)


def foreign_owner(foreign: ForeignProfile) -> tuple[str, str, str]:
    """Return host, user and number, of which the path of its snapshots is made."""
    return (
        foreign.text("snapshots.path.host") or os.uname().nodename,
        foreign.text("snapshots.path.user") or user_name(),
        foreign.text("snapshots.path.profile") or foreign.number,
    )


def snapshot_folder(foreign: ForeignProfile, asked: Path | None) -> Path | None:
    """Return the folder of a profile's snapshots; None when it is not within reach.

    `asked` stands in for the target: where a remote or encrypted one is mounted.
    """
    target = asked
    if target is None and foreign.text("snapshots.mode", "local") == "local" and foreign.text("snapshots.path"):
        target = Path(foreign.text("snapshots.path"))
    folder = target.joinpath("backintime", *foreign_owner(foreign)) if target is not None else None
    return folder if folder is not None and folder.is_dir() else None


def save_profiles(plans: Collection[ProfilePlan], places: Places) -> None:
    """Write the profiles that are new, and let all keep their numbers. UsageError when one cannot be written."""
    numbers_of(places, map(_wanted, plans))
    for plan in plans:
        if plan.translation is not None:
            save_profile(places.config / "profiles", plan.profile)


def _wanted(plan: ProfilePlan) -> Wanted:
    foreign = plan.foreign
    return Wanted(plan.profile.id.hex(), plan.profile.name, int(foreign.number), foreign.text("snapshots.tag"))
