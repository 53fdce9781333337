"""Repositories that stay open, without any: who waits for whom."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from yester.engine.places import Places
from yester.tui.serve.app import AppPlugins
from yester.tui.serve.methods.params import Where
from yester.tui.serve.repositories import Repositories


class _Slow(Repositories):
    """Repositories of which one is far away."""

    def __init__(self) -> None:
        places = Places.default()
        super().__init__(places, AppPlugins(places), None)
        self.asked, self.answers = threading.Event(), threading.Event()

    def _opened(self, place: str, profile: object, secret: Callable[[], bytes]) -> Any:
        if place == "/far":
            self.asked.set()
            assert self.answers.wait(60)
        store = SimpleNamespace(folder=None)
        return SimpleNamespace(place=place, store=store, unlock=lambda: None, close=lambda: None)


def test_a_repository_that_is_slow_to_open_lets_nobody_wait_for_another(home: object) -> None:
    repositories = _Slow()
    found: list[Any] = []

    def look() -> None:
        with repositories.using(Where(repository="/far")) as opened:
            found.append(opened)

    waiting = [threading.Thread(target=look) for _ in range(2)]
    for thread in waiting:
        thread.start()
    assert repositories.asked.wait(60)
    with repositories.using(Where(repository="/near")) as opened:
        assert (opened.place, found) == ("/near", [])  # type: ignore[attr-defined]
    repositories.answers.set()
    for thread in waiting:
        thread.join(60)
    assert found[0] is found[1]
    repositories.close()
