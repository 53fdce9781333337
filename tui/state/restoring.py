"""What a restore would do, and the choice that a person makes of it, in words; pure."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import count, printable, size
from yester.tui.state.text import Glyphs, Line, Span, cut, line

Conflict = Literal["keep-both", "overwrite", "skip", "newer"]
Ownership = Literal["as-stored", "by-name", "me"]

CONFLICTS: Mapping[Conflict, str] = {
    "keep-both": "what differs stays as NAME.before-TIME",
    "overwrite": "what differs is replaced",
    "skip": "what is there stays as it is",
    "newer": "only what is older there is replaced",
}
"""What becomes of what is in the way, the harmless one first."""


OWNERS: Mapping[Ownership, str] = {
    "as-stored": "whose they were, by number",
    "by-name": "this machine's users of the same names",
    "me": "you",
}
"""Who owns what comes back."""

_LONGEST = 60
"""Characters of a path that is an example."""


class Foreseen(msgspec.Struct, frozen=True):
    """What a restore would do, as `files.foresee` tells of it."""

    files: int = 0
    size: int = 0
    missing: int = 0
    same: int = 0
    different: int = 0
    older: int = 0
    examples: tuple[Shown, ...] = ()
    is_whole: bool = True
    offline_size: int = 0

    def __add__(self, other: "Foreseen") -> "Foreseen":
        return Foreseen(
            self.files + other.files,
            self.size + other.size,
            self.missing + other.missing,
            self.same + other.same,
            self.different + other.different,
            self.older + other.older,
            self.examples + other.examples,
            self.is_whole and other.is_whole,
            self.offline_size + other.offline_size,
        )


class Wanted(NamedTuple):
    """A path, and the snapshot that it is to come from."""

    snapshot: str
    path: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be brought back."""

    wanted: tuple[Wanted, ...]
    target: bytes | None = None
    """None: each where it was."""
    conflict: Conflict = "keep-both"
    owner: Ownership = "as-stored"

    @property
    def parts(self) -> dict[str, list[bytes]]:
        """Snapshot → the paths that come from it: a restore each."""
        found: dict[str, list[bytes]] = {}
        for each in self.wanted:
            found.setdefault(each.snapshot, []).append(each.path)
        return found

    @property
    def names(self) -> str:
        """What is brought back, in words."""
        first = self.wanted[0].path
        return printable(first) if len(self.wanted) == 1 else f"{len(self.wanted):,} marked entries"

    @property
    def place(self) -> str:
        """Where to, in words."""
        if self.target is not None:
            return f"into {printable(self.target)}"
        return "where it was" if len(self.wanted) == 1 else "where they were"


def next_conflict(conflict: Conflict) -> Conflict:
    """Return the choice after one."""
    names = [*CONFLICTS]
    return names[(names.index(conflict) + 1) % len(names)]


def next_owner(owner: Ownership) -> Ownership:
    """Return the choice after one."""
    names = [*OWNERS]
    return names[(names.index(owner) + 1) % len(names)]


def lines(wish: Wish, foreseen: Foreseen | None, problem: str, glyphs: Glyphs) -> list[Line]:
    """Return what a person is asked."""
    found = [line(Span(f"Bring back {wish.names}", "strong")), line(Span("goes   ", "dim"), wish.place)]
    if problem:
        return [*found, line(Span(f"{glyphs.bad} {problem}", "bad"))]
    if foreseen is None:
        return [*found, line(Span("       looking what is there…", "dim"))]
    found.append(line(Span("brings ", "dim"), f"{count(foreseen.files, 'file')}, {size(foreseen.size)}"))
    if foreseen.offline_size:
        words = f"{size(foreseen.offline_size)} of it is in archives only: leave, and R recalls it"
        found.append(line(Span(f"{glyphs.warn} {words}", "warn")))
    found += [*_met(foreseen, glyphs), line("")]
    for name, about in CONFLICTS.items():
        is_it = name == wish.conflict
        mark = glyphs.running if is_it else " "
        found.append(line(Span(f"{mark} {name:<10} {about}{_touched(name, foreseen)}", "accent" if is_it else "dim")))
    return [*found, line(Span("owner  ", "dim"), OWNERS[wish.owner])]


def _touched(conflict: Conflict, foreseen: Foreseen) -> str:
    """Return how many of those that differ a choice replaces or sets aside."""
    if not foreseen.different:
        return ""
    touched = {"skip": 0, "newer": foreseen.older}.get(conflict, foreseen.different)
    return f": {touched:,}" + ("" if foreseen.is_whole else " and more")


def _met(foreseen: Foreseen, glyphs: Glyphs) -> list[Line]:
    if not foreseen.different and not foreseen.same:
        return [line(Span(f"{glyphs.good} nothing is in the way", "good"))]
    counts = ((foreseen.same, "there and the same"), (foreseen.missing, "missing"))
    entries = count(foreseen.same + foreseen.missing + foreseen.different, "entry", "entries")
    said = ", ".join(f"{number:,} {words}" for number, words in counts if number)
    found = [line(Span("of     ", "dim"), f"{entries}: {said}")]
    if foreseen.different:
        differ = "1 differs" if foreseen.different == 1 else f"{foreseen.different:,} differ"
        found = [*(found if foreseen.same or foreseen.missing else ()), line(Span(f"{glyphs.warn} {differ}", "warn"))]
        found += [line(Span(f"    {cut(each.path, _LONGEST)}", "dim")) for each in foreseen.examples[:3]]
    return found if foreseen.is_whole else [*found, line(Span("  and more that were not looked at", "dim"))]


def command(wish: Wish) -> Line:
    """Return the command that does it, as a person would type it; of several the first."""
    where = "--in-place" if wish.target is None else f"--target {shlex.quote(printable(wish.target))}"
    owner = f" --owner {wish.owner}" if wish.owner != "as-stored" else ""
    snapshot, paths = next(iter(wish.parts.items()))
    more = f"  and {len(wish.parts) - 1} more" if len(wish.parts) > 1 else ""
    what = "PATH" if len(paths) == 1 else "PATH…"
    how = f"--on-conflict {wish.conflict}{owner}"
    return line(Span(f"$ yester restore {snapshot[:8]} {what} {where} {how}{more}", "dim"))
