"""The names that a test of a store may touch: they begin with a prefix of its own. Pure."""

import re
from dataclasses import dataclass

TESTING = "yester-test-"
"""What all names of all tests begin with; no object of a repository does."""

_PREFIX = re.compile(rf"({TESTING}[0-9a-f]{{8}}-[0-9a-f]{{6}}\.)[a-z0-9.-]*")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one test."""

    prefix: str

    @classmethod
    def new(cls, begun_s: int, chance: bytes) -> "Names":
        """Return the names of a test that begins at this time (seconds since 1970), with three bytes of chance."""
        return cls(f"{TESTING}{begun_s:08x}-{chance[:3].hex()}.")

    @classmethod
    def of(cls, name: str) -> "Names | None":
        """Return the names of the test that an object is of; None when it is of none."""
        match = _PREFIX.fullmatch(name)
        return cls(match[1]) if match else None

    @property
    def begun_s(self) -> int:
        """When the test began, by the clock of its machine."""
        return int(self.prefix.removeprefix(TESTING).partition("-")[0], 16)

    @property
    def mark(self) -> str:
        """The object that is there from the first moment of the test to its last."""
        return self.prefix + "begun"

    def name(self, rest: str) -> str:
        """Return a name of this test, cut where it would be longer than a name may be."""
        return (self.prefix + rest)[:_LONGEST]

    def longest(self) -> str:
        """Return a name as long as one may be."""
        return self.name("z" * _LONGEST)
