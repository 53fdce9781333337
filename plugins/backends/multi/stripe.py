"""Several stores, each with some of the objects.

Which store an object goes to is told by its name, so that nothing has to be remembered and who looks for it mostly
asks one store only. Where that one fails, another may take it (onfail=continue): so whoever does not find an object
there asks the others. Without any one of the stores the repository is incomplete, and cannot be listed. The config is
in all of them.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from zlib import crc32

from yester.engine.errors import Exists, Missing, StoreError
from yester.engine.sealed.config import CONFIG_NAME
from yester.engine.sealed.sealing import is_digest_name
from yester.engine.store import Buffer, Capabilities
from yester.plugins.backends.multi.description import OnFail
from yester.plugins.backends.multi.joined import JoinedStore, union
from yester.plugins.backends.multi.member import Member


class StripeStore(JoinedStore):
    """Objects spread over several stores. Threads share it."""

    def __init__(self, place: str, members: Sequence[Member], on_fail: OnFail) -> None:
        super().__init__(place, members)
        self._aborts = on_fail is OnFail.ABORT

    @property
    def capabilities(self) -> Capabilities:
        """Creation is atomic if it is in each store, and no other may take the object."""
        can = all(store.capabilities.if_absent for store in self._stores())
        return self._can(if_absent=self._aborts and can)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Put the object where it belongs, or where it is already; elsewhere if that fails."""
        order = self._order(name)
        if if_absent and self._is_there(name):
            raise Exists(f"{name} is already in {self.place}", name=name)
        if name == CONFIG_NAME:
            return self._put_everywhere(name, buffers, if_absent=if_absent)
        if not if_absent and not is_digest_name(name):
            order = self._holders(name) or order
        for member in order:
            try:
                return member.call(lambda store: store.put(name, buffers, if_absent=if_absent, group=group))
            except Exists:
                raise
            except StoreError as problem:
                if self._aborts or member is order[-1]:
                    raise
                member.refuses(problem)
        return None

    def _put_everywhere(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool) -> None:
        """Put the object by which a store is known to be of this repository; the first one decides who creates it."""
        for member in self.members:
            member.call(lambda store: store.put(name, buffers, if_absent=if_absent))  # noqa: B023 - called at once
            if_absent = False

    def get(self, name: str) -> bytes:
        """Return the object."""
        return self._found(name, self._order(name), lambda store: store.get(name))

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of the object."""
        return self._found(name, self._order(name), lambda store: store.get_range(name, offset, size))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield what any store has. StoreError when one does not answer: what it has would seem to be gone."""
        answers = self._all(lambda store: list(store.list(prefix)))
        for answer in answers:
            answer.result()
        return union(answers)

    def query(self, name: str) -> int:
        """Return the object's size."""
        return self._found(name, self._order(name), lambda store: store.query(name))

    def delete(self, name: str) -> None:
        """Remove the object."""
        self._removed(name)

    def let_go(self, name: str) -> bool:
        """Let each store mend an object."""
        return self._each_let_go(name)

    def _order(self, name: str) -> Sequence[Member]:
        """Return the stores, that first which an object belongs to."""
        first = crc32(name.encode()) % len(self.members)
        return (*self.members[first:], *self.members[:first])

    def _holders(self, name: str) -> Sequence[Member]:
        """Return the store that has an object already."""
        for member in self._order(name):
            with suppress(Missing):
                member.call(lambda store: store.query(name))
                return [member]
        return []
