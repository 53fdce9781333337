"""Commands of a person's own, on keys: what is under the cursor goes into them; pure.

A template is a line of the shell. `{path}` stands for the path under the cursor and so on; `{{` and `}}` stand for the
signs themselves, and `${…}` is the shell's. What a name holds never becomes a part of the line: the shell gets it in a
variable, so that a file called `$(rm -rf ~)` is a file.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from yester.tui.cli.wording import printable
from yester.tui.keys import ALONE, EVERYWHERE, KEYS

ALWAYS = ("profile", "repository")
"""What is known in every place, as far as there is a profile."""
KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "snapshots": ("snapshot",),
        "browse": ("snapshot", "folder", "path", "name"),
        "search": ("snapshot", "path", "name"),
        "versions": ("snapshot", "path", "name"),
        "runs": ("run",),
        "journal": ("run",),
        "mounts": ("mount",),
        "plugins": ("plugin", "message"),
        "storage": ("path", "name"),
    }
)
"""Place or page → what is known of its row besides; nothing of those that are not here."""

_PIECE = re.compile(r"\{\{|\}\}|\$\{[^}]*\}|\{([^{}\s]*)\}")


class OwnCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command."""

    key: str
    run: str
    """The template."""
    place: str = ""
    """Where the key works; empty: everywhere."""
    words: str = ""
    """What it is called; empty: the template."""
    where: Literal["terminal", "background"] = msgspec.field(default="terminal", name="in")
    """In the terminal, which is its own meanwhile; or in the background, and what it says is shown at its end."""
    asks: bool = True
    """Whether a person is asked before it runs."""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.words or self.run

    def works_in(self, place: str) -> bool:
        """Whether its key works in a place or page."""
        return self.place in ("", place)

    def problem(self) -> str:
        """Return what is wrong with it; empty when nothing is."""
        places = [name for name in KEYS if name not in (*EVERYWHERE, *ALONE)]
        if self.place and self.place not in places:
            return f"there is no place {self.place}: {', '.join(places)}"
        if not self.run.strip():
            return f"the command of key {self.key} is empty"
        known = (*ALWAYS, *KNOWN.get(self.place, ()))
        for name in names_in(self.run):
            if name not in known:
                where = f"in {self.place}" if self.place else "everywhere"
                return f"{{{name}}} is not known {where}: {', '.join(known)}; the sign itself is written {{{{"
        return ""


def names_in(template: str) -> tuple[str, ...]:
    """Return the placeholders of a template, each once."""
    return tuple(dict.fromkeys(found[1] for found in _PIECE.finditer(template) if found[1] is not None))


def missing(template: str, values: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the placeholders for which nothing is under the cursor."""
    return tuple(name for name in names_in(template) if not values.get(name))


def line_of(template: str) -> str:
    """Return the line that the shell runs: placeholders are variables there, quoted."""
    return _filled(template, lambda name: f'"${variable(name)}"')


def shown_line(template: str, values: Mapping[str, bytes]) -> str:
    """Return the line as a person would type it."""
    return _filled(template, lambda name: shlex.quote(printable(values.get(name, b""))))


def variables(template: str, values: Mapping[str, bytes]) -> dict[bytes, bytes]:
    """Return the variables that `line_of` needs."""
    return {variable(name).encode(): values.get(name, b"") for name in names_in(template)}


def variable(name: str) -> str:
    """Return the name of the variable of a placeholder."""
    return f"YESTER_ROW_{name.upper()}"


def _filled(template: str, fill: Callable[[str], str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        if found[1] is not None:
            return fill(found[1])
        return {"{{": "{", "}}": "}"}.get(found[0], found[0])

    return _PIECE.sub(replaced, template)
