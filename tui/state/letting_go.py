"""Letting snapshots go: what a forget would do, why, and what it would free; pure."""

from dataclasses import dataclass

import msgspec

from yester.tui.cli.wording import count, moment, size
from yester.tui.state.snapshots import Reason
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, line

COLUMNS = (
    Column(" ", 6),
    Column("TAKEN", 16),
    Column("ID", 8),
    Column("WHY"),
)


EVEN_PINNED, EVEN_LAST = "even-pinned", "even-last"
"""Rules of a plan: these go only because that is said in so many words."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a snapshot, as `yester forget --dry-run --json` tells of it."""

    snapshot: str
    time_ns: int = 0
    profile: str = ""
    host: str = ""
    name: str | None = None
    tags: tuple[str, ...] = ()
    pinned: bool = False
    reasons: tuple[Reason, ...] = ()

    def has(self, rule: str) -> bool:
        """Whether this is among the reasons."""
        return any(reason.rule == rule for reason in self.reasons)


class Plan(msgspec.Struct, frozen=True):
    """What a forget would do."""

    keep: tuple[Judged, ...] = ()
    forget: tuple[Judged, ...] = ()
    missing_size: int = 0

    @property
    def ids(self) -> tuple[str, ...]:
        """Which snapshots would go."""
        return tuple(each.snapshot for each in self.forget)

    def even(self, rule: str) -> tuple[Judged, ...]:
        """Return those that go although this rule spares them."""
        return tuple(each for each in self.forget if each.has(rule))


@dataclass(frozen=True, slots=True)
class LettingGo:
    """What a person is asked."""

    plan: Plan
    by_rules: str = ""
    """The profile whose rules say it; empty: the snapshots were named."""
    freed: int | None = None
    """What a prune would give back; None: not known yet."""
    problem: str = ""
    """Why that is not known."""

    @property
    def rows(self) -> tuple[Judged, ...]:
        """Those that are shown, newest first: by rules all, else those that go."""
        shown = (*self.plan.keep, *self.plan.forget) if self.by_rules else self.plan.forget
        return tuple(sorted(shown, key=lambda each: each.time_ns, reverse=True))

    @property
    def number(self) -> int:
        """How many go."""
        return len(self.plan.forget)

    @property
    def word(self) -> str:
        """What a person types to say so: their number, or where nothing good is left then, of which profile."""
        last = self.plan.even(EVEN_LAST)
        return (last and last[0].profile) or str(self.number)

    @property
    def spared(self) -> dict[str, bool]:
        """What is to be said for those to go that the rules spare, as `snapshots.forget` takes it."""
        rules = {"even_pinned": EVEN_PINNED, "even_last": EVEN_LAST}
        return {name: True for name, rule in rules.items() if self.plan.even(rule)}


def row_of(item: Judged, asked: LettingGo, glyphs: Glyphs) -> Row:
    """Return a snapshot as a row."""
    goes = item in asked.plan.forget
    said = " ".join([*([item.name] if item.name else []), *(f"#{tag}" for tag in item.tags)])
    why = "; ".join(reason.text for reason in item.reasons)
    return Row(
        (
            Span("goes" if goes else "stays", "warn" if goes else "dim"),
            Span(moment(item.time_ns)[:16]),
            Span(item.snapshot[:8], "accent"),
            Span(f"{glyphs.pinned} " * item.pinned + "  ".join(filter(None, (said, why))), "plain" if goes else "dim"),
        )
    )


def lines(asked: LettingGo, glyphs: Glyphs) -> list[Line]:
    """Return what is said above the list."""
    plan, whose = asked.plan, f"By the rules of {asked.by_rules} " if asked.by_rules else ""
    going, kept = count(asked.number, "snapshot"), count(len(plan.keep), "other")
    if not asked.number:
        return [line(Span(f"{whose}nothing goes", "strong")), line(Span(f"{kept} kept", "dim"))]
    verb = "goes" if asked.number == 1 else "go"
    found = [line(Span(f"{whose}{going} {verb}", "strong"), f", {len(plan.keep):,} stay")]
    found.append(line(Span("frees  ", "dim"), _freed(asked)))
    found += _consequences(plan, glyphs)
    if plan.missing_size:
        found.append(line(Span(f"{size(plan.missing_size)} of room is missing: the oldest may go too", "warn")))
    return found


def _consequences(plan: Plan, glyphs: Glyphs) -> list[Line]:
    """Return what is lost that nobody loses by a rule."""
    found, pinned = [], len(plan.even(EVEN_PINNED))
    for each in plan.even(EVEN_LAST):
        words = f"no good snapshot of {each.profile}@{each.host} stays: nothing can be brought back"
        found.append(line(Span(f"{glyphs.bad} {words}", "bad")))
    if pinned:
        words = f"{pinned:,} of them {'is' if pinned == 1 else 'are'} pinned, so as to stay whatever the rules say"
        found.append(line(Span(f"{glyphs.warn} {words}", "warn")))
    return found


def _freed(asked: LettingGo) -> str:
    if asked.problem:
        return f"unknown: {asked.problem}"
    if asked.freed is None:
        return "adding up what no other snapshot has…"
    return f"{size(asked.freed)}, once a prune gives it back (7, P)"


def command(asked: LettingGo) -> Line:
    """Return the command that does it."""
    if asked.by_rules:
        return line(Span(f"$ yester forget {asked.by_rules}", "dim"))
    some = "".join(f" --snapshot {each.snapshot[:8]}" for each in asked.plan.forget[:2])
    even = "".join(f" --{name.replace('_', '-')}" for name in asked.spared)
    return line(Span(f"$ yester forget{some}{' …' if asked.number > 2 else ''}{even}", "dim"))


def wrong_word(asked: LettingGo, typed: str) -> str:
    """Return why what was typed does not confirm it; empty when it does."""
    is_number = asked.word == str(asked.number)
    if not typed.strip():
        return f"Type {asked.word} to let {'it' if asked.number == 1 else 'them'} go"
    if typed.strip() == asked.word or (is_number and typed.strip().replace(",", "") == asked.word):
        return ""
    return f"It is {asked.word} that would go" if is_number else f"Only {asked.word} lets the last one go"
