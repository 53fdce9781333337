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


class Plan(msgspec.Struct, frozen=True):
    """What a forget would do."""

    keep: tuple[Judged, ...] = ()
    forget: tuple[Judged, ...] = ()
    missing_size: int = 0

    @property
    def ids(self) -> tuple[str, ...]:
        """Which snapshots would go."""
        return tuple(each.snapshot for each in self.forget)


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
        """How many go: what a person types to say so."""
        return len(self.plan.forget)


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


def lines(asked: LettingGo) -> list[Line]:
    """Return what is said above the list."""
    plan, whose = asked.plan, f"By the rules of {asked.by_rules} " if asked.by_rules else ""
    going, kept = count(asked.number, "snapshot"), count(len(plan.keep), "other")
    if not asked.number:
        return [line(Span(f"{whose}nothing goes", "strong")), line(Span(f"{kept} kept", "dim"))]
    verb = "goes" if asked.number == 1 else "go"
    found = [line(Span(f"{whose}{going} {verb}", "strong"), f", {len(plan.keep):,} stay")]
    found.append(line(Span("frees  ", "dim"), _freed(asked)))
    if plan.missing_size:
        found.append(line(Span(f"{size(plan.missing_size)} of room is missing: the oldest may go too", "warn")))
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
    return line(Span(f"$ yester forget{some}{' …' if asked.number > 2 else ''}", "dim"))


def wrong_number(asked: LettingGo, typed: str) -> str:
    """Return why what was typed does not confirm it; empty when it does."""
    if not typed.strip():
        return f"Type {asked.number} to let {'it' if asked.number == 1 else 'them'} go"
    return "" if typed.strip().replace(",", "") == str(asked.number) else f"It is {asked.number} that would go"
