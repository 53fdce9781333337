"""Reading profiles: from TOML by the table of keys; every mistake with its file, its line and what to do about it."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from stat import S_ISREG
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean, nearest
from yester.engine.profiles.contradictions import contradictions
from yester.engine.profiles.keys import KEYS, OPEN_TABLES, TABLES, Key, keys_of, tables_in
from yester.engine.profiles.kinds import WrongValue
from yester.engine.profiles.mistake import Mistake
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.toml_text import toml_line

LARGEST_FILE = 1 << 20
"""No profile is longer: what is, is no profile."""

MOST_MISTAKES = 100
"""Beyond these nobody reads on, and the file is of another kind."""

_NAME = re.compile(r"\w[\w.+ -]{0,63}")
_MEND = "Mend the file: yester profile edit {name}"


def checked_profile_name(name: str) -> str:
    """Return `name` when it may name a profile, a file and a folder of the mount; UsageError else."""
    if _NAME.fullmatch(name) is None or name.endswith(" "):
        raise UsageError(
            f"{name!r} cannot name a profile",
            hint="Use up to 64 letters, digits, blanks and . _ + -, beginning with a letter or a digit.",
        )
    return name


def profile_path(folder: Path, name: str) -> Path:
    """Return where the profile of that name is kept."""
    return folder / f"{name}.toml"


def profile_names(folder: Path) -> list[str]:
    """Return the names of all profiles in the folder, sorted; none when there is no folder. UsageError: unreadable."""
    try:
        found = [entry.removesuffix(".toml") for entry in os.listdir(folder) if entry.endswith(".toml")]
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise UsageError(
            f"The profiles in {folder} cannot be listed: {problem.strerror}",
            hint="XDG_CONFIG_HOME moves profiles elsewhere.",
        ) from None
    return sorted(name for name in found if _NAME.fullmatch(name))


def load_profile(folder: Path, name: str) -> Profile:
    """Read a profile. UsageError when there is none (with the nearest names) or when it cannot be understood."""
    return parse_profile(name, profile_text(folder, name), str(profile_path(folder, name)))


def profile_text(folder: Path, name: str) -> str:
    """Return the file of a profile as it is; UsageError as `load_profile`."""
    path = profile_path(folder, checked_profile_name(name))
    try:
        return _read(path)
    except FileNotFoundError:
        names = profile_names(folder)
        hint = did_you_mean(name, names) if names else f"Add it: yester profile add {quote(name)} FOLDER"
        raise UsageError(f"There is no profile {name}", hint=hint or "See yester profile list.") from None
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise UsageError(
            f"Profile {name}: {path} cannot be read: {why}",
            hint=f"Mend that, or move it away and add the profile again; to try it: yester profile check {quote(name)}",
        ) from None


def _read(path: Path) -> str:
    """Return the text of a file; OSError too when it is none, such as a pipe that nobody writes to, or endless."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is not a file")
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise OSError(0, f"it is longer than {LARGEST_FILE:,} bytes, which no profile is")
    return raw.decode()


def parse_profile(name: str, text: str, place: str) -> Profile:
    """Return the profile that a TOML text describes; `place` names the text in errors (UsageError: the first one)."""
    profile, mistakes = _understood(name, text, place)
    if profile is None:
        raise mistakes[0]
    return profile


def profile_mistakes(name: str, text: str, place: str) -> list[UsageError]:
    """Return all that is wrong with a text, in its order; empty when it is a profile."""
    return _understood(name, text, place)[1]


def _understood(name: str, text: str, place: str) -> tuple[Profile | None, list[UsageError]]:
    try:
        said = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        why = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        what = f"Profile {name}: {place} is not valid TOML: {why}"
        return None, [UsageError(what, hint=_MEND.format(name=quote(name)))]
    reading = _Reading([])
    profile = reading.profile(name, text, said)
    return profile, _worded(name, place, text, reading.mistakes) if reading.mistakes else []


def _worded(name: str, place: str, text: str, mistakes: list[Mistake]) -> list[UsageError]:
    """Return mistakes as errors, in the order of the text; a key that is missing comes last."""
    from yester.engine.profiles.lines import Lines  # only a mistake needs it

    lines = Lines(text)
    located = [(lines.line_of(mistake.table, mistake.key), mistake) for mistake in mistakes]
    located.sort(key=lambda pair: len(text) if pair[0] is None else pair[0])
    return [
        UsageError(
            f"Profile {name}: {place}{'' if line is None else f', line {line}'}: {mistake.what}",
            hint=mistake.hint or _MEND.format(name=quote(name)),
        )
        for line, mistake in located
    ]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a file, and the mistakes found on the way."""

    mistakes: list[Mistake]

    def profile(self, name: str, text: str, said: Mapping[str, Any]) -> Profile | None:
        """Return the profile, or None when there are mistakes."""
        values = self._values("", said)
        self.mistakes.extend(_lacking(said))
        if self.mistakes:
            return None
        profile = Profile(name=name, text=text, **values)
        self.mistakes.extend(contradictions(profile, said))
        return None if self.mistakes else profile

    def _values(self, table: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return field → meant value of a table and those in it."""
        values: dict[str, Any] = {}
        inner = tables_in(table)
        for name, raw in said.items():
            if len(self.mistakes) >= MOST_MISTAKES:
                break
            if name in inner:
                self._inner(table, name, raw, values)
            elif key := KEYS.get((table, name)):
                self._value(key, raw, values)
            else:
                self.mistakes.append(_unknown(table, name))
        return values

    def _inner(self, table: str, name: str, raw: object, values: dict[str, Any]) -> None:
        path = f"{table}.{name}" if table else name
        if not isinstance(raw, dict):
            self.mistakes.append(Mistake(table, name, f"{path} is a table", f"Write [{path}] and its keys below it."))
        elif path in OPEN_TABLES:
            values[name] = dict(self._options(path, raw))
        else:
            values[name] = TABLES[path].spec(**self._values(path, raw))

    def _options(self, table: str, said: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
        for name, options in said.items():
            if isinstance(options, dict):
                yield name, options
            else:
                hint = f"Write [{table}.{name}] and its options below it."
                self.mistakes.append(Mistake(table, name, f"{table}.{name} is a table", hint))

    def _value(self, key: Key, raw: object, values: dict[str, Any]) -> None:
        try:
            values[key.attribute] = key.kind.read(raw)
        except WrongValue as problem:
            self.mistakes.append(
                Mistake(key.table, key.name, f"{key.name} {problem.what}", problem.hint or _example(key))
            )


def _example(key: Key) -> str:
    """Return a hint that shows how the key is written."""
    if key.shown in (None, "", ()):
        return ""
    return f"Write, for example: {key.name} = {toml_line(key.kind.raw(key.shown))}"


def _lacking(said: Mapping[str, object]) -> list[Mistake]:
    return [
        Mistake("", key.name, f"the key {key.name} is missing", _example(key))
        for key in keys_of("")
        if key.is_required and key.name not in said
    ]


def _unknown(table: str, name: str) -> Mistake:
    """Return the mistake of a key that there is not: where it belongs, or the nearest valid one."""
    what = f"there is no key {name}" + (f" in [{table}]" if table else "")
    near = [key.name for key in keys_of(table)] + tables_in(table)
    elsewhere = [key.table for key in KEYS.values() if key.name == name]
    if elsewhere and not nearest(name, near):
        where = f"into [{elsewhere[0]}]" if elsewhere[0] else "to the top, before the first [table]"
        return Mistake(table, name, what, f"{name} belongs {where}.")
    return Mistake(table, name, what, did_you_mean(name, near) or "All keys: yester profile keys")
