"""A store in front of another, with recovery data beside each object.

The recovery data of `data.X` is the object `data.X.par2` of the inner store: one par2 file that holds all that is
needed to mend. Lists leave it out. It is put after its object and removed after it, so that what a killed run leaves
is an object without recovery data, or recovery data without an object; `tidy` sees to both.

Damage is noticed in two ways. A whole object that has a digest, in its name as most or inside as the config, is
compared with it on the way through. Of all others (parts, sessions) the engine finds out when it opens them, and says
so by `let_go`. What was mended is put back; where that cannot be, it is kept for a while.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from yester.engine.errors import Broken, Missing, StoreError, UsageError
from yester.engine.forwarding import ForwardingStore
from yester.engine.messages.of_stores import LOG
from yester.engine.places import Places
from yester.engine.store import RECOVERY_ENDING, Buffer, Store, checked_name, let_go
from yester.plugins.backends.par2.program import FILE, Par2, found_program
from yester.plugins.backends.soundness import is_damaged, shows_damage
from yester.plugins.backends.spool import Spool
from yester.plugins.backends.terms import Terms
from yester.plugins.options.spec import Option

log = logging.getLogger(LOG)

NAME = "par2"
PREFIX = f"{NAME}+"
LONGEST_NAME = 80 - len(RECOVERY_ENDING)
"""Longer names than any of the format's have no recovery data."""
KEPT = 4
"""How many mended objects are kept that cannot be put back."""
_SPOOL_SIZE = 256 << 20
_SALVAGED = 64 << 10
"""An object that cannot be read whole is read in pieces of this size."""

OPTIONS: Mapping[str, Option] = {
    "redundancy": Option("integer", 10, "How much recovery data is made, in percent of an object's size."),
    "catch_up": Option("bytes", "1G", "How much of what has no recovery data yet a prune reads to make it."),
    "program": Option("path", None, "Which par2 is run, instead of the one that is found."),
}


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at the URL after `par2+`. RepositoryError when there is no par2, UsageError."""
    said = terms.options(NAME, OPTIONS)
    if not 1 <= said["redundancy"] <= 100:
        raise UsageError("The option redundancy of par2 is percent, from 1 to 100", hint="10 is usual.")
    par2 = Par2(found_program(said["program"], terms.environment), said["redundancy"])
    return Par2Store(terms.open(url[len(PREFIX) :]), par2, said["catch_up"])


class Par2Store(ForwardingStore):
    """Objects that can be mended. Threads share it."""

    def __init__(self, store: Store, par2: Par2, catch_up_size: int) -> None:
        super().__init__(store)
        self._par2, self._catch_up_size = par2, catch_up_size
        self._spool = Spool(Places.default(), _SPOOL_SIZE)
        self._mending = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    @property
    def place(self) -> str:
        """Where the store is."""
        folder, place = self._store.folder, self._store.place
        return f"{PREFIX}{place if folder is None or '://' in place else folder.as_uri()}"

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store the object, and then its recovery data."""
        content = b"".join(buffers)
        recovery = self._recovery(_own(name), content)
        self._store.put(name, [content], if_absent=if_absent, group=group)
        if recovery:
            # Not in the group: recovery data must be at hand when its object is not.
            self._store.put(name + RECOVERY_ENDING, [recovery])

    def get(self, name: str) -> bytes:
        """Return the whole object, mended where it has to be."""
        kept = self._kept.get(_own(name))
        if kept is not None:
            return kept
        problem: Broken | None = None
        data = b""
        try:
            data = self._store.get(name)
        except Broken as error:
            problem = error
        if problem is None and not is_damaged(name, data):
            return data
        mended = self._mended(name)
        if mended is None and problem is not None:
            raise problem
        return data if mended is None else mended

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of the object, as it is."""
        kept = self._kept.get(_own(name))
        if kept is not None and 0 <= offset <= offset + size <= len(kept):
            return kept[offset : offset + size]
        return self._store.get_range(name, offset, size)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names of objects."""
        return (name for name in self._store.list(prefix) if not name.endswith(RECOVERY_ENDING))

    def query(self, name: str) -> int:
        """Return the size of the object."""
        kept = self._kept.get(_own(name))
        return self._store.query(name) if kept is None else len(kept)

    def delete(self, name: str) -> None:
        """Remove the object, and then its recovery data."""
        self._kept.pop(_own(name), None)
        try:
            self._store.delete(name)
        except Missing:
            self._drop(name)
            raise
        self._drop(name)

    def tidy(self) -> None:
        """Remove recovery data of what is gone, and make some of what lacks."""
        self._store.tidy()
        # Best effort: the next prune goes on.
        with suppress(StoreError):
            names = set(self._store.list())
            for name in names:
                if name.endswith(RECOVERY_ENDING) and name.removesuffix(RECOVERY_ENDING) not in names:
                    self._drop_orphan(name.removesuffix(RECOVERY_ENDING))
            self._catch_up(
                sorted(
                    name for name in names if not name.endswith(RECOVERY_ENDING) and name + RECOVERY_ENDING not in names
                )
            )

    def close(self) -> None:
        """Close the store."""
        self._spool.close()
        self._store.close()

    def let_go(self, name: str) -> bool:
        """Mend an object that turned out to be damaged."""
        was_dropped = self._kept.pop(name, None) is not None
        is_mended = let_go(self._store, name)
        return self._mended(name) is not None or is_mended or was_dropped

    # Recovery data

    def _recovery(self, name: str, content: bytes) -> bytes:
        """Make recovery data; none for what is empty. StoreError."""
        if not content or len(name) > LONGEST_NAME:
            return b""
        with self._spool.file(FILE, [content], len(content)) as path:
            return self._par2.protect(path.parent, len(content))

    def _drop(self, name: str) -> None:
        if len(name) <= LONGEST_NAME:
            with suppress(Missing):
                self._store.delete(name + RECOVERY_ENDING)

    def _drop_orphan(self, name: str) -> None:
        try:
            self._store.query(name)
        except Missing:
            self._drop(name)

    def _catch_up(self, names: Sequence[str]) -> None:
        """Make recovery data for objects that have none: the first put by another program, or a put was broken off."""
        left = self._catch_up_size
        for name in names:
            with suppress(Missing):
                size = self._store.query(name)
                if size > left:
                    log.warning("%s: some objects have no recovery data yet; each prune makes more", self.place)
                    return
                left -= size
                content = self._store.get(name)
                recovery = b"" if is_damaged(name, content) else self._recovery(name, content)
                if recovery:
                    self._store.put(name + RECOVERY_ENDING, [recovery])

    # Mending

    def _mended(self, name: str) -> bytes | None:
        """Return a damaged object as it was, and put it back; None when that cannot be. Says what it did."""
        with self._mending, suppress(Missing):
            data = self._salvaged(name)
            if shows_damage(name) and not is_damaged(name, data):
                return data  # another thread was here first
            mended = self._repaired(name, data)
            if mended is None or is_damaged(name, mended):
                log.warning("%s in %s is damaged, and has no recovery data that mends it", name, self.place)
            elif mended != data:
                self._put_back(name, mended)
                return mended
        return None

    def _salvaged(self, name: str) -> bytes:
        """Read what can be read of an object; zeros are in the place of what cannot."""
        try:
            return self._store.get(name)
        except Broken:
            size = self._store.query(name)
        data = bytearray(size)
        for offset in range(0, size, _SALVAGED):
            length = min(_SALVAGED, size - offset)
            with suppress(Broken):
                data[offset : offset + length] = self._store.get_range(name, offset, length)
        return bytes(data)

    def _repaired(self, name: str, data: bytes) -> bytes | None:
        try:
            recovery = self._store.get(name + RECOVERY_ENDING)
        except (Missing, Broken):
            return None
        with self._spool.file(FILE, [data], len(data) + len(recovery)) as path:
            return self._par2.mend(path.parent, recovery)

    def _put_back(self, name: str, mended: bytes) -> None:
        try:
            self._store.put(name, [mended])
        except StoreError as problem:
            self._kept[name] = mended
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            log.warning("%s was damaged. It is mended, but could not be put back: %s", name, problem.what)
        else:
            log.warning("%s in %s was damaged, and is mended. Is the disk there sound?", name, self.place)


def _own(name: str) -> str:
    if name.endswith(RECOVERY_ENDING):
        raise UsageError(f"{name} is the name of recovery data")
    return checked_name(name)
