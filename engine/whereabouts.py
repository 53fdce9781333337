"""Whereabouts: which repository was at which place, so that one that was moved, copied or exchanged is noticed.

A copy made by `cp -r` has the same keys, the same id and the same writers as the first, and this machine keeps one
state and one cache for both. That harms neither, since nothing is trusted that the store does not list; but whoever
uses both has two histories of one name, and ought to know. Another repository where one was before has none of its
snapshots: that too is said, until a snapshot was taken there.
"""

from pathlib import Path

import msgspec
from blake3 import blake3

from yester.engine.errors import YesterError
from yester.engine.places import Places, remember

_ID_SIZE = 8


class Whereabouts:
    """What this client remembers of one repository at one place. Nothing is read before it is asked."""

    def __init__(self, places: Places, state: Path, repository: bytes, place: str, config: Path | None) -> None:
        """`config` is the file that holds the repository's config, where it is in a local folder."""
        name = blake3(place.encode("utf-8", "surrogateescape")).hexdigest(16)
        self._here, self._known = places.state / "places" / name, state / "places"
        self._id, self._place, self._config = repository.hex(), place, config
        self._remarks: list[str] | None = None

    def remarks(self) -> list[str]:
        """Return what a person should know; the same each time. A new place is remembered, and said once."""
        if self._remarks is None:
            self._remarks = [*self._exchanged(), *self._moved()]
        return self._remarks

    def settle(self) -> None:
        """A snapshot was taken: from now on this repository is the one that belongs here."""
        self.remarks()
        if _read(self._here) != [self._id]:
            _keep(self._here, [self._id])

    def _exchanged(self) -> list[str]:
        known = _read(self._here)
        if not known:
            _keep(self._here, [self._id])
        if not known or known == [self._id]:
            return []
        before, now = known[0][:_ID_SIZE], self._id[:_ID_SIZE]
        return [
            f"Another repository lies at {self._place} than when this machine last used it ({before} then, {now} now): "
            "its snapshots are not in this one. Was it exchanged, or is another disk connected?"
        ]

    def _moved(self) -> list[str]:
        known = _read(self._known)
        if self._place in known:
            return []
        _keep(self._known, [*known, self._place])
        if not known:
            return []
        before = known[-1]
        if self._is_at(before):
            return [
                f"The repository at {self._place} is a copy of the one at {before}, or the other way round: what is "
                "stored in one of them is missing in the other. Use one of them, or fill the second with yester copy"
            ]
        return [f"The repository at {self._place} was at {before} when this machine last used it"]

    def _is_at(self, place: str) -> bool:
        """Whether the same repository is at another place on this machine still, and this is not that place."""
        if self._config is None:
            return False
        other = Path(place, self._config.name)
        try:
            return not other.samefile(self._config) and other.read_bytes() == self._config.read_bytes()
        except OSError:
            return False


def _read(path: Path) -> list[str]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[str])
    except (OSError, ValueError):
        return []


def _keep(path: Path, words: list[str]) -> None:
    try:
        content = msgspec.json.encode(words)
    except UnicodeEncodeError:
        # A path that is not UTF-8 is not worth a format of its own here.
        return
    try:
        remember(path, content)
    except YesterError:
        # The witness writes beside it, and says when it cannot.
        return
