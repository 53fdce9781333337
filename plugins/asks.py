"""What plugins may ask of yester while they work, and the answers."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from yester.engine.events import Level, Message
from yester.engine.messages.posted import LEVELS, shortened
from yester.plugins.launching import launch
from yester.plugins.surroundings import Surroundings
from yester.plugins.undoing import asking as undoing
from yester.plugins.undoing.guarding import UndoGuard
from yester.plugins.wishing import WishBook
from yester.plugins.worker.problems import AskRefused

MOST_SAID = 1000
"""Messages of one plugin in one run."""


class Audience(Protocol):
    """Hears what plugins have to say. Any thread may call; never raises."""

    def said(self, message: Message) -> None:
        """A plugin says something to the person, or yester says something about it."""
        ...

    def printed(self, message: Message) -> None:
        """A plugin wrote a line to its output."""
        ...


class Asking:
    """What the answers of one command may use. Called by several threads."""

    def __init__(self, surroundings: Surroundings, audience: Audience) -> None:
        self.surroundings, self.audience = surroundings, audience
        self.wishes = WishBook()
        self.undoing = UndoGuard(surroundings.places.state)
        self._said: Counter[str] = Counter()
        self._lock = threading.Lock()

    def say(self, name: str, level: Level, text: str, action: str) -> None:
        """Pass on what a plugin says. AskRefused when it has said too much."""
        with self._lock:
            self._said[name] += 1
            many = self._said[name] > MOST_SAID
        if many:
            raise AskRefused(f"{name} has said {MOST_SAID:,} things in this run")
        self.audience.said(Message(level=level, text=shortened(text), source=name, action=shortened(action)))


Handler = Callable[[Asking, str, Sequence[Any]], Any]
"""Answers one kind of question: who asks, empty when that is not known, and the arguments. AskRefused."""


def _say(asking: Asking, plugin: str, arguments: Sequence[Any]) -> None:
    if len(arguments) != 4 or not all(isinstance(each, str) for each in arguments):
        raise AskRefused("a plugin may say(text, level, action), and these are text")
    name, level, text, action = arguments
    if level not in LEVELS:
        raise AskRefused(f"there is no level {level}: it is one of {', '.join(LEVELS)}")
    checked: Level = level
    asking.say(name, checked, text, action)


def _wish(asking: Asking, plugin: str, arguments: Sequence[Any]) -> None:
    if len(arguments) != 3 or not all(isinstance(each, str) for each in arguments[:2]):
        raise AskRefused("a plugin may wish(kind, value), and the kind is text")
    name, kind, value = arguments
    asking.wishes.add(name, kind, value)
    asking.audience.printed(Message(text=shortened(f"wishes {kind}: {_shown(value)}"), source=name))


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


ASKS: Mapping[str, Handler] = {"say": _say, "wish": _wish, "launch": launch, **undoing.ANSWERS}
"""What plugins of all worlds may ask: method → its answer."""


def answer(asking: Asking, own: Mapping[str, Handler], plugin: str, method: str, arguments: Sequence[Any]) -> Any:
    """Answer a plugin; `own` is what its world may ask besides. AskRefused."""
    handler = ASKS.get(method) or own.get(method)
    if handler is None:
        raise AskRefused(f"a plugin may ask for {', '.join(sorted({*ASKS, *own}))}, not for {method}")
    return handler(asking, plugin, arguments)
