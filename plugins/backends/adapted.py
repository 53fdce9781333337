"""A Backend as a Store: whole objects by way of temporary files.

What a backend cannot do is done here, as well as it can be: a part of an object is read by fetching all of it, creating
an object looks first (and is not called atomic), a size that no backend tells is that of what was fetched. After each
put the object is looked at; one that came out short fails the put, so that the store around this one tries again.
Whether an object is seen in part while it is put is up to the backend: it has names for whole objects only.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from yester.engine.errors import Broken, Exists, Missing, Retry
from yester.engine.store import Buffer, Capabilities, Readiness, all_ready, checked_name, size_of
from yester.plugins.backends.raw import Raw
from yester.plugins.backends.recalling import Recalling
from yester.plugins.backends.recent import Recent
from yester.plugins.backends.spool import Spool
from yester.plugins.backends.validating import Sleep, looked_at
from yester.plugins.backends.verbs import ABSENT, Verbs

MAX_OBJECT_SIZE = 1 << 30
"""No object of the format comes near; a larger file is not read into memory."""
USUAL_SIZE = 32 << 20
"""What an object takes of which nobody knows the size: as much as any of a repository."""
LIST_SIZE = 1 << 20

_Names = set[str]
"""Inside the class `list` is the store's verb."""


class AdaptedStore:
    """A backend behind the storage port. Threads share it; how many calls run at once is the backend's affair."""

    folder = None

    def __init__(self, verbs: Verbs, spool: Spool, *, sleep: Sleep = time.sleep) -> None:
        self._verbs, self._spool, self._sleep = verbs, spool, sleep
        self._recent = Recent(self.get)
        self._recalling = Recalling(self._recall)
        self._creating = threading.Lock()
        self._lock = threading.Lock()
        self._there: _Names = set()
        """Names that were there when somebody looked last: a delete needs not look again."""
        self._sizes: dict[str, int] = {}
        """Of what this process put."""

    @property
    def raw(self) -> Raw:
        """The backend itself."""
        return self._verbs.raw

    @property
    def capabilities(self) -> Capabilities:
        """Neither ranges nor atomic creation."""
        return Capabilities(ranges=False, if_absent=False, tier=self._verbs.is_cold)

    @property
    def place(self) -> str:
        """The URL, without secrets."""
        return self._verbs.place

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store by way of a file. With `if_absent` only the threads of this process keep out of each other's way."""
        checked_name(name)
        if not if_absent:
            self._put(name, buffers)
            return
        with self._creating:
            if self._is_there(name):
                raise Exists(f"{name} is already in {self.place}", name=name)
            self._put(name, buffers)

    def get(self, name: str) -> bytes:
        """Fetch into a file, and read that."""
        with self._spool.folder(self._sizes.get(checked_name(name), USUAL_SIZE)) as folder:
            target = folder / name
            self._verbs.get(name, target)
            size = self._size_of(name, target)
            if size > MAX_OBJECT_SIZE:
                raise Broken(f"{name} in {self.place} is larger than any object can be", name=name)
            self._check(name, size)
            return target.read_bytes()

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Fetch the whole object, unless it is one of those that were fetched last."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        content = self._recent.get(checked_name(name))
        if offset + size > len(content):
            raise Broken(f"{name} in {self.place} ends before byte {offset + size}", name=name)
        return content[offset : offset + size]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Fetch all names, whatever the prefix: the backend knows none."""
        yield from (name for name in self._names() if name.startswith(prefix))

    def query(self, name: str) -> int:
        """Ask for the size; of a backend that does not know it, fetch the object."""
        size = self._verbs.query(checked_name(name)) if self._verbs.can_query else None
        if size == ABSENT:
            raise self._missing(name)
        return len(self._recent.get(name)) if size is None else size

    def delete(self, name: str) -> None:
        """Remove the object, after a look where that is not known to be there: not every backend says it was not."""
        with self._lock:
            known = checked_name(name) in self._there
        if not known and not self._is_there(name):
            raise self._missing(name)
        try:
            self._verbs.delete(name)
        finally:
            self._forget(name)

    def delete_list(self, names: Sequence[str]) -> None:
        """Remove several objects, as many at once as the backend takes; that one is not there is no failure."""
        try:
            self._verbs.delete_list([checked_name(name) for name in names])
        finally:
            for name in names:
                self._forget(name)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Let the backend fetch what lies in a cold tier, in a process or thread beside all else."""
        return self._recalling.prepare(names) if self._verbs.is_cold else all_ready(names)

    def tidy(self) -> None:
        """Nothing: a put of a backend leaves an object, or what the backend knows about."""

    def retry_cleanup(self) -> None:
        """Let the backend clean up before a call is made again."""
        self._verbs.retry_cleanup()

    def close(self) -> None:
        """Close the backend, and remove the temporary files."""
        self._verbs.close()
        self._spool.close()

    def _put(self, name: str, buffers: Sequence[Buffer]) -> None:
        size = size_of(buffers)
        self._recent.forget(name)
        with self._spool.file(name, buffers, size) as source:
            try:
                self._verbs.put(source, name, size)
                looked_at(lambda: self._verbs.validate(name, size, source), name, self.place, self._sleep)
            finally:
                self._forget(name)
        with self._lock:
            self._there.add(name)
            self._sizes[name] = size

    def _size_of(self, name: str, target: Path) -> int:
        try:
            return target.stat().st_size
        except FileNotFoundError:
            raise Retry(f"{self._verbs.raw.label} said that it read {name}, and there is no file", name=name) from None

    def _check(self, name: str, size: int) -> None:
        """Raise Retry for an object that came in part, where its size is known; another host may have replaced it."""
        known = self._sizes.get(name)
        if known in (None, size):
            return
        there = self._verbs.query(name) if self._verbs.can_query else None
        if there == size:
            return
        with self._lock:
            self._sizes.pop(name, None)  # where nobody can be asked, the next try takes what comes
        raise Retry(
            f"{size:,} of {known if there is None else there:,} bytes came of {name} in {self.place}", name=name
        )

    def _names(self) -> _Names:
        with self._spool.folder(LIST_SIZE) as folder:
            names = set(self._verbs.list(folder / "names"))
        with self._lock:
            self._there = set(names)
        return names

    def _is_there(self, name: str) -> bool:
        size = self._verbs.query(name) if self._verbs.can_query else None
        return name in self._names() if size is None else size != ABSENT

    def _forget(self, name: str) -> None:
        """What is known of an object no longer holds."""
        self._recent.forget(name)
        with self._lock:
            self._there.discard(name)
            self._sizes.pop(name, None)

    def _recall(self, names: Sequence[str]) -> Iterator[tuple[str, bool]]:
        raw = self._verbs.raw.another()
        try:
            yield from self._verbs.recall(names, raw)
        finally:
            raw.close()

    def _missing(self, name: str) -> Missing:
        return Missing(f"There is no {name} in {self.place}", name=name)
