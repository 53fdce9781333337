"""A mistake in a profile, before file and line are known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a key; `table` and `key` say where it stands."""

    table: str
    key: str
    what: str
    hint: str = ""
