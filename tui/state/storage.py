"""Storage: what takes the room in a repository, and how it fares; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from yester.engine.events import Shown
from yester.engine.runs.records import RunRecord
from yester.tui.cli.wording import age, count, printable, size
from yester.tui.state.running import result_of
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, bar, line, sparkline

COLUMNS = (
    Column("STORED", 10, is_right=True),
    Column("SHARE", 12, from_width=50),
    Column("PATH"),
)
_SHARE = 12


class Heavy(Shown, frozen=True, kw_only=True):
    """A path, and what it takes."""

    size: int = 0


class Usage(msgspec.Struct, frozen=True):
    """What `storage.usage` tells of."""

    size: int = 0
    folder: Shown = Shown("/")
    paths: tuple[Heavy, ...] = ()
    missing: int = 0


class PrunePlan(msgspec.Struct, frozen=True):
    """What a prune would do, as `yester prune --dry-run --json` tells of it."""

    freed_size: int = 0
    moved_size: int = 0
    unused_size: int = 0


@dataclass(frozen=True, slots=True)
class StorageState:
    """What the place shows."""

    usage: Usage | None = None
    """None: not told yet."""
    snapshots: tuple[Snapshot, ...] = ()
    """Of the whole repository, newest first."""
    plan: PrunePlan | None = None
    """What a prune would free; None: nobody asked."""
    text: str = ""
    problem: str = ""

    @property
    def shown(self) -> list[Heavy]:
        """The paths that the filter lets through."""
        wanted = self.text.casefold()
        found = self.usage.paths if self.usage is not None else ()
        return [each for each in found if wanted in each.path.casefold()]


def added_up(state: StorageState, usage: Usage, snapshots: tuple[Snapshot, ...]) -> StorageState:
    """Return the state once it is known what takes the room."""
    return replace(state, usage=usage, snapshots=snapshots, problem="")


def row_of(heavy: Heavy, state: StorageState, glyphs: Glyphs) -> Row:
    """Return a path as a row."""
    whole = state.usage.size if state.usage is not None else 0
    share = heavy.size / whole if whole else 0.0
    return Row((Span(size(heavy.size)), Span(bar(share, _SHARE, glyphs), "accent"), Span(heavy.path)))


def headline(state: StorageState, repository: str) -> list[Line]:
    """Return where the repository is and how much is in it."""
    place = line(Span(repository or "no repository", "strong"))
    if state.usage is None:
        return [place, line(Span(state.problem or "adding up what is stored…", "bad" if state.problem else "dim"))]
    number = count(len(state.snapshots), "snapshot")
    return [place, line(f"{number}, {size(state.usage.size)} in {printable(state.usage.folder.raw)}, stored once")]


def panel(
    state: StorageState, runs: Sequence[RunRecord], repository: str, now_ns: int, width: int, glyphs: Glyphs
) -> list[Line]:
    """Return how it grew, when it was looked at last, and what could be given back."""
    lines = _growth(state.snapshots, max(8, min(60, width)), glyphs)
    for action, words in (("check", "checked"), ("prune", "pruned")):
        done = (run for run in runs if run.action == action and run.repository == repository and run.state != "dry-run")
        lines += _last(next(done, None), words, now_ns, glyphs)
    if state.usage is not None and state.usage.missing:
        lines.append(line(Span(f"{glyphs.bad} {count(state.usage.missing, 'piece')} cannot be found: c checks", "bad")))
    if state.plan is not None:
        freed = f"{size(state.plan.freed_size)} could be freed, {size(state.plan.moved_size)} copied for it"
        lines.append(line(Span("prune    ", "dim"), freed))
    return lines


def plan_lines(plan: PrunePlan) -> list[Line]:
    """Return what a person is asked before a prune."""
    return [
        line(f"{size(plan.freed_size)} would be freed; {size(plan.moved_size)} copied for it."),
        line("Snapshots stay as they are. What goes is what none of them needs."),
    ]


def _growth(snapshots: Sequence[Snapshot], width: int, glyphs: Glyphs) -> list[Line]:
    stored, sums = 0, []
    for each in reversed(snapshots):
        stored += each.statistics.stored_size
        sums.append(float(stored))
    if not sums:
        return []
    return [
        line(Span("stored by snapshots, all in all", "dim")),
        line(Span(sparkline(sums, width, glyphs), "accent"), f" {size(stored)}"),
    ]


def _last(run: RunRecord | None, words: str, now_ns: int, glyphs: Glyphs) -> list[Line]:
    if run is None:
        return [line(Span(f"{words:<9}", "dim"), "never on this machine")]
    ago = f"  {age(now_ns - run.began_ns)} ago"
    return [line(Span(f"{words:<9}", "dim"), result_of(run.state, run, glyphs), ago)]
