"""What starts runs on this machine, for whoever says how profiles stand: soon, and without waiting for anybody.

Timers are files, which are looked at each time. The crontab is another program's to tell: it is asked once in a while,
and given up when it does not answer at once. Then nobody says that something is missing.
"""

import threading
import time
from collections.abc import Callable

from yester.engine.errors import YesterError
from yester.engine.profiles.profile import Profile
from yester.engine.schedule.crontab import NoCron, read_crontab
from yester.engine.schedule.installing import installed
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.started import Started, started

PATIENCE_S = 2.0
"""How long crontab(1) may take, which reads one file."""
FRESH_S = 10.0
"""How long what it said counts."""


class Starters:
    """What is installed. Any thread may ask."""

    def __init__(self, machine: Machine, clock: Callable[[], float] = time.monotonic) -> None:
        self._machine, self._clock = machine, clock
        self._lock = threading.Lock()
        self._known: tuple[float, bytes | None] | None = None

    def of(self, profile: Profile) -> Started:
        """Return how the runs of a profile are started."""
        try:
            is_timer = bool(self._machine.units.installed(profile.name))
            crontab = b"" if is_timer else self._crontab()  # it is installed in one place at a time
            there = installed(profile, self._machine, crontab or b"")
        except YesterError:
            return "unknown"
        if there is None and crontab is None:
            return "unknown"
        return started(profile.schedule.when, None if there is None else (there.matches, there.enabled))

    def forget(self) -> None:
        """Something may have been installed meanwhile."""
        with self._lock:
            self._known = None

    def _crontab(self) -> bytes | None:
        """Return the crontab; None when nobody can tell what is in it."""
        with self._lock:
            if self._known is None or self._clock() - self._known[0] > FRESH_S:
                self._known = self._read()
            return self._known[1]

    def _read(self) -> tuple[float, bytes | None]:
        try:
            found: bytes | None = read_crontab(PATIENCE_S)
        except NoCron:
            found = b"" if self._machine.systemd else None  # something else may start runs in a container
        except YesterError:
            found = None
        return self._clock(), found
