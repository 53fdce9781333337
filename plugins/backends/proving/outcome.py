"""What came of a check. Pure."""

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """Whether a store does what a check is about."""

    YES = "yes"
    NO = "no"
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check."""

    verdict: Verdict
    note: str = ""
    """A count where it holds, what happened instead where it does not."""
    hint: str = ""

    @property
    def holds(self) -> bool:
        """Whether the store does it."""
        return self.verdict is Verdict.YES


def holds(note: str = "") -> Outcome:
    """Say that the store does it."""
    return Outcome(Verdict.YES, note)


def lacks(note: str) -> Outcome:
    """Say that there is nothing to try."""
    return Outcome(Verdict.UNTRIED, note)


def fails(note: str) -> Outcome:
    """Say that the store does not, and what it does instead."""
    return Outcome(Verdict.NO, note)
