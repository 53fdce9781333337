"""The home of Kolibri's world: the folder with plugins.json and options.ini, and whether it is ours to write to.

It is yester's own unless KOLIBRI_HOME names another. A home that a Kolibri uses as well is read like any, but written
only when a person said so: what stands in it decides how that Kolibri starts the next time.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yester.engine.places import Places, remember

VARIABLE = "KOLIBRI_HOME"
MARK = ".yester"
"""A file in homes that yester made: what else is in them was written by yester, or by a person for it."""

_OF_A_SERVER = ("db.sqlite3", "server.pid", "job_storage.sqlite3", "kolibri_settings.json")
_OF_EITHER = ("options.ini", "plugins.json")

_allowed: set[Path] = set()


class HomeInUse(RuntimeError):
    """A home that a Kolibri uses was about to be written to, and nobody said that it may be."""

    def __init__(self, path: Path, sign: str) -> None:
        super().__init__(f"{path} belongs to a Kolibri, as {sign} in it shows, and is not written to without asking")


@dataclass(frozen=True, slots=True)
class Home:
    """A home; it need not be there."""

    path: Path
    is_own: bool = False
    """Whether it is the one that yester has for itself."""

    @classmethod
    def of(cls, places: Places, environment: Mapping[str, str]) -> "Home":
        """Return the home that counts."""
        named = environment.get(VARIABLE, "")
        if named:
            return cls(Path(os.path.abspath(os.path.expanduser(named))))
        return cls(places.data / "kolibri", is_own=True)

    @property
    def sign(self) -> str:
        """The name of a file that shows that a Kolibri uses it; empty when none does."""
        is_ours = self.is_own or os.path.lexists(self.path / MARK)
        names = _OF_A_SERVER if is_ours else (*_OF_A_SERVER, *_OF_EITHER)
        return next((name for name in names if os.path.lexists(self.path / name)), "")

    @property
    def may_be_written(self) -> bool:
        """Whether it is ours, or a person said so."""
        return self.path in _allowed or not self.sign

    def allow(self) -> None:
        """Note that a person said so, to this process."""
        _allowed.add(self.path)

    def write(self, name: str, content: str) -> None:
        """Write a file of the home, whole or not at all. HomeInUse; YesterError when it cannot be written."""
        sign = self.sign
        if not self.may_be_written:
            raise HomeInUse(self.path, sign)
        if not sign:
            remember(self.path / MARK, b"", first=True)
        remember(self.path / name, content.encode("utf-8", "surrogateescape"))
