"""What a person wants of the terminal program: `tui.toml` in the configuration folder, and the environment."""

import os
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from yester.engine.errors import UsageError
from yester.tui.keys import Preset, all_keys, clash, keymap
from yester.tui.state.own_commands import OwnCommand
from yester.tui.state.text import ASCII, UNICODE, Glyphs


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says."""

    theme: str = "yester-dark"
    preset: Preset = "default"
    """Which keys: default, vim or mc."""
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
    path = config / "tui.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings(glyphs="unicode" if _is_unicode() else "ascii")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path} cannot be read: {problem}") from None
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise UsageError(f"{path} is wrong: {problem}", hint="See the user guide, The terminal program.") from None
    mistake, hint = _mistake(settings)
    if mistake:
        raise UsageError(f"{path} is wrong: {mistake}", hint=hint)
    return settings


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
        return problem, "See the user guide, The terminal program."
    own = [(command.place, command.key, f"your command {command.title}") for command in settings.commands]
    return clash(keymap(settings.preset, settings.keys), own), "Give one of them another key; ids: docs/tui-keys.md"


def compared_by(diff: str, before: str, after: str) -> list[str]:
    """Return the words of a program that compares two files. ValueError: they are none."""
    words = shlex.split(diff)
    if any("{before}" in word or "{after}" in word for word in words):
        return [word.replace("{before}", before).replace("{after}", after) for word in words]
    return [*words, before, after]


def _is_unicode() -> bool:
    """Whether the terminal is said to show more than ASCII."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return said.upper().replace("-", "").endswith("UTF8")
