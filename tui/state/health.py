"""How a repository fares: whether it is sound, when that was looked at, how dense it is, how it grew; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
        return next((run.run for run in mine if run.action != "check" and run.state != "dry-run"), "")

    def done(self, action: str) -> Iterable[RunRecord]:
        """Return the runs of this kind that are over, newest first."""
        mine = (run for run in self.runs if run.action == action and run.repository == self.repository)
        return (run for run in mine if run.is_over and run.state != "dry-run")


def panel(state: StorageState, known: Known, width: int, rows: int, glyphs: Glyphs) -> list[Line]:
    """Return how it fares, in so many cells and rows: what is at work, whether it is sound, how dense, how it grew."""
    facts = [*_checked(known, glyphs), *_last("prune", "pruned", known, glyphs), *_sound(state), *_ratios(state)]
    lines = [*_at_work(known), *_in_columns(facts, width)]
    if state.planned is not None:
        lines += [line(Span(f"{glyphs.bad} {what}", "bad")) for what in state.planned.damaged[:3]]
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


def _at_work(known: Known) -> list[Line]:
    mine = [run for run in known.live if run.record.repository == known.repository and run.record.action != "snap"]
    return [line(Span(f"{run.record.action:<9}", "accent"), progress_words(run) or "it begins") for run in mine]


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


def _sound(state: StorageState) -> list[Fact]:
    """Return which objects are missing, and which nobody needs."""
    planned, whole = state.planned, state.whole
    lost = max(whole.missing if whole is not None else 0, planned.lost_blobs if planned is not None else 0)
    found: list[Fact] = [("missing", Span(f"{count(lost, 'piece')}: c checks", "bad") if lost else Span("nothing"))]
    if planned is None:
        return [*(found if whole is not None else ()), ("orphaned", Span("P looks for what nothing needs", "dim"))]
    plan, others = planned.plan, planned.leftovers.number
    said = f"{size(plan.unused_size)}" + (f" and {count(others, 'small object')}" if others else "")
    return [*found, ("orphaned", Span(said)), ("to free", Span(f"{size(plan.freed_size)} (P)"))]


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
