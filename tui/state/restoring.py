"""What a restore would do, and the choice that a person makes of it, in words; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import count, printable, size
from yester.tui.state.text import Glyphs, Line, Span, line

Conflict = Literal["keep-both", "overwrite", "skip"]

CONFLICTS: tuple[tuple[Conflict, str], ...] = (
    ("keep-both", "what differs stays as NAME.before-TIME"),
    ("overwrite", "what differs is replaced"),
    ("skip", "what is there stays as it is"),
)
"""What becomes of what is in the way, the harmless one first."""


class Foreseen(msgspec.Struct, frozen=True):
    """What a restore would do, as `files.foresee` tells of it."""

    files: int = 0
    size: int = 0
    missing: int = 0
    same: int = 0
    different: int = 0
    examples: tuple[Shown, ...] = ()
    is_whole: bool = True

    def __add__(self, other: "Foreseen") -> "Foreseen":
        return Foreseen(
            self.files + other.files,
            self.size + other.size,
            self.missing + other.missing,
            self.same + other.same,
            self.different + other.different,
            self.examples + other.examples,
            self.is_whole and other.is_whole,
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be brought back."""

    snapshot: str
    paths: tuple[bytes, ...]
    target: bytes | None = None
    """None: each where it was."""
    conflict: Conflict = "keep-both"

    @property
    def parts(self) -> dict[bytes, list[bytes]]:
        """Target → the paths that come there: a restore each."""
        found: dict[bytes, list[bytes]] = {}
        for path in self.paths:
            place = self.target if self.target is not None else path.rpartition(b"/")[0] or b"/"
            found.setdefault(place, []).append(path)
        return found


def lines(wish: Wish, foreseen: Foreseen | None, problem: str, glyphs: Glyphs) -> list[Line]:
    """Return what a person is asked."""
    names = printable(wish.paths[0]) if len(wish.paths) == 1 else f"{len(wish.paths):,} marked entries"
    where = "where it was" if len(wish.paths) == 1 else "where they were"
    place = where if wish.target is None else f"into {printable(wish.target)}"
    found = [line(Span(f"Bring back {names}", "strong")), line(Span("to     ", "dim"), place)]
    if problem:
        return [*found, line(Span(f"{glyphs.bad} {problem}", "bad"))]
    if foreseen is None:
        return [*found, line(Span("       looking what is there…", "dim"))]
    found.append(line(Span("brings ", "dim"), f"{count(foreseen.files, 'file')}, {size(foreseen.size)}"))
    found += _met(foreseen, glyphs)
    found.append(line(""))
    for name, about in CONFLICTS:
        is_it = name == wish.conflict
        mark = glyphs.running if is_it else " "
        found.append(line(Span(f"{mark} {name:<10} {about}", "accent" if is_it else "dim")))
    return found


def _met(foreseen: Foreseen, glyphs: Glyphs) -> list[Line]:
    if not foreseen.different and not foreseen.same:
        return [line(Span(f"{glyphs.good} nothing is in the way", "good"))]
    counts = ((foreseen.same, "there and the same"), (foreseen.missing, "missing"))
    found = [line(Span("of it  ", "dim"), ", ".join(f"{number:,} {words}" for number, words in counts if number))]
    if foreseen.different:
        differ = "1 differs" if foreseen.different == 1 else f"{foreseen.different:,} differ"
        found = [*(found if foreseen.same or foreseen.missing else ()), line(Span(f"{glyphs.warn} {differ}", "warn"))]
        found += [line(Span(f"    {each.path}", "dim")) for each in foreseen.examples[:3]]
    return found if foreseen.is_whole else [*found, line(Span("  and more that were not looked at", "dim"))]


def commands(wish: Wish) -> Sequence[Line]:
    """Return the commands that do it, as a person would type them."""
    some = "PATH" if len(wish.paths) == 1 else "PATH…"
    return [line(Span(f"$ yester restore {wish.snapshot[:8]} {some} --on-conflict {wish.conflict}", "dim"))]
