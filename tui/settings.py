"""What a person wants of the terminal program: `tui.toml` in the configuration folder, and the environment."""

import os
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from yester.engine.errors import UsageError
from yester.engine.places import ensured
from yester.tui.keys import Preset, all_keys, clash, keymap
from yester.tui.state.looks import KNOWN
from yester.tui.state.own_commands import OwnCommand
from yester.tui.state.text import ASCII, UNICODE, Glyphs

FILE = "tui.toml"
CHANGEABLE = ("theme", "preset", "motion", "glyphs")
"""What can be set from the program and by `yester tui --set`."""
_GUIDE = "See the user guide, The terminal program."


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says."""

    theme: str = "yester-dark"
    preset: Preset = "default"
    """Which keys: default, vim or mc."""
    motion: Literal["full", "none"] = "full"
    """Whether what scrolls glides, and the cursor of a field blinks."""
    glyphs: Annotated[str, msgspec.Meta(pattern="^(unicode|ascii)$")] = "unicode"
    keys: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Id of a key → the keys that it has instead."""
    commands: tuple[OwnCommand, ...] = ()
    """Commands of one's own, on keys."""
    diff: str = ""
    """A program that compares two files: its words, with {before} and {after}, else the two stand at the end."""

    @property
    def signs(self) -> Glyphs:
        """The alphabet of signs."""
        return ASCII if self.glyphs == "ascii" else UNICODE


def read_settings(config: Path) -> Settings:
    """Return what the file says, or the defaults where there is none. UsageError: it is wrong."""
    path = config / FILE
    return _understood(path, _text_of(path))


def change_settings(config: Path, changes: Mapping[str, str]) -> Settings:
    """Write other values into the file, and keep all else in it; UsageError: it is wrong then, and stays as it was."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from yester.engine.profiles.writing import write_whole

    path = Path(os.path.realpath(config / FILE))
    try:
        document = tomlkit.parse(_text_of(path))
    except TOMLKitError as problem:
        raise UsageError(f"{path} is wrong: {problem}", hint=_GUIDE) from None
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise UsageError(
                f"There is no setting {name} that can be set here", hint=f"One of {', '.join(CHANGEABLE)}."
            )
        document[name] = value
    text = tomlkit.dumps(document)
    settings = _understood(path, text)
    try:
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
        write_whole(ensured(path.parent) / path.name, text, os.replace, mode)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem.strerror}", hint="Check its rights.") from None
    return settings


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path} cannot be read: {problem}") from None


def _understood(path: Path, text: str) -> Settings:
    try:
        said = tomllib.loads(text)
        settings = msgspec.convert({"glyphs": "unicode" if _is_unicode() else "ascii", **said}, Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise UsageError(f"{path} is wrong: {problem}", hint=_choices(str(problem)) or _GUIDE) from None
    mistake, hint = _mistake(settings)
    if mistake:
        raise UsageError(f"{path} is wrong: {mistake}", hint=hint)
    return settings


def _choices(problem: str) -> str:
    """Return what the key that is wrong may say; empty where that is no choice."""
    named = (name for name in KNOWN if f"$.{name}`" in problem)
    return next((f"{name} is one of {', '.join(KNOWN[name])}." for name in named), "")


def _mistake(settings: Settings) -> tuple[str, str]:
    """Return what is wrong with the keys and commands, and what to do; empty when nothing is."""
    try:
        compared_by(settings.diff, "a", "b")
    except ValueError as unclosed:
        return f"diff cannot be run: {unclosed}", 'For example: diff = "vimdiff {before} {after}"'
    unknown = settings.keys.keys() - {id for id, _ in all_keys()}
    if unknown:
        return f"there is no key {min(unknown)}", "Ids: docs/tui-keys.md"
    problem = next(filter(None, (command.problem() for command in settings.commands)), "")
    if problem:
        return problem, _GUIDE
    own = [(command.place, command.key, f"your command {command.title}") for command in settings.commands]
    return clash(keymap(settings.preset, settings.keys), own), "Give one of them another key; ids: docs/tui-keys.md"


def compared_by(diff: str, before: str, after: str) -> list[str]:
    """Return the words of a program that compares two files. ValueError: they are none."""
    words = shlex.split(diff)
    if any("{before}" in word or "{after}" in word for word in words):
        return [word.replace("{before}", before).replace("{after}", after) for word in words]
    return [*words, before, after]


def _is_unicode() -> bool:
    """Whether the terminal is said to show more than ASCII; the font of a Linux console has no such signs."""
    if os.environ.get("TERM") == "linux":
        return False
    said = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return said.upper().replace("-", "").endswith("UTF8")
