"""Back In Time's configuration: `key=value` lines, with keys of several profiles."""

import re
from collections.abc import Callable, Sequence
from typing import Any

_MAIN = "Main profile"
_KINDS = ("str", "int", "bool")


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("1", "true")


class ConfigFile:
    """Values by key, all of them text."""

    def __init__(self) -> None:
        self.dict: dict[str, str] = {}

    def load(self, filename: str, **kwargs: Any) -> bool:
        """Read a file; return whether it could be read."""
        self.dict = {}
        return self.append(filename, **kwargs)

    def append(self, filename: str, maxsplit: int = 1) -> bool:
        """Read a file, over what is there."""
        try:
            with open(filename, encoding="utf-8", errors="surrogateescape") as file:
                lines = file.read().split("\n")
        except OSError:
            return False
        for line in lines:
            key, equals, value = line.partition("=")
            if equals:
                self.dict[key.strip()] = value.strip()
        return True

    def save(self, filename: str) -> bool:
        """Write a file; return whether that could be done."""
        try:
            with open(filename, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.writelines(f"{key}={value}\n" for key, value in sorted(self.dict.items()))
        except OSError:
            return False
        return True

    def hasKey(self, key: str) -> bool:
        """Return whether a key has a value."""
        return key in self.dict

    hasValue = hasKey

    def keys(self) -> list[str]:
        """Return all keys."""
        return list(self.dict)

    def removeKey(self, key: str) -> None:
        """Take a key away."""
        self.dict.pop(key, None)

    def removeKeysStartsWith(self, prefix: str) -> None:
        """Take keys away."""
        for key in [key for key in self.dict if key.startswith(prefix)]:
            del self.dict[key]

    def remapKey(self, old_key: str, new_key: str) -> None:
        """Give a value another key, unless that one has a value already."""
        if old_key in self.dict and new_key not in self.dict:
            self.dict[new_key] = self.dict.pop(old_key)

    def remapKeyRegex(self, pattern: str, replace: str) -> None:
        """Give values other keys, where a pattern is found in them."""
        for key in self.keys():
            self.remapKey(key, re.sub(pattern, replace, key))

    def strValue(self, key: str, default: str = "") -> str:
        """Return a text."""
        return self.dict.get(key, default)

    def setStrValue(self, key: str, value: str) -> None:
        """Set a text, for this run."""
        self.dict[key] = value

    def intValue(self, key: str, default: int = 0) -> int:
        """Return a whole number; what is none counts as not there."""
        try:
            return int(self.dict[key])
        except (KeyError, ValueError):
            return default

    def setIntValue(self, key: str, value: int) -> None:
        """Set a whole number, for this run."""
        self.dict[key] = str(value)

    def boolValue(self, key: str, default: bool = False) -> bool:
        """Return a yes or no."""
        value = self.dict.get(key)
        return default if value is None else _is_true(value)

    def setBoolValue(self, key: str, value: bool) -> None:
        """Set a yes or no, for this run."""
        self.dict[key] = "true" if value else "false"

    def listValue(self, key: str, type_key: Any = "str:value", default: Any = None) -> list[Any]:
        """Return a list: its members are `KEY.N.FIELD` up to `KEY.size`; several fields make tuples."""
        fields = _fields(type_key)
        size = self.intValue(f"{key}.size", -1)
        if size < 0:
            return [] if default is None else default
        rows = [
            tuple(self._field(field, f"{key}.{number}.") for field in fields)
            for number in range(1, size + 1)
            if f"{key}.{number}.{fields[0].partition(':')[2]}" in self.dict
        ]
        return rows if len(fields) > 1 else [row[0] for row in rows]

    def setListValue(self, key: str, type_key: Any, value: Any) -> None:
        """Set a list, for this run; what is left of a longer one goes. TypeError for what is none."""
        fields = _fields(type_key)
        if not isinstance(value, list | tuple):
            raise TypeError(f"a list is set, not {value!r}")
        self.removeKeysStartsWith(f"{key}.")
        self.setIntValue(f"{key}.size", len(value))
        for number, row in enumerate(value, 1):
            for field, item in zip(fields, [row] if isinstance(type_key, str) else row, strict=False):
                self._set_field(field, f"{key}.{number}.", item)

    def _set_field(self, said: str, prefix: str, value: Any) -> None:
        kind, _, name = said.partition(":")
        setter: Callable[[str, Any], None] = {"int": self.setIntValue, "bool": self.setBoolValue}.get(
            kind, self.setStrValue
        )
        setter(prefix + name, value)

    def _field(self, said: str, prefix: str) -> Any:
        kind, _, name = said.partition(":")
        value: Callable[[str], Any] = {"int": self.intValue, "bool": self.boolValue}.get(kind, self.strValue)
        return value(prefix + name)


def _fields(type_key: Any) -> Sequence[str]:
    """Return the fields of a list, each `KIND:NAME`; TypeError."""
    fields = [type_key] if isinstance(type_key, str) else type_key
    if not isinstance(fields, list | tuple):
        raise TypeError(f"fields are text, or a tuple of it, not {type_key!r}")
    for field in fields:
        if str(field).partition(":")[0] not in _KINDS:
            raise TypeError(f"a field is one of {', '.join(_KINDS)}, not {field!r}")
    return fields


class ConfigFileWithProfiles(ConfigFile):
    """Values of several profiles: their keys begin with `profileN.`; N is text, "1" the main one."""

    def __init__(self, default_profile_name: str = _MAIN) -> None:
        super().__init__()
        self.default_profile_name = default_profile_name
        self.current_profile_id = "1"

    def profiles(self) -> list[str]:
        """Return the numbers of the profiles."""
        return self.strValue("profiles", "1").split(":")

    def profilesSortedByName(self) -> list[str]:
        """Return the numbers of the profiles, by their names."""
        return sorted(self.profiles(), key=lambda number: self.profileName(number).upper())

    def currentProfile(self) -> str:
        """Return the number of the profile that the run is about."""
        return self.current_profile_id

    def setCurrentProfile(self, profile_id: Any) -> bool:
        """Let another profile be meant; return whether there is such a one."""
        if str(profile_id) not in self.profiles():
            return False
        self.current_profile_id = str(profile_id)
        return True

    def setCurrentProfileByName(self, name: str) -> bool:
        """Let another profile be meant, by its name."""
        return any(self.profileName(number) == name and self.setCurrentProfile(number) for number in self.profiles())

    def addProfile(self, name: str) -> str | None:
        """Add a profile, for this run; return its number, the smallest that is free. None: there is one of the name."""
        if self.profileExistsByName(name):
            return None
        numbers = self.profiles()
        number = next(each for each in map(str, range(1, len(numbers) + 2)) if each not in numbers)
        self._keep_profiles([*numbers, number])
        self.dict[f"profile{number}.name"] = name
        return number

    def removeProfile(self, profile_id: Any = None) -> bool:
        """Take a profile away, for this run; return whether that was done: one has to stay."""
        number, numbers = self._number(profile_id), self.profiles()
        if number not in numbers or len(numbers) < 2:
            return False
        self.removeKeysStartsWith(f"profile{number}.")
        numbers.remove(number)
        self._keep_profiles(numbers)
        if self.current_profile_id == number:
            self.current_profile_id = numbers[0]
        return True

    def _keep_profiles(self, numbers: Sequence[str]) -> None:
        self.dict["profiles"] = ":".join(sorted(numbers, key=int))

    def setProfileName(self, name: str, profile_id: Any = None) -> bool:
        """Call a profile otherwise, for this run; return whether the name was free."""
        if self.profileExistsByName(name):
            return False
        self.setProfileStrValue("name", name, profile_id)
        return True

    def profileExistsByName(self, name: str) -> bool:
        """Return whether there is a profile of that name."""
        return any(self.profileName(number) == name for number in self.profiles())

    def profileExists(self, profile_id: Any) -> bool:
        """Return whether there is a profile of that number."""
        return str(profile_id) in self.profiles()

    def isCurrentProfile(self, profile_id: Any) -> bool:
        """Return whether a profile is the one that is meant."""
        return str(profile_id) == self.current_profile_id

    def profileName(self, profile_id: Any = None) -> str:
        """Return a profile's name."""
        number = self._number(profile_id)
        default = self.default_profile_name if number == "1" else f"Profile {number}"
        return self.profileStrValue("name", default, number)

    def hasProfileKey(self, key: str, profile_id: Any = None) -> bool:
        """Return whether a key of a profile has a value."""
        return self.hasKey(self._key(key, profile_id))

    hasProfileValue = hasProfileKey

    def profileStrValue(self, key: str, default: str = "", profile_id: Any = None) -> str:
        """Return a text of a profile's."""
        return self.strValue(self._key(key, profile_id), default)

    def setProfileStrValue(self, key: str, value: str, profile_id: Any = None) -> None:
        """Set a text of a profile's, for this run."""
        self.setStrValue(self._key(key, profile_id), value)

    def profileIntValue(self, key: str, default: int = 0, profile_id: Any = None) -> int:
        """Return a whole number of a profile's."""
        return self.intValue(self._key(key, profile_id), default)

    def setProfileIntValue(self, key: str, value: int, profile_id: Any = None) -> None:
        """Set a whole number of a profile's, for this run."""
        self.setIntValue(self._key(key, profile_id), value)

    def profileBoolValue(self, key: str, default: bool = False, profile_id: Any = None) -> bool:
        """Return a yes or no of a profile's."""
        return self.boolValue(self._key(key, profile_id), default)

    def setProfileBoolValue(self, key: str, value: bool, profile_id: Any = None) -> None:
        """Set a yes or no of a profile's, for this run."""
        self.setBoolValue(self._key(key, profile_id), value)

    def profileListValue(
        self, key: str, type_key: Any = "str:value", default: Any = None, profile_id: Any = None
    ) -> list[Any]:
        """Return a list of a profile's."""
        return self.listValue(self._key(key, profile_id), type_key, default)

    def setProfileListValue(self, key: str, type_key: Any, value: Any, profile_id: Any = None) -> None:
        """Set a list of a profile's, for this run. TypeError for what is none."""
        self.setListValue(self._key(key, profile_id), type_key, value)

    def removeProfileKey(self, key: str, profile_id: Any = None) -> None:
        """Take a key of a profile's away."""
        self.removeKey(self._key(key, profile_id))

    def removeProfileKeysStartsWith(self, prefix: str, profile_id: Any = None) -> None:
        """Take keys of a profile's away."""
        self.removeKeysStartsWith(self._key(prefix, profile_id))

    def remapProfileKey(self, old_key: str, new_key: str, profile_id: Any = None) -> None:
        """Give a value of a profile's another key."""
        self.remapKey(self._key(old_key, profile_id), self._key(new_key, profile_id))

    def profileKey(self, key: str, profile_id: Any = None) -> str:
        """Return the whole key of a profile's."""
        return self._key(key, profile_id)

    def _number(self, profile_id: Any) -> str:
        return self.current_profile_id if profile_id is None else str(profile_id)

    def _key(self, key: str, profile_id: Any) -> str:
        return f"profile{self._number(profile_id)}.{key}"
