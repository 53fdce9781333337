"""Waiting for writers: until each session has ended, or its counter stood still for a time of this machine's clock.

The clock decides only how long to wait. A session that is held dead is taken away first and looked for again, so that
its writer learns of it before it relies on this prune (engine/sessions.py).
"""

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Protocol

from yester.engine.errors import DamageError, Missing
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.records import Session
from yester.engine.sessions import PREFIX, live_sessions, read_session, session_name
from yester.engine.store import Store

STILL_S = 600.0
"""A session whose counter does not move for so long is held dead: ten signs of life were missed."""
POLL_S = 1.0
"""How often sessions are listed while waiting."""
PURPOSE = "prune"
"""Of a prune's own session. Prunes do not wait for each other: neither commits snapshots, and both would wait."""
PURGE = "purge"
"""Of who deletes what archives hold, which is a prune in this."""


class Clock(Protocol):
    """A clock of the one who waits."""

    def now(self) -> float:
        """Return seconds since any moment; never set, and going on while the machine sleeps."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after this time."""
        ...


class MachineClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Return seconds since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class Watched:
    """The sessions of others, since when their counters stand. For one thread."""

    def __init__(self, store: Store, keys: Keys, own: bytes, clock: Clock) -> None:
        self._store, self._keys, self._own, self._clock = store, keys, own, clock
        self._since: dict[bytes, tuple[int, float]] = {}
        self._sessions: dict[bytes, Session | None] = {}

    def look(self) -> set[bytes]:
        """List sessions; return those of others that are there."""
        live, now = live_sessions(self._store.list(PREFIX)), self._clock.now()
        live.pop(self._own, None)
        known = self._since
        self._since = {
            id: known[id] if id in known and known[id][0] == counter else (counter, now) for id, counter in live.items()
        }
        return set(live)

    def writers(self) -> set[bytes]:
        """List sessions; return those of others that may commit a snapshot."""
        # Listed twice: a session that gives a sign of life while it is listed may be missed once.
        return {id for look in (self.look, self.look) for id in look() if not self._is_prune(id)}

    def describe(self, id: bytes) -> str:
        """Return what is known of a session, in words."""
        session = self._sessions.get(id)
        return "a writer of which nothing is known" if session is None else f"{session.purpose} on {session.host}"

    def wait(self, ids: Collection[bytes], waiting: Callable[[str], None], cancelled: Callable[[], None]) -> None:
        """Return when all these have ended or were held dead.

        `waiting` is told, again and again, for whom; `cancelled` is called as often, and may raise.
        """
        left = set(ids)
        # Listed twice, as above.
        while left := left & (self.look() | self.look()):
            left -= {id for id in left if self._is_still(id) and self._bury(id)}
            if left:
                waiting(self.describe(min(left)))
                cancelled()
                self._clock.sleep(POLL_S)

    def bury_prunes(self) -> None:
        """Take away sessions of other prunes that stood still long enough while this one was at work."""
        for id in self.look():
            if self._is_prune(id) and self._is_still(id):
                self._bury(id)

    def _is_still(self, id: bytes) -> bool:
        return id in self._since and self._clock.now() - self._since[id][1] >= STILL_S

    def _bury(self, id: bytes) -> bool:
        """Take a session away; whether it has given no sign of life since it was last listed."""
        counter = self._since[id][0]
        mine = f"{PREFIX}{id.hex()}."
        for name in tuple(self._store.list(mine)):
            if name <= session_name(id, counter):
                with suppress(Missing):
                    self._store.delete(name)
        # Only now: who gave a sign of life meanwhile either shows here, or learns that its session was taken away.
        return not any(live_sessions(self._store.list(mine)) for _ in range(2))

    def _is_prune(self, id: bytes) -> bool:
        if id not in self._sessions:
            with suppress(Missing):
                self._sessions[id] = self._read(id)
        session = self._sessions.get(id)
        return session is not None and session.purpose in (PURPOSE, PURGE)

    def _read(self, id: bytes) -> Session | None:
        try:
            return read_session(self._store, self._keys, id, self._since[id][0])
        except DamageError:
            return None
