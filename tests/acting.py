"""A store in which others act between any two calls: what may happen to a client is then a line in a test."""

from collections.abc import Callable, Iterator, Sequence

from yester.engine.store import Buffer
from yester.plugins.backends.memory import MemoryStore

Act = Callable[[], object]


class Acting(MemoryStore):
    """The objects of another store, seen by the one client that others are to come between."""

    def __init__(self, shared: MemoryStore) -> None:
        super().__init__()
        self._objects = shared._objects
        self._acts: dict[tuple[str, str], Act] = {}

    def let(self, moment: str, prefix: str, act: Act) -> None:
        """Let something happen once, at `before put`, `after list` and so on of a name or prefix that begins so.

        At `during list` it happens while names are listed: what goes then, and what comes, does not show.
        """
        self._acts[moment, prefix] = act

    @property
    def happened(self) -> bool:
        """Whether everything happened that was to."""
        return not self._acts

    def _meet(self, moment: str, name: str) -> bool:
        for key in [key for key in self._acts if key[0] == moment and name.startswith(key[1])]:
            self._acts.pop(key)()
            return True
        return False

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self._meet("before put", name)
        super().put(name, buffers, if_absent=if_absent, group=group)
        self._meet("after put", name)

    def get(self, name: str) -> bytes:
        self._meet("before get", name)
        return super().get(name)

    def list(self, prefix: str = "") -> Iterator[str]:
        self._meet("before list", prefix)
        names = tuple(super().list(prefix))
        if self._meet("during list", prefix):
            there = set(super().list(prefix))
            names = tuple(name for name in names if name in there)
        self._meet("after list", prefix)
        return iter(names)

    def query(self, name: str) -> int:
        self._meet("before query", name)
        return super().query(name)

    def delete(self, name: str) -> None:
        self._meet("before delete", name)
        super().delete(name)
