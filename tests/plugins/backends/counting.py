"""A store that is far away, for tests: every request is counted, some can be held up, and nothing is timed."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from yester.engine.store import Buffer, Capabilities, Readiness, Store


class FarStore:
    """Another store, seen from afar."""

    folder = None

    def __init__(self, store: Store, *, ranges: bool = True) -> None:
        self._store, self._ranges = store, ranges
        self.requests: list[tuple[str, ...]] = []
        self.under_way = self.most_under_way = 0
        self._lock = threading.Lock()
        self.before: Callable[[tuple[str, ...]], object] = lambda request: None
        """Called in each request, on its thread; may wait, or raise."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(ranges=self._ranges, if_absent=True)

    @property
    def place(self) -> str:
        return "far://store"

    def count(self, verb: str = "", prefix: str = "") -> int:
        """Return how many requests there were of a verb, for names with a prefix."""
        return sum(each[0].startswith(verb) and each[1].startswith(prefix) for each in self.requests)

    def verbs(self) -> Counter[str]:
        return Counter(f"{each[0]} {each[1].partition('.')[0]}" for each in self.requests)

    def _begin(self, *request: str) -> "_Request":
        return _Request(self, request)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        with self._begin("put", name):
            self._store.put(name, buffers, if_absent=if_absent, group=group)

    def get(self, name: str) -> bytes:
        with self._begin("get", name):
            return self._store.get(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        with self._begin("range", name, str(offset), str(size)):
            return self._store.get_range(name, offset, size)

    def list(self, prefix: str = "") -> Iterator[str]:
        with self._begin("list", prefix):
            return iter(list(self._store.list(prefix)))

    def query(self, name: str) -> int:
        with self._begin("query", name):
            return self._store.query(name)

    def delete(self, name: str) -> None:
        with self._begin("delete", name):
            self._store.delete(name)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        with self._begin("prepare", *names):
            return self._store.prepare(names)

    def tidy(self) -> None:
        self._store.tidy()

    def close(self) -> None:
        self._store.close()


class _Request:
    def __init__(self, store: FarStore, request: tuple[str, ...]) -> None:
        self._store, self._request = store, request

    def __enter__(self) -> None:
        store = self._store
        with store._lock:
            store.requests.append(self._request)
            store.under_way += 1
            store.most_under_way = max(store.most_under_way, store.under_way)
        try:
            store.before(self._request)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with self._store._lock:
            self._store.under_way -= 1
