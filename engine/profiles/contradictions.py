"""What in a profile contradicts itself: each key is valid, and together they make no sense."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yester.engine.profiles.mistake import Mistake
from yester.engine.profiles.profile import Profile, RetentionSpec, SmartSpec

_COUNTS = ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly")


@dataclass(frozen=True, slots=True)
class Rule:
    """A contradiction: where it shows, how to find it in a profile and in what its file says, and its words."""

    table: str
    key: str
    is_broken: Callable[[Profile, Mapping[str, Any]], bool]
    what: str
    hint: str


def keeps_everything(rules: RetentionSpec) -> bool:
    """Whether no rule is set that would ever remove a snapshot."""
    return not (
        any(getattr(rules, name) for name in _COUNTS)
        or rules.keep_within
        or rules.keep_tags
        or rules.older_than
        or rules.smart
        or rules.min_free_size
        or rules.min_free_inodes
    )


def _all_counts_are_0(profile: Profile, said: Mapping[str, Any]) -> bool:
    stated = said.get("retention", {})
    return any(name in stated for name in _COUNTS) and keeps_everything(profile.retention)


def _smart_keeps_nothing(profile: Profile, said: Mapping[str, Any]) -> bool:
    return profile.retention.smart == SmartSpec(0, 0, 0, 0)


RULES = (
    Rule(
        "",
        "passphrase_command",
        lambda profile, said: bool(profile.passphrase_file and profile.passphrase_command),
        "passphrase_command and passphrase_file are both there, and only one can count",
        "Keep one of them.",
    ),
    Rule(
        "schedule",
        "when",
        lambda profile, said: profile.schedule.when == "custom-hours" and not profile.schedule.hours,
        'when = "custom-hours" needs hours',
        'Write, for example: hours = "8,12,18"',
    ),
    Rule(
        "schedule",
        "when",
        lambda profile, said: profile.schedule.when == "drive" and not profile.schedule.drive,
        'when = "drive" needs drive, the UUID of its file system',
        "Look it up with lsblk -f, and write it as drive.",
    ),
    Rule(
        "schedule",
        "every",
        lambda profile, said: profile.schedule.when == "minutes" and profile.schedule.every > 59,
        "every is more minutes than an hour has",
        'Use when = "hours", or when = "repeatedly" with a unit.',
    ),
    Rule(
        "schedule",
        "every",
        lambda profile, said: profile.schedule.when == "hours" and profile.schedule.every > 23,
        "every is more hours than a day has",
        'Use when = "daily", or when = "repeatedly" with a unit.',
    ),
    Rule(
        "retention",
        "keep_last",
        _all_counts_are_0,
        "every rule in [retention] is 0, so that nothing would be kept",
        "To keep everything, leave them out; else give one a number.",
    ),
    Rule(
        "retention.smart",
        "keep_all",
        _smart_keeps_nothing,
        "every rule in [retention.smart] is 0, so that nothing would be kept",
        "Give one a number, or leave the table out.",
    ),
    Rule(
        "maintenance",
        "forget",
        lambda profile, said: profile.maintenance.forget and keeps_everything(profile.retention),
        "forget = true has nothing to go by: [retention] has no rule",
        "Add one to [retention], for example keep_daily = 30, or leave forget out.",
    ),
    Rule(
        "notify",
        "command",
        lambda profile, said: bool(profile.notify.command) and "on" not in said.get("notify", {}),
        "command is there, and nothing says when to run it",
        'Add, in [notify]: on = "failure"',
    ),
    Rule(
        "notify",
        "on",
        lambda profile, said: (
            profile.notify.on != "never" and not profile.notify.command and not profile.notify.desktop
        ),
        "there is nobody to tell: no command, and desktop = false",
        "Give a command, or leave desktop out.",
    ),
)
"""All of them, in the order of the keys."""


def contradictions(profile: Profile, said: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield what contradicts itself in a profile; `said` is what its file says, as TOML has it."""
    for rule in RULES:
        if rule.is_broken(profile, said):
            yield Mistake(rule.table, rule.key, rule.what, rule.hint)
