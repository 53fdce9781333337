"""Leaving something out from the next run on: by which pattern, and what a person should know first; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yester.engine.profiles.toml_text import toml_line
from yester.tui.cli.wording import count, printable, size
from yester.tui.serve.methods.profiles import EditProfile, edit_profile
from yester.tui.serve.methods.words import as_typed
from yester.tui.state.text import Glyphs, Line, Span, cut, line

_SPECIAL = re.compile(r"([\\*?\[\]!#])|( +$)")
_UNSURE = re.compile(r"[\udc80-\udcff\x00-\x1f\x7f-\x9f]|[^\S ]")
"""Bytes that are no UTF-8, since a profile is text; and blanks other than spaces, which patterns lose at their ends."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of a profile's excludes (engine/capture/filters.py), and what it is about."""

    text: str
    about: str


def patterns(path: bytes, *, is_folder: bool) -> list[Pattern]:
    """Return patterns that leave something out: it alone first, then all that is called so or ends so."""
    end = "/" if is_folder else ""
    name = path.rpartition(b"/")[2]
    found = [
        Pattern(_escaped(path) + end, "this folder and all in it" if is_folder else "this file alone"),
        Pattern(_escaped(name) + end, f"every {'folder' if is_folder else 'file'} of this name"),
    ]
    stem, dot, ending = name.rpartition(b".")
    if stem and dot and ending and not is_folder:
        found.append(Pattern("*." + _escaped(ending), f"every file that ends in .{printable(ending)}"))
    return found


def _escaped(path: bytes) -> str:
    """Return a pattern that fits this path; what it cannot say for sure fits any sign."""
    text = path.decode("utf-8", "surrogateescape")
    escaped = _SPECIAL.sub(lambda found: "".join(f"\\{each}" for each in found.group()), text)
    return _UNSURE.sub("?", escaped)


@dataclass(frozen=True, slots=True)
class Excluding:
    """What is to be left out, and by which of the patterns."""

    profile: str
    path: bytes
    patterns: Sequence[Pattern]
    at: int = 0
    files: int | None = None
    """How many entries are in it; None: it is a file."""
    size: int | None = None
    """How large it is; None: nobody knows."""

    @property
    def pattern(self) -> str:
        """The one that is chosen."""
        return self.patterns[self.at].text


def lines(state: Excluding, glyphs: Glyphs) -> list[Line]:
    """Return what a person is asked."""
    entries = count(state.files, "entry", "entries") if state.files is not None else ""
    large = ", ".join(part for part in (entries, size(state.size) if state.size is not None else "") if part)
    found = [
        line(
            Span(f"Leave {cut(printable(state.path), 40)} out of {state.profile}?", "strong"),
            Span(f"  {large}", "dim"),
        ),
        line(
            "From the next run on it is not taken. Snapshots that there are keep it: it can still be brought back, and "
            "takes room until they are forgotten."
        ),
        line(""),
    ]
    for at, pattern in enumerate(state.patterns):
        is_it = at == state.at
        mark = glyphs.running if is_it else " "
        found.append(line(Span(f"{mark} {cut(pattern.text, 66)}", "accent" if is_it else "dim")))
        found.append(line(Span(f"    {pattern.about}", "dim")))
    return [*found, line(""), line(Span(f"$ {command(state)}", "dim"))]


def addition(state: Excluding) -> str:
    """Return the pattern as an item that comes to a list: as a list, so that it is not taken for one."""
    return f"filters.exclude={toml_line([state.pattern])}"


def command(state: Excluding) -> str:
    """Return the command that does it."""
    return as_typed(edit_profile(EditProfile(profile=state.profile, additions=(addition(state),))))


def undoing(state: Excluding) -> str:
    """Return the command that takes it back."""
    return as_typed(edit_profile(EditProfile(profile=state.profile, drops=(addition(state),))))
