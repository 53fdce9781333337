"""Why a snapshot stays or goes, as values and in words."""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """What decided; the values stand in `--json`."""

    LAST = "last"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    WITHIN = "within"
    SMART_NEWEST = "smart-newest"
    SMART_ALL = "smart-all"
    SMART_DAY = "smart-day"
    SMART_WEEK = "smart-week"
    SMART_MONTH = "smart-month"
    SMART_YEAR = "smart-year"
    YOUNG = "young"
    PINNED = "pinned"
    NAMED = "named"
    TAGGED = "tagged"
    NEWEST = "newest"
    LAST_GOOD = "last-good"
    FUTURE = "future"
    UNFINISHED = "unfinished"
    NO_RULE = "no-rule"
    NOT_ASKED = "not-asked"
    # From here on: why one goes.
    UNKEPT = "unkept"
    OLD = "old"
    FINISHED = "finished"
    ROOM = "room"
    ASKED = "asked"
    EVEN_PINNED = "even-pinned"
    EVEN_LAST = "even-last"


_WORDS = {
    Rule.LAST: "one of the last {of}",
    Rule.HOURLY: "newest of the hour {of}",
    Rule.DAILY: "newest of the day {of}",
    Rule.WEEKLY: "newest of the week {of}",
    Rule.MONTHLY: "newest of the month {of}",
    Rule.YEARLY: "newest of the year {of}",
    Rule.WITHIN: "within {of} of the newest",
    Rule.SMART_NEWEST: "smart: newest",
    Rule.SMART_ALL: "smart: one of the last {of}",
    Rule.SMART_DAY: "smart: day {of}",
    Rule.SMART_WEEK: "smart: week from {of}",
    Rule.SMART_MONTH: "smart: month {of}",
    Rule.SMART_YEAR: "smart: year {of}",
    Rule.YOUNG: "not older than {of}",
    Rule.PINNED: "pinned",
    Rule.NAMED: "has a name",
    Rule.TAGGED: "tag {of}",
    Rule.NEWEST: "newest of its series",
    Rule.LAST_GOOD: "last good one",
    Rule.FUTURE: "its time is yet to come",
    Rule.UNFINISHED: "partial, and none since is complete",
    Rule.NO_RULE: "no rule is set",
    Rule.NOT_ASKED: "not named",
    Rule.UNKEPT: "no rule keeps it",
    Rule.OLD: "older than {of}",
    Rule.FINISHED: "partial, and a later one is complete",
    Rule.ROOM: "the oldest, and room is short",
    Rule.ASKED: "named",
    Rule.EVEN_PINNED: "although it is pinned",
    Rule.EVEN_LAST: "although it is the last good one",
}

SAFEGUARDS = frozenset({Rule.NEWEST, Rule.LAST_GOOD, Rule.FUTURE, Rule.UNFINISHED})
"""What keeps a snapshot whatever the rules say; a series of which nothing else is kept has rules that keep nothing."""

EXCEPTIONS = frozenset({Rule.PINNED, Rule.NAMED, Rule.TAGGED})
"""What a person said about a snapshot, so that it stays."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, and of what: a number, a day, a week's first day, a tag."""

    rule: Rule
    of: str = ""

    def __str__(self) -> str:
        """The reason in words for a person."""
        return _WORDS[self.rule].format(of=self.of)
