"""Sessions: a writer says that it is at work, so that no prune takes away what it builds on.

The object is `session.ID.COUNTER`. It never changes: a sign of life is a new object with the next counter, put before
the old one is deleted, so that one is always there. Who prunes holds a session dead only when its counter stood still
for a set time of his own clock; clocks of different machines are never compared.

A clock can be wrong about the living: a machine that was suspended, or cut off from its store, comes back. So nothing
rests on it. Who holds a session dead takes its object away *first*, looks whether a later one has come (then it
lives), and only then lists snapshots; a writer commits its snapshot *first* and then asks whether its object still
stands. Of two that each do one thing and then look for the other's, one at least sees it: either the prune sees the
snapshot, or the writer learns that nobody waited for it and looks after its packs itself (docs/format.md, section 8).
"""

import os
import re
import threading
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from yester.engine.errors import DamageError, Missing, StoreError
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.records import Session, decode_record, encode_record
from yester.engine.sealed.sealing import ObjectKind, open_record, seal_record
from yester.engine.store import Store, mending

PREFIX = "session."
_NAME = re.compile(r"session\.([0-9a-f]{32})\.([0-9a-f]{8})")


def session_name(id: bytes, counter: int) -> str:
    """Return the object name of a session at this counter."""
    return f"{PREFIX}{id.hex()}.{counter:08x}"


def live_sessions(names: Iterable[str]) -> dict[bytes, int]:
    """Return the highest listed counter of each session; other names are passed over."""
    sessions: dict[bytes, int] = {}
    for name in names:
        if match := _NAME.fullmatch(name):
            id = bytes.fromhex(match[1])
            sessions[id] = max(int(match[2], 16), sessions.get(id, 0))
    return sessions


def read_session(store: Store, keys: Keys, id: bytes, counter: int) -> Session:
    """Read a session; Missing when it has ended, DamageError when it is not what its name says."""
    name = session_name(id, counter)

    def read() -> Session:
        plain = open_record(ObjectKind.SESSION, keys, name, store.get(name), named_by_digest=False)
        return decode_record(Session, plain, name)

    session = mending(store, name, read)
    if session.id != id:
        raise DamageError(f"{name} is damaged: it is the session {session.id.hex()}")
    return session


SIGN_OF_LIFE_S = 60.0
"""How often a writer at work ticks."""


class WriterSession:
    """This writer's session, from entering a with block to its end; a thread of its own ticks meanwhile."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        *,
        writer: bytes,
        host: str,
        purpose: str,
        started_ns: int,
        interval_s: float = SIGN_OF_LIFE_S,
    ) -> None:
        """Nothing is stored yet."""
        self.id = os.urandom(16)
        self._store = store
        self._keys = keys
        self._plain = encode_record(
            Session(id=self.id, writer=writer, host=host, started_ns=started_ns, purpose=purpose)
        )
        self._counter = -1
        """Of the newest object."""
        self._standing: list[str] = []
        """The objects that were put and not deleted: one, unless the store failed meanwhile."""
        self._lapsed = False
        """An object went that this session did not delete: somebody holds it dead."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._interval_s = interval_s
        self._heart = threading.Thread(target=self._beat, name="session", daemon=True)

    def tick(self) -> None:
        """Give a sign of life. StoreError when it cannot; the last one that was given then still stands."""
        with self._lock:
            self._put()
            for before in self._standing[:-1]:
                # Asked after the put: who deletes an object looks for a later one then.
                self._lapsed = self._lapsed or not self._is_there(before)
                self._delete(before)

    def stands(self) -> bool:
        """Whether nobody has held this session dead up to now. StoreError when the store cannot say.

        Asked after a snapshot was committed it means that every prune which does not know the snapshot yet is to list
        snapshots again before it deletes anything.
        """
        with self._lock:
            return not self._lapsed and self._is_there(self._standing[-1])

    def renew(self) -> None:
        """Begin again after a lapse: prunes that list sessions from here on wait for it. StoreError as `tick`."""
        with self._lock:
            self._put()
            # They are of a session that is over: that one of them is gone says nothing of this one.
            for before in self._standing[:-1]:
                self._delete(before)
            self._lapsed = False

    def _beat(self) -> None:
        while not self._over.wait(self._interval_s):
            # What keeps a store from taking this will meet the run itself, which can say so.
            with suppress(StoreError):
                self.tick()

    def _put(self) -> None:
        # Sealed anew each time: a salt is never used twice.
        _, content = seal_record(ObjectKind.SESSION, self._keys, self._plain)
        name = session_name(self.id, self._counter + 1)
        self._store.put(name, [content])
        self._counter += 1
        self._standing.append(name)

    def _is_there(self, name: str) -> bool:
        try:
            self._store.query(name)
        except Missing:
            return False
        return True

    def _delete(self, name: str) -> None:
        with suppress(Missing):
            self._store.delete(name)
        self._standing.remove(name)

    def __enter__(self) -> Self:
        """Put the first object; from here on a prune spares what is listed."""
        self._put()
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the session away, unless a prune has done so already, or the store fails: a prune will do it later."""
        self._over.set()
        self._heart.join()
        with suppress(StoreError):
            for name in [*self._standing]:
                self._delete(name)
