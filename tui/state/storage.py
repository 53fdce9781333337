"""Storage: what takes the room in a repository, and how it fares; pure."""

from dataclasses import dataclass, replace

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import count, printable, size
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, bar, line

COLUMNS = (
    Column("STORED", 10, is_right=True),
    Column("SHARE", 12, from_width=50),
    Column("PATH", keeps_end=True),
)
_SHARE = 12


class Heavy(Shown, frozen=True, kw_only=True):
    """A path, and what it takes."""

    size: int = 0


class Usage(msgspec.Struct, frozen=True):
    """What `storage.usage` tells of."""

    size: int = 0
    plain_size: int = 0
    folder: Shown = Shown("/")
    paths: tuple[Heavy, ...] = ()
    missing: int = 0


class GoingPack(msgspec.Struct, frozen=True):
    """A pack that would go."""

    size: int = 0
    needed_size: int = 0
    unused_size: int = 0
    why: str = ""


class PrunePlan(msgspec.Struct, frozen=True):
    """What a prune would do, as `yester prune --dry-run --json` tells of it."""

    freed_size: int = 0
    moved_size: int = 0
    unused_size: int = 0
    """What no snapshot needs and would stay."""
    delete: tuple[GoingPack, ...] = ()
    repack: tuple[GoingPack, ...] = ()

    @property
    def orphaned_size(self) -> int:
        """Bytes that no snapshot needs: those that go, and the little that would stay."""
        return self.unused_size + sum(each.unused_size for each in (*self.delete, *self.repack))


class Leftovers(msgspec.Struct, frozen=True):
    """Objects that nothing needs any more and that are no packs."""

    snapshots: int = 0
    labels: int = 0
    tombstones: int = 0
    marks: int = 0

    @property
    def number(self) -> int:
        """How many there are."""
        return self.snapshots + self.labels + self.tombstones + self.marks


class Planned(msgspec.Struct, frozen=True):
    """What looking for what nothing needs has found."""

    plan: PrunePlan = PrunePlan()
    leftovers: Leftovers = Leftovers()
    writers: tuple[str, ...] = ()
    """Who is at work, or was killed at it, and is waited for."""


@dataclass(frozen=True, slots=True)
class StorageState:
    """What the place shows."""

    usage: Usage | None = None
    """None: not told yet."""
    snapshots: tuple[Snapshot, ...] = ()
    """Of the whole repository, newest first."""
    planned: Planned | None = None
    """What a prune would do; None: nobody asked."""
    whole: Usage | None = None
    """What all of it takes, whichever folder is looked at; None: not told yet."""
    damage: tuple[str, ...] = ()
    """What looking for what nothing needs met instead, and what to do about it."""
    text: str = ""
    problem: str = ""

    @property
    def at_top(self) -> bool:
        """Whether all sources are looked at."""
        return self.usage is None or self.whole is None or self.usage.folder == self.whole.folder

    @property
    def shown(self) -> list[Heavy]:
        """The paths that the filter lets through."""
        wanted = self.text.casefold()
        found = self.usage.paths if self.usage is not None else ()
        return [each for each in found if wanted in each.path.casefold()]


def added_up(
    state: StorageState, usage: Usage, snapshots: tuple[Snapshot, ...], whole: Usage | None = None
) -> StorageState:
    """Return the state once it is known what takes the room below a folder, and perhaps anew what all of it takes."""
    return replace(state, usage=usage, whole=whole or state.whole or usage, snapshots=snapshots, problem="")


def outdated(state: StorageState) -> StorageState:
    """Return the state once a run may have changed what was found by looking for what nothing needs."""
    return replace(state, planned=None, damage=())


def row_of(heavy: Heavy, state: StorageState, glyphs: Glyphs) -> Row:
    """Return a path as a row."""
    whole = state.usage.size if state.usage is not None else 0
    share = heavy.size / whole if whole else 0.0
    return Row((Span(size(heavy.size)), Span(bar(share, _SHARE, glyphs), "accent"), Span(heavy.path)))


def place_of(repository: str, profile: str) -> Line:
    """Return where a repository is, and by which profile it is looked at."""
    said = Span(f"  of the profile {printable(profile.encode())}" if profile else "", "dim")
    return line(Span(repository or "no repository", "strong"), said)


def headline(state: StorageState, repository: str, profile: str) -> list[Line]:
    """Return where the repository is and how much is in it."""
    place = place_of(repository, profile)
    if not profile and not state.problem:
        return [place, line(Span("a profile says where one is; on Home one is made", "dim"))]
    if state.usage is None:
        return [place, line(Span(state.problem or "adding up what is stored…", "bad" if state.problem else "dim"))]
    number = count(len(state.snapshots), "snapshot")
    return [place, line(f"{number}, {size(state.usage.size)} in {printable(state.usage.folder.raw)}, stored once")]


_WHY = {
    "unused": "nothing in it is needed",
    "doomed": "another prune marked it",
    "sparse": "most of it is not needed",
    "small": "it is small, as many others are",
}


def share_of(typed: str) -> int | None:
    """Return a share in percent as a person types it; None when it is none."""
    text = typed.strip().removesuffix("%").strip() or "0"
    return int(text) if text.isascii() and text.isdigit() and int(text) <= 100 else None


def check_lines(repository: str) -> list[Line]:
    """Return what a person is asked before a check."""
    return [
        line(Span(f"Look for damage in {repository}", "strong")),
        line("Every snapshot, folder and index is read, and that content is there is checked."),
        line("Whether it is still what was written shows only when it is read."),
    ]


def plan_lines(planned: Planned) -> list[Line]:
    """Return what a person is asked before a prune: what goes, and why."""
    plan = planned.plan
    lines = [line(f"{size(plan.freed_size)} would be freed; {size(plan.moved_size)} copied for it.")]
    for verb, going in (("delete", plan.delete), ("copy from", plan.repack)):
        for why in dict.fromkeys(each.why for each in going):
            packs = [each for each in going if each.why == why]
            whole = f"{count(len(packs), 'pack')} of {size(sum(each.size for each in packs))}"
            lines.append(line(Span(f"  {verb} ", "dim"), f"{whole}: {_WHY.get(why, why)}"))
    for writer in planned.writers:
        lines.append(line(Span("  wait for ", "dim"), f"{writer} to end, or to be silent for ten minutes"))
    if planned.leftovers.number:
        lines.append(line(Span("  delete ", "dim"), f"{count(planned.leftovers.number, 'small object')}: out of date"))
    return [*lines, line("Snapshots stay as they are. What goes is what none of them needs.")]
