"""How far the work has come: counted where it is done, shown elsewhere.

The worker keeps one Counters and hands it to `update` at most ten times a second, on its own thread; the
receiver may keep the reference and look at it from another thread whenever it likes, since each field is one
reference and a count that lags by an instant does no harm. The engine never formats and never prints.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from yester.engine.events import Phase, RunProgress, path_fields

UPDATE_INTERVAL_S = 0.1
"""The least time between two calls of `update`."""
_LONGEST_PATH = 512
"""Bytes of a path that is told: escaped, and as base64 besides, it must fit into a line that a pipe takes whole."""


class InHand(NamedTuple):
    """A file that takes long, of which is told how far it is."""

    path: bytes
    size: int | None
    """Bytes by which `Counters.size` will have grown at its end; None while nobody can tell, as of a stream."""
    began: int
    """What `Counters.size` was then."""


@dataclass(slots=True)
class Counters:
    """What was done so far. Sizes are bytes; `total_*` is None while nobody knows."""

    files: int = 0
    directories: int = 0
    size: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    stored_size: int = 0
    path: bytes = b""
    """What is being read or written, or the folder that it is in."""
    in_hand: InHand | None = None
    """The same, with how far it is; None while it is nothing that takes long."""
    total_files: int | None = None
    total_size: int | None = None

    def restart(self) -> None:
        """Begin again at nothing done."""
        self.files = self.directories = self.size = 0
        self.new = self.changed = self.unchanged = self.failed = self.stored_size = 0
        self.let_go()

    @property
    def part(self) -> float:
        """How much of the file in hand is done, 0 to 1: as long as it is not whole it is not among `files`."""
        in_hand = self.in_hand
        if in_hand is None or not in_hand.size:
            return 0.0
        return min(1.0, max(0, self.size - in_hand.began) / in_hand.size)

    def take(self, path: bytes, size: int | None) -> None:
        """Begin with a file that takes long, of which `size` bytes will be counted."""
        self.in_hand = InHand(path, size, self.size)

    def let_go(self, path: bytes = b"") -> None:
        """Be done with it, and go on in the folder `path`; nothing is in hand without one."""
        self.path, self.in_hand = path, None


class Progress(Protocol):
    """Whoever shows the progress of a run, a restore or a check. Neither call may block or raise."""

    def phase(self, phase: Phase) -> None:
        """The work turns to its next part."""
        ...

    def update(self, counters: Counters) -> None:
        """The work has come this far; at most every UPDATE_INTERVAL_S."""
        ...


class NoProgress:
    """Nobody watches."""

    def phase(self, phase: Phase) -> None:
        """Do nothing."""

    def update(self, counters: Counters) -> None:
        """Do nothing."""


def progress_event(counters: Counters, eta_s: int | None = None) -> RunProgress:
    """Return the counters, and the seconds left where they are known, as the event that followers get."""
    in_hand = counters.in_hand or InHand(counters.path, None, counters.size)
    path, path_b64 = path_fields(in_hand.path if len(in_hand.path) <= _LONGEST_PATH else b"")
    done = max(0, counters.size - in_hand.began)
    return RunProgress(
        files=counters.files,
        directories=counters.directories,
        size=counters.size,
        new=counters.new,
        changed=counters.changed,
        unchanged=counters.unchanged,
        failed=counters.failed,
        stored_size=counters.stored_size,
        total_files=counters.total_files,
        total_size=counters.total_size,
        path=path,
        path_b64=path_b64,
        path_done=done if in_hand.size is None else min(done, in_hand.size),
        path_size=in_hand.size,
        eta_s=eta_s,
    )
