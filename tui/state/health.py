"""How a repository fares: whether it is sound, when that was looked at, how dense it is, how it grew; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yester.engine.errors import DamageError
from yester.engine.events import Phase
from yester.engine.runs.records import RunRecord
from yester.tui.cli.wording import age, count, size
from yester.tui.state.growth import Point, chart
from yester.tui.state.live import LiveRun
from yester.tui.state.running import progress_words, result_of
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.storage import StorageState
from yester.tui.state.text import Glyphs, Line, Span, line

_GROWTH = 6
"""Rows of the chart, where there is room for them."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a repository besides what is asked for here."""

    repository: str
    runs: Sequence[RunRecord] = ()
    """Newest first."""
    live: Sequence[LiveRun] = ()
    """Those that last."""
    now_ns: int = 0

    @property
    def last_change(self) -> str:
        """The newest run that may have changed what takes the room."""
        mine = (run for run in self.runs if run.repository == self.repository and run.is_over)
        return next((run.run for run in mine if run.action != "check" and not run.dry_run), "")

    def done(self, action: str) -> Iterable[RunRecord]:
        """Return the runs of this kind that are over, newest first."""
        mine = (run for run in self.runs if run.action == action and run.repository == self.repository)
        return (run for run in mine if run.is_over and not run.dry_run)


def panel(state: StorageState, known: Known, width: int, rows: int, glyphs: Glyphs) -> list[Line]:
    """Return how it fares, in so many cells and rows: what is at work, whether it is sound, how dense, how it grew."""
    looked = [*_checked(known, glyphs), *_last("prune", "pruned", known, glyphs)]
    facts = [*looked, *_sound(state, known), *_orphaned(state), *_ratios(state)]
    lines = [*at_work(known), *_damage(state, glyphs), *_in_columns(facts, width)]
    room = min(_GROWTH, rows - len(lines) - 1)
    return [*lines, *chart(growth(state.snapshots), known.now_ns, max(8, min(76, width)), room, glyphs)]


def growth(snapshots: Sequence[Snapshot]) -> list[Point]:
    """Return how much was stored by each snapshot and those before it, oldest first."""
    stored, found = 0, []
    for each in sorted(snapshots, key=lambda each: each.time_ns):
        stored += each.statistics.stored_size
        found.append(Point(each.time_ns, stored))
    return found


Fact = tuple[str, Span]
"""What something is called in a word, and how it is."""
_LABEL = 9
_TWO = 76
"""Cells from which on there are two facts on a line."""


def _in_columns(facts: Sequence[Fact], width: int) -> list[Line]:
    """Return facts as lines, two on each where there is room; one that is too long for half a line has one alone."""
    half, lines, left = width // 2 - 1, list[Line](), list[Fact]()
    for label, said in facts:
        is_short = width >= _TWO and _LABEL + len(said.text) <= half
        if left and is_short:
            before = left.pop()
            lines.append((*_fact(*before, half), Span("  "), *_fact(label, said)))
        elif is_short:
            left.append((label, said))
        else:
            lines += [_fact(*each) for each in left]
            left.clear()
            lines.append(_fact(label, said))
    return [*lines, *(_fact(*each) for each in left)]


def _fact(label: str, said: Span, width: int = 0) -> Line:
    return line(Span(f"{label:<{_LABEL}}", "dim"), Span(said.text.ljust(max(0, width - _LABEL)), said.tone))


def at_work(known: Known) -> list[Line]:
    """Return what is done with the repository now, and for whom it waits."""
    mine = [run for run in known.live if run.record.repository == known.repository and run.record.action != "snap"]
    return [each for run in mine for each in _of_run(run)]


def _of_run(run: LiveRun) -> list[Line]:
    lines = [line(Span(f"{run.record.action:<{_LABEL}}", "accent"), progress_words(run) or "it begins")]
    if run.phase != Phase.WAIT or not run.words:
        return lines
    return [*lines, line(" " * _LABEL, Span(run.words[-1].words.text, "warn"))]


def _damage(state: StorageState, glyphs: Glyphs) -> list[Line]:
    """Return what was met by looking for what nothing needs, and what to do about it."""
    return [
        line(Span(f"{glyphs.bad} {what}", "bad") if not at else Span(f"  {what}", "dim"))
        for at, what in enumerate(state.damage)
    ]


def _last(action: str, label: str, known: Known, glyphs: Glyphs) -> list[Fact]:
    run = next(iter(known.done(action)), None)
    if run is None:
        return [(label, Span("never on this machine"))]
    result = result_of(run.state, run, glyphs)
    return [(label, Span(f"{result.text} {age(known.now_ns - run.began_ns)} ago", result.tone))]


def _checked(known: Known, glyphs: Glyphs) -> list[Fact]:
    """Return when it was verified last, and how much of it."""
    checks = [run for run in known.done("check") if run.state in ("complete", "errors")]
    found = _last("check", "checked", known, glyphs)
    if not checks:
        return found
    read = checks[0].read_data_percent
    whole = next((run for run in checks if run.read_data_percent == 100), None)
    ago = f"{age(known.now_ns - whole.began_ns)} ago" if whole is not None else "never"
    said = f"{read} % of the content" if read else "no content"
    return [*found, ("read", Span(said if read == 100 else f"{said} (all: {ago})"))]


def _sound(state: StorageState, known: Known) -> list[Fact]:
    """Return whether anything is missing or damaged, as far as somebody looked."""
    lost = state.whole.missing if state.whole is not None else 0
    check = next((run for run in known.done("check") if run.state in ("complete", "errors")), None)
    if lost:
        return [("missing", Span(f"{count(lost, 'piece')}: c says of which files", "bad"))]
    if check is not None and check.exit_code == DamageError.exit_code:
        if any(run.began_ns > check.began_ns and run.has_succeeded for run in known.done("repair")):
            return [("damage", Span("repaired since it was found: c looks again", "warn"))]
        return [("damage", Span("found by the check: 4 tells, `yester repair` mends", "bad"))]
    if state.damage:
        return [("damage", Span("c says what is hit", "bad"))]
    if check is None and state.planned is None:
        return [("missing", Span("nobody looked: c does", "dim"))]
    return [("missing", Span("nothing"))]


def _orphaned(state: StorageState) -> list[Fact]:
    """Return what nobody needs, and what keeps it from being given back at once."""
    planned = state.planned
    if planned is None:
        return [("orphaned", Span("P looks for what nothing needs", "dim"))]
    plan, others = planned.plan, planned.leftovers.number
    said = f"{size(plan.orphaned_size)}" + (f" and {count(others, 'small object')}" if others else "")
    found: list[Fact] = [("orphaned", Span(said)), ("to free", Span(f"{size(plan.freed_size)} (P)"))]
    return [*found, *(("held by", Span(f"{writer}: a prune waits for it", "warn")) for writer in planned.writers)]


def _ratios(state: StorageState) -> list[Fact]:
    """Return how much deduplication and compression save, each against what there would be without it."""
    whole = state.whole
    if whole is None or not whole.size or not whole.plain_size:
        return []
    seen = sum(each.statistics.size for each in state.snapshots)
    return [
        ("dedup", Span(f"{_ratio(seen, whole.plain_size)} ({size(seen)} shown)")),
        ("compress", Span(f"{_ratio(whole.plain_size, whole.size)} (in {size(whole.size)})")),
    ]


def _ratio(before: int, after: int) -> str:
    return f"{before / after:,.1f} to 1"
