"""Back In Time's world on the host's side: its plugin files and user-callback, and what they are told of profiles."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import Message, clean
from yester.engine.host import host_name, user_name
from yester.engine.places import Places
from yester.engine.profiles.numbers import Numbered, Wanted, numbers_of
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile, profile_names
from yester.plugins.asks import Asking
from yester.plugins.backintime import keys, mapping
from yester.plugins.found import Found, folder_of, listed
from yester.plugins.manner import Manner
from yester.plugins.settings import PluginSettings
from yester.plugins.surroundings import Surroundings
from yester.plugins.worker.problems import AskRefused

WORLD = "backintime"
CALLBACK = "user-callback"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .+-]*")
_SID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{3}", re.ASCII)


def find(places: Places, settings: PluginSettings, all_of_them: bool) -> Iterator[Found]:
    """Find the files of the folder, and the script unless a plugin file for it is there and on."""
    has_file = False
    for path in listed(folder_of(places, WORLD)):
        name = path.name.removesuffix(".py")
        if path.suffix == ".py" and not name.startswith(("__", ".")):
            bad = "" if _NAME.fullmatch(name) else "its name is none for a plugin: letters, digits, blanks and -_+."
            is_on = settings.switch(WORLD, name) is not False
            has_file = has_file or (name == "usercallbackplugin" and is_on)
            yield Found(name, WORLD, str(path), is_on, problem=bad)
    script = next((path for path in scripts(places) if path.exists()), None)
    if script is not None:
        said = settings.switch(WORLD, CALLBACK)
        yield Found(CALLBACK, WORLD, str(script), not has_file if said is None else said)


def scripts(places: Places) -> list[Path]:
    """Return where a user-callback may lie: yester's place, then Back In Time's own. The first that is there counts."""
    home = os.environ.get("XDG_CONFIG_HOME")
    theirs = Path(home) if home and os.path.isabs(home) else Path.home() / ".config"
    return [places.config / WORLD / CALLBACK, theirs / WORLD / CALLBACK]


@dataclass(frozen=True, slots=True)
class _Told:
    """What plugins are told of this machine."""

    numbers: Mapping[str, Numbered]
    profiles: Mapping[str, Profile]
    current: str
    """The id of the profile that is meant; empty for none."""
    problem: str

    @property
    def number(self) -> int:
        return self.numbers[self.current].number if self.current else 0


def settings(around: Surroundings) -> dict[str, Any]:
    """Return what the world in the worker is told: profiles with their numbers, as keys of a configuration."""
    told = _told(around)
    return {
        "config": _config(around, told),
        "numbers": {id: str(each.number) for id, each in told.numbers.items()},
        "current": str(told.number or ""),
        "scripts": [clean(str(path)) for path in scripts(around.places)],
        "plugins": clean(str(folder_of(around.places, WORLD))),
        "folder": clean(os.getcwd()),
        "problem": told.problem,
    }


def _told(around: Surroundings) -> _Told:
    profiles = {profile.id.hex(): profile for profile in _profiles(around)}
    problem = ""
    wanted = [Wanted(id, clean(profile.name)) for id, profile in profiles.items()]
    try:
        numbers = numbers_of(around.places, wanted)
    except YesterError as error:
        problem = f"{error.what}; profiles have numbers for this run only"
        numbers = {each.id: Numbered(place, each.id, "100", each.name) for place, each in enumerate(wanted, 1)}
    return _Told(numbers, profiles, _current(around, profiles, numbers), problem)


def _profiles(around: Surroundings) -> Iterator[Profile]:
    """Yield all profiles that can be read, by name, the one at work as it is at work."""
    folder, own = around.places.config / "profiles", around.profile
    try:
        names = {*profile_names(folder)}
    except UsageError:
        names = set()  # said when one is used
    for name in sorted(names | ({own.name} if own is not None else set())):
        try:
            yield own if own is not None and own.name == name else load_profile(folder, name)
        except UsageError:
            continue  # as above


def _current(around: Surroundings, profiles: Mapping[str, Profile], numbers: Mapping[str, Numbered]) -> str:
    """Return the profile at work, or of those whose repository it is the one with the smallest number."""
    if around.profile is not None:
        return around.profile.id.hex()
    here = [id for id, profile in profiles.items() if _repository(profile, around.places) == around.repository]
    return min(here, key=lambda id: numbers[id].number, default="")


def _repository(profile: Profile, places: Places) -> str:
    stated = profile.repository or os.environ.get("YESTER_REPOSITORY", "")
    place = stated or str(places.data / "repository")
    return place if "://" in place else os.path.abspath(Path(place).expanduser())


def _root(around: Surroundings) -> Path:
    return around.places.runtime / WORLD / (around.run or "none")


def _config(around: Surroundings, told: _Told) -> dict[str, str]:
    target, host, user = clean(str(_root(around))), host_name(), user_name()
    said = {
        told.numbers[id].number: keys.profile_keys(profile, told.numbers[id], target, host, user)
        for id, profile in told.profiles.items()
    }
    return {key: clean(value) for key, value in keys.config_keys(said).items()}


def _snapshot_path(asking: Asking, plugin: str, arguments: Sequence[Any]) -> str:
    """Show a new snapshot as Back In Time would have it, and return the folder; also where it cannot be shown."""
    match arguments:
        case [str(snapshot), str(sid)] if _SID.fullmatch(sid):
            pass
        case _:
            raise AskRefused("a snapshot's path is asked for by its id and SID")
    around = asking.surroundings
    told = _told(around)
    numbered = told.numbers.get(told.current, Numbered(1, "", "100", ""))
    place = (host_name(), user_name(), str(numbered.number), sid)
    folder = _root(around).joinpath("backintime", *place)
    said = {
        **keys.info_keys(numbered, *place[:2], sid),
        **keys.named("user", "uid", _users()),
        **keys.named("group", "gid", _groups()),
    }
    files = {"info": keys.as_file(said), "config": keys.as_file(_config(around, told))}
    problem = around.views.show(snapshot, _root(around), folder, files) if around.views is not None else ""
    if problem:
        text = f"{problem}; plugins of Back In Time get the path that the snapshot would have, and nothing is there"
        asking.audience.said(Message(level="warning", text=text))
    return clean(str(folder))


@cache
def _users() -> dict[int, str]:
    import pwd

    return {each.pw_uid: each.pw_name for each in reversed(pwd.getpwall())}


@cache
def _groups() -> dict[int, str]:
    import grp

    return {each.gr_gid: each.gr_name for each in reversed(grp.getgrall())}


MANNER = Manner(
    2,
    find,
    "exceptions.StopException",
    settings,
    mapping.is_reversed,
    answers={"snapshot_path": _snapshot_path},
    herald=mapping.herald,
    hears_after_stop=False,
    hears={kind: f"`{mapping.shown(method)}`" for kind, (method, _, _) in mapping.WAYS.items()},
)
