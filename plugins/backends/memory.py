"""A store in this process's memory: for tests, and the shortest example of the port."""

import threading
from collections.abc import Iterator, Mapping, Sequence

from yester.engine.errors import Broken, Exists, Missing
from yester.engine.store import Buffer, Capabilities, Readiness, all_ready, checked_name


class MemoryStore:
    """Objects in a dictionary; nothing outlives the process."""

    capabilities = Capabilities(ranges=True, if_absent=True, local=True)
    place = "memory"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objects: dict[str, bytes] = {}

    folder = None

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Keep a copy; `group` is ignored."""
        content = b"".join(buffers)
        with self._lock:
            if if_absent and name in self._objects:
                raise Exists(f"{name} is already there", name=name)
            self._objects[checked_name(name)] = content

    def get(self, name: str) -> bytes:
        """Return the object itself."""
        try:
            return self._objects[checked_name(name)]
        except KeyError:
            raise _missing(name) from None

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a slice of it."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        content = self.get(name)
        if offset + size > len(content):
            raise Broken(f"{name} ends before byte {offset + size}", name=name)
        return content[offset : offset + size]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names as they were when the first was asked for."""
        return (name for name in tuple(self._objects) if name.startswith(prefix))

    def query(self, name: str) -> int:
        """Return its size."""
        return len(self.get(name))

    def delete(self, name: str) -> None:
        """Drop it."""
        with self._lock:
            if self._objects.pop(checked_name(name), None) is None:
                raise _missing(name)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """All are ready."""
        return all_ready(names)

    def tidy(self) -> None:
        """Nothing is left by a put."""

    def close(self) -> None:
        """Nothing to let go of; the objects stay, so that a test can open the same repository again."""


def _missing(name: str) -> Missing:
    return Missing(f"There is no {name} in memory", name=name)
