"""What the wizard does at its end: one command after another, each a method of the engine; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from yester.engine.events import Shown
from yester.engine.profiles.profile import RetentionSpec, ScheduleSpec
from yester.tui.serve.methods.kinds import Change
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.methods.words import as_typed
from yester.tui.state.text import Glyphs, Line, Span, Tone, line
from yester.tui.state.wizard.draft import Draft, Looked, needs_passphrase

State = Literal["waits", "runs", "done", "failed"]

_RULES = ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly", "keep_within")
_SMART = ("keep_all", "per_day", "per_week", "per_month")


@dataclass(frozen=True, slots=True)
class Step:
    """One command."""

    method: str
    about: str
    params: Mapping[str, object] = field(default_factory=dict)
    state: State = "waits"
    problem: str = ""
    hint: str = ""
    is_needed: bool = True
    """Whether nothing can follow where it fails."""

    @property
    def is_over(self) -> bool:
        """Whether what follows can be done."""
        return self.state == "done" or (self.state == "failed" and not self.is_needed)

    @property
    def command(self) -> str:
        """What a person would type."""
        method = METHODS[self.method]
        assert isinstance(method, Change)
        return as_typed(method.words(msgspec.convert(msgspec.to_builtins(self.params), method.takes)))


def steps(draft: Draft, looked: Looked | None, passphrase_folder: str) -> tuple[Step, ...]:
    """Return what makes of a draft a profile with its first snapshot."""
    where = looked.where if looked is not None and looked.where else draft.place
    is_locked, found = needs_passphrase(draft, looked), []
    if looked is None or not looked.is_repository:
        found.append(
            Step("repositories.create", "make the repository", {"repository": where, "encrypted": draft.is_encrypted})
        )
    if is_locked and draft.kept != "nowhere":
        file = {"file": Shown(_passphrase_file(draft, passphrase_folder))} if draft.kept == "file" else {}
        found.append(Step("keys.keep", "keep the passphrase for runs", {"repository": where, **file}))
    found.append(Step("profiles.add", "add the profile", profile_params(draft, looked, passphrase_folder)))
    if draft.schedule.when != "off":
        found.append(Step("schedule.enable", "switch the schedule on", {"profile": draft.name}, is_needed=False))
    found.append(Step("runs.start", "take the first snapshot", {"profile": draft.name}))
    return tuple(found)


def profile_params(draft: Draft, looked: Looked | None, passphrase_folder: str) -> dict[str, object]:
    """Return what `profiles.add` takes."""
    where = looked.where if looked is not None and looked.where else draft.place
    chosen = [*_passphrase_settings(draft, looked, passphrase_folder), *schedule_settings(draft.schedule)]
    chosen += retention_settings(draft.retention)
    has_rules = bool(retention_settings(draft.retention))
    chosen += ["maintenance.forget=true", "maintenance.prune=1w"] if draft.forgets and has_rules else []
    chosen += ["maintenance.check=1m"] if draft.checks else []
    return {"name": draft.name, "repository": where, **draft.filters, "settings": chosen}


def _passphrase_file(draft: Draft, folder: str) -> str:
    return f"{folder}/{draft.name}"


def _passphrase_settings(draft: Draft, looked: Looked | None, folder: str) -> list[str]:
    if not needs_passphrase(draft, looked) or draft.kept == "nowhere":
        return []
    return ["keyring=true"] if draft.kept == "keyring" else [f"passphrase_file={_passphrase_file(draft, folder)}"]


def schedule_settings(spec: ScheduleSpec) -> list[str]:
    """Return the keys that a schedule takes, as KEY=VALUE."""
    default = ScheduleSpec()
    names = ("when", "every", "unit", "at", "hours", "weekday", "day", "month", "drive")
    return [f"schedule.{name}={getattr(spec, name)}" for name in names if getattr(spec, name) != getattr(default, name)]


def retention_settings(spec: RetentionSpec) -> list[str]:
    """Return the keys that the rules of a retention, and smart thinning, take, as KEY=VALUE."""
    found = [f"retention.{name}={getattr(spec, name)}" for name in _RULES if getattr(spec, name)]
    if spec.smart is not None:
        found += [f"retention.smart.{name}={getattr(spec.smart, name)}" for name in _SMART]
    return found


def marked(known: Sequence[Step], at: int, state: State, problem: str = "", hint: str = "") -> tuple[Step, ...]:
    """Return the steps with one in another state."""
    step = replace(known[at], state=state, problem=problem, hint=hint)
    return (*known[:at], step, *known[at + 1 :])


def taken_over(new: Sequence[Step], old: Sequence[Step]) -> tuple[Step, ...]:
    """Return new steps, where those that were done before and are the same are done."""
    done = {(step.method, str(step.params)) for step in old if step.state == "done"}
    return tuple(replace(step, state="done") if (step.method, str(step.params)) in done else step for step in new)


def next_step(known: Sequence[Step]) -> int | None:
    """Return which step comes next; None when all are over."""
    return next((at for at, step in enumerate(known) if not step.is_over), None)


def lines(known: Sequence[Step], glyphs: Glyphs) -> list[Line]:
    """Return the steps with their commands."""
    found: list[Line] = []
    for step in known:
        sign, tone = _SIGNS[step.state]
        found.append(line(Span(f"{getattr(glyphs, sign)} {step.about}", tone)))
        if step.state != "done":
            found.append(line(Span("  $ ", "dim"), Span(step.command, "accent")))
        if step.problem:
            found.append(line(Span(f"  {step.problem}", "bad")))
        if step.hint:
            found.append(line(f"  {step.hint}"))
    return found


_SIGNS: Mapping[State, tuple[str, Tone]] = {
    "waits": ("idle", "plain"),
    "runs": ("running", "accent"),
    "done": ("good", "good"),
    "failed": ("bad", "bad"),
}


def said(text: str) -> list[Line]:
    """Return what a profile's file says, without comments and what is empty."""
    kept: list[str] = []
    for each in text.splitlines():
        if not each.strip() or each.lstrip().startswith("#"):
            continue
        if each.startswith("[") and kept and kept[-1].startswith("["):
            kept.pop()
        kept.append(each)
    if kept and kept[-1].startswith("["):
        kept.pop()
    return [line(Span(each, "strong" if each.startswith("[") else "plain")) for each in kept]


def answer_of(done: Any) -> Mapping[str, Any]:
    """Return what a command printed as JSON, where it is an object."""
    answer = done.get("answer") if isinstance(done, dict) else None
    return answer if isinstance(answer, dict) else {}
