"""A profile that is being thought of: what was typed and chosen on the pages of the wizard; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.profiles.profile import RetentionSpec, ScheduleSpec, SmartSpec
from yester.engine.profiles.reading import checked_profile_name
from yester.engine.profiles.sizes import Span, parse_size
from yester.engine.schedule.pattern import check_schedule

Page = Literal["sources", "target", "passphrase", "schedule", "keep", "begin"]
PAGES: tuple[tuple[Page, str], ...] = (
    ("sources", "Sources"),
    ("target", "Target"),
    ("passphrase", "Passphrase"),
    ("schedule", "Schedule"),
    ("keep", "Keep"),
    ("begin", "Begin"),
)
"""In their order, with their titles."""

Kept = Literal["file", "keyring", "nowhere"]
"""Where runs are to find the passphrase."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was chosen by now."""

    name: str = ""
    sources: tuple[bytes, ...] = ()
    excludes: str = ""
    """Patterns, with commas between."""
    larger_than: str = ""
    default_excludes: bool = True
    caches: bool = True
    one_file_system: bool = False
    place: str = ""
    is_encrypted: bool = True
    """Of a new repository: whether it asks for a passphrase."""
    passphrase: str = ""
    again: str = ""
    kept: Kept = "file"
    schedule: ScheduleSpec = ScheduleSpec(when="daily", at="12:00")
    retention: RetentionSpec = RetentionSpec()
    forgets: bool = True
    """Whether each run applies the retention, and gives back room each week."""
    checks: bool = True
    """Whether a part of the repository is looked through each month."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns one by one."""
        return tuple(filter(None, (pattern.strip() for pattern in self.excludes.split(","))))

    @property
    def filters(self) -> dict[str, object]:
        """What is taken and left out, as parameters of the engine."""
        said: dict[str, object] = {"sources": list(map(shown, self.sources))}
        said |= {"excludes": list(self.patterns)} if self.patterns else {}
        said |= {"larger_than": self.larger_than} if self.larger_than else {}
        flags = {
            "caches": (self.caches, True),
            "one_file_system": (self.one_file_system, False),
            "default_excludes": (self.default_excludes, True),
        }
        return said | {name: value for name, (value, default) in flags.items() if value != default}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found at a place."""

    place: str
    """As it was typed."""
    where: str = ""
    """What it stands for: absolute."""
    is_repository: bool = False
    is_encrypted: bool = False
    free_size: int | None = None
    lacks_drive: bool = False
    """It is where drives are mounted, and none is."""
    problem: str = ""
    hint: str = ""

    @property
    def is_good(self) -> bool:
        """Whether snapshots can go there."""
        return not self.problem


def needs_passphrase(draft: Draft, looked: Looked | None) -> bool:
    """Whether a passphrase belongs to what was chosen."""
    return looked.is_encrypted if looked is not None and looked.is_repository else draft.is_encrypted


# What is wrong


def problem_on(page: Page, draft: Draft, looked: Looked | None, names: tuple[str, ...] = ()) -> str:
    """Return why a page cannot be left forwards yet, in a sentence; empty when it can. `names`: profiles there are."""
    return _PROBLEMS[page](draft, looked, names)


def _sources_problem(draft: Draft, looked: Looked | None, names: tuple[str, ...]) -> str:
    try:
        checked_profile_name(draft.name)
        if draft.larger_than:
            parse_size(draft.larger_than)
    except UsageError as problem:
        return f"{problem.what}. {problem.hint}" if draft.name else "The profile needs a name"
    if draft.name in names:
        return f"There is a profile {draft.name} already: give another name"
    return "" if draft.sources else "Choose at least one folder"


def _target_problem(draft: Draft, looked: Looked | None, names: tuple[str, ...]) -> str:
    if not draft.place:
        return "Say where the snapshots go"
    return looked.problem if looked is not None and looked.place == draft.place else ""


def _passphrase_problem(draft: Draft, looked: Looked | None, names: tuple[str, ...]) -> str:
    if not needs_passphrase(draft, looked):
        return ""
    if not draft.passphrase:
        return "Type a passphrase"
    is_there = looked is not None and looked.is_repository
    return "The two passphrases differ" if not is_there and draft.passphrase != draft.again else ""


def _schedule_problem(draft: Draft, looked: Looked | None, names: tuple[str, ...]) -> str:
    try:
        check_schedule(draft.schedule)
    except UsageError as problem:
        return f"{problem.what}. {problem.hint}"
    return ""


_PROBLEMS: Mapping[Page, Callable[[Draft, Looked | None, tuple[str, ...]], str]] = {
    "sources": _sources_problem,
    "target": _target_problem,
    "passphrase": _passphrase_problem,
    "schedule": _schedule_problem,
    "keep": lambda draft, looked, names: "",
    "begin": lambda draft, looked, names: "",
}


# Names and choices


def name_for(sources: tuple[bytes, ...], home: bytes, taken: tuple[str, ...]) -> str:
    """Return a name for a profile of these sources that no other one has."""
    first = sources[0] if sources else b""
    base = "home" if first == home or not first else _as_name(first.rstrip(b"/").rpartition(b"/")[2])
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (base, *numbered) if name not in taken)


def _as_name(raw: bytes) -> str:
    text = "".join(char if char.isalnum() else "-" for char in raw.decode("utf-8", "replace").lower())
    return text.strip("-")[:40] or "files"


RECENT = Span(days=2)
"""What was lost today is looked for today: the rules by days would leave one snapshot of them."""
KEEPING: tuple[tuple[str, str, RetentionSpec], ...] = (
    ("all", "everything, for ever", RetentionSpec()),
    (
        "usual",
        "7 days, 4 weeks, 12 months",
        RetentionSpec(keep_daily=7, keep_weekly=4, keep_monthly=12, keep_within=RECENT),
    ),
    (
        "long",
        "24 hours, 30 days, 26 weeks, 36 months, 10 years",
        RetentionSpec(
            keep_hourly=24, keep_daily=30, keep_weekly=26, keep_monthly=36, keep_yearly=10, keep_within=RECENT
        ),
    ),
    ("smart", "smart: fewer and fewer with age, one a year in the end", RetentionSpec(smart=SmartSpec())),
    ("short", "the newest 10", RetentionSpec(keep_last=10, keep_within=RECENT)),
)
"""Choices of retention, by a short name, in words."""
USUAL = KEEPING[1][2]

SCHEDULES: tuple[tuple[str, str, ScheduleSpec], ...] = (
    ("hours", "every hour", ScheduleSpec(when="hours")),
    ("daily", "every day, at", ScheduleSpec(when="daily", at="12:00")),
    ("weekly", "every week, on Sunday at", ScheduleSpec(when="weekly", at="12:00")),
    ("boot", "when the machine starts", ScheduleSpec(when="boot")),
    ("off", "only when you say so (b on Home)", ScheduleSpec()),
)
"""Choices of schedule, by the kind, in words."""


def scheduled(draft: Draft, when: str, at: str) -> Draft:
    """Return the draft with a choice of schedule; `at` counts where the kind has a time of day."""
    spec = next(spec for name, _, spec in SCHEDULES if name == when)
    return replace(draft, schedule=replace(spec, at=at.strip() or spec.at) if when in ("daily", "weekly") else spec)
