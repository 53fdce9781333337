"""How soon a front end hears of what another terminal did: counted in looks, on a clock that a test turns."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from yester.engine.places import Places
from yester.tui.app import DRAW_S
from yester.tui.serve.call import Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import Params
from yester.tui.serve.watching import LOOK_S, watch


class Clock:
    """Stands for the request and what ends it: time goes by only while somebody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.then: Callable[[], object] = lambda: None
        self.is_cancelled = self

    def wait(self, seconds: float) -> None:
        """Let the time go by, and something happen just before it has."""
        self.now_s += seconds
        self.then()

    def check(self) -> None:
        """Nobody cancels."""


def test_a_run_that_begins_elsewhere_is_on_the_screen_within_a_second(home: Path) -> None:
    """A look, a list, and the next drawing: lines come by a socket then, and wait for nothing but the drawing.

    A journal without a line is of no run yet: who lists runs just then finds none, and would not be told again.
    """
    places, clock = Places.default(), Clock()
    runs = places.state / "runs"
    runs.mkdir(parents=True)
    answers = watch(cast(Desk, type("Desk", (), {"places": places})()), Params(), cast(Call, clock))
    assert set(next(answers)["what"]) >= {"runs", "messages"}  # type: ignore[index]  # an item is a table
    journal = runs / "20261121T055800Z-0a4f.jsonl"
    steps: Iterator[Callable[[], object]] = iter((journal.touch, lambda: journal.write_text("{}\n")))
    clock.then = lambda: next(steps)()
    assert next(answers) == {"what": ["runs"]}
    assert clock.now_s == 2 * LOOK_S
    assert LOOK_S + DRAW_S < 1
