"""Stores in memory that can be away, and joined ones of them."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from yester.engine.errors import Denied, Retry, StoreError
from yester.engine.store import Buffer
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.multi.description import OnFail
from yester.plugins.backends.multi.member import Member
from yester.plugins.backends.multi.mirror import MirrorStore
from yester.plugins.backends.multi.stripe import StripeStore


class Loose(MemoryStore):
    """Answers, or does not, or takes nothing."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.place = f"store-{number}"
        self.is_away = self.is_full = False

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self._answer()
        if self.is_full:
            raise Denied("nothing is taken", name=name)
        super().put(name, buffers, if_absent=if_absent, group=group)

    def get(self, name: str) -> bytes:
        self._answer()
        return super().get(name)

    def list(self, prefix: str = "") -> Iterator[str]:
        self._answer()
        return super().list(prefix)

    def delete(self, name: str) -> None:
        self._answer()
        super().delete(name)

    def opened(self) -> "Loose":
        self._answer()
        return self

    def has(self, name: str) -> bool:
        return name in self._objects

    def write(self, name: str, content: bytes) -> None:
        self._objects[name] = content

    def read(self, name: str) -> bytes:
        return self._objects[name]

    def _answer(self) -> None:
        if self.is_away:
            raise Retry("no answer", name="")


class Loosely:
    """Joined stores, and what they are joined of."""

    def __init__(self, count: int) -> None:
        self.stores = [Loose(number) for number in range(count)]
        self.members = [Member(store.place, (), store.opened) for store in self.stores]

    def mirror(self, on_fail: OnFail = OnFail.CONTINUE, *, compares: bool = False) -> MirrorStore:
        return MirrorStore("multi:///mirror", self._opened(), on_fail, compares=compares)

    def stripe(self, on_fail: OnFail = OnFail.CONTINUE) -> StripeStore:
        return StripeStore("multi:///stripe", self._opened(), on_fail)

    def _opened(self) -> list[Member]:
        for member in self.members:
            try:
                member.open()
            except StoreError as problem:
                member.leaves(problem)
        return self.members

    def close(self) -> None:
        for member in self.members:
            member.close()


@pytest.fixture
def never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is away is not tried again."""
    monkeypatch.setattr("yester.plugins.backends.multi.member.TRY_AGAIN_S", threading.TIMEOUT_MAX)


@pytest.fixture
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is away is tried again at once."""
    monkeypatch.setattr("yester.plugins.backends.multi.member.TRY_AGAIN_S", 0.001)


Make = Callable[[int], Loosely]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Loosely] = []

    def make(count: int) -> Loosely:
        made.append(Loosely(count))
        return made[-1]

    yield make
    for each in made:
        each.close()


def listing(path: Path, *urls: str) -> Path:
    """Write the file that lists stores."""
    path.write_text(json.dumps([{"url": url} for url in urls]))
    path.chmod(0o600)
    return path
