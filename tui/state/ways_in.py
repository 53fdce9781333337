"""The keys of a repository: what each is, and what a person is asked before one is made or goes; pure."""

from collections.abc import Sequence

import msgspec

from yester.tui.cli.wording import moment
from yester.tui.state.text import Column, Line, Row, Span, line

COLUMNS = (
    Column("ID", 8),
    Column("KIND", 13),
    Column("MADE", 16, from_width=60),
    Column("LABEL"),
    Column("", 10),
)
_KINDS = {"public": "write-only", "none": "not encrypted"}


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A key, as `keys.list` tells of it."""

    key: str
    kind: str = ""
    label: str = ""
    created_ns: int = 0
    in_use: bool = False
    problem: str = ""

    @property
    def id(self) -> str:
        """What a person names it by."""
        return self.key[:8]

    @property
    def what(self) -> str:
        """Its kind, in a word or two."""
        return _KINDS.get(self.kind, self.kind)


class NewRecovery(msgspec.Struct, frozen=True):
    """A new recovery key, as `keys.recovery` tells of it."""

    recovery_key: str
    removed: tuple[str, ...] = ()


def row_of(way: Way) -> Row:
    """Return a key as a row."""
    if way.problem:
        return Row((Span(way.id, "accent"), Span("?", "bad"), Span(""), Span(way.problem, "bad"), Span("")))
    use = Span("in use now" if way.in_use else "", "good")
    made = Span(moment(way.created_ns)[:16], "dim")
    return Row((Span(way.id, "accent"), Span(way.what), made, Span(way.label), use))


def searched(way: Way) -> str:
    """Return what `/` looks into."""
    return f"{way.id} {way.what} {way.label}".casefold()


def headline(ways: Sequence[Way] | None, repository: str) -> list[Line]:
    """Return which repository it is, and whether anybody can read it."""
    found = [line(Span("Keys of ", "strong"), Span(repository or "the repository", "strong"))]
    if ways is None:
        return found
    if any(way.kind == "none" for way in ways):
        return [*found, line(Span("It is not encrypted: whoever can read its files can read all.", "warn"))]
    if not any(way.kind == "recovery" for way in ways):
        return [
            *found,
            line(Span("There is no recovery key for when a passphrase is forgotten: W makes one", "warn")),
        ]
    return [*found, line(Span("Each of them opens it. A write-only one adds snapshots and reads nothing.", "dim"))]


def remove_lines(way: Way) -> list[Line]:
    """Return what a person is asked before a key goes."""
    label = f" ({way.label})" if way.label else ""
    return [
        line(Span(f"Remove the key {way.id}{label}, {way.what}?", "strong")),
        line("It opens the repository no more. Who kept a copy of it may still open what is stored."),
        line(Span(f"$ yester key remove {way.id}", "dim")),
    ]


def recovery_lines(ways: Sequence[Way]) -> list[Line]:
    """Return what a person is asked before a recovery key is made."""
    old = [way.id for way in ways if way.kind == "recovery"]
    return [
        line(Span("Make a new recovery key?", "strong")),
        line("It is shown once, to be written down."),
        *([line(Span(f"Earlier ones open nothing any more: {', '.join(old)}", "warn"))] if old else []),
        line(Span("$ yester key recovery", "dim")),
    ]


def shown_once(made: NewRecovery) -> list[Line]:
    """Return a new recovery key, and what to do with it."""
    gone = f"These open nothing any more: {', '.join(made.removed)}" if made.removed else ""
    return [
        line(Span(made.recovery_key, "accent")),
        line(""),
        line(
            "It is shown this once. Write it down, or print it, and keep it where a fire or a thief in this place "
            "would not find it too."
        ),
        *([line(""), line(Span(gone, "dim"))] if gone else ()),
    ]
