"""How a plugin announces what must be undone, and has it undone: the answers to what it asks."""

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from yester.engine.errors import YesterError
from yester.engine.events import Message
from yester.engine.host import own_id
from yester.plugins.undoing.performing import by_hand
from yester.plugins.undoing.records import Undo, boot_id, process_name
from yester.plugins.undoing.telling import words
from yester.plugins.worker.problems import AskRefused

if TYPE_CHECKING:
    from yester.plugins.asks import Asking

LONGEST_S = 3600.0
"""What an undoing may take at most."""


def _hold(asking: "Asking", plugin: str, arguments: Sequence[Any]) -> str:
    """Announce an undoing; return its id."""
    undo = _undo(asking, arguments)
    _granted(lambda: asking.undoing.hold(undo))
    return undo.id


def _perform(asking: "Asking", plugin: str, arguments: Sequence[Any]) -> str:
    """Undo; return why it failed, which is told of here."""
    name, about, id = _texts(arguments, 3)
    problem: str = _granted(lambda: asking.undoing.perform(id))
    if problem:
        asking.audience.said(Message(level="error", text=f"It could not {about}: {problem}", source=name))
    return problem


def _drop(asking: "Asking", plugin: str, arguments: Sequence[Any]) -> None:
    """Nothing was done that would have to be undone."""
    (id,) = _texts(arguments, 1)
    _granted(lambda: asking.undoing.drop(id))


ANSWERS: Mapping[str, "Callable[[Asking, str, Sequence[Any]], Any]"] = {
    "undo_hold": _hold,
    "undo_perform": _perform,
    "undo_drop": _drop,
}
"""Method → its answer."""


def undo_the_rest(asking: "Asking") -> None:
    """At the end of a command: undo what its plugins did not, and tell of it."""
    for undo, problem in asking.undoing.close():
        if problem:
            text = f"{words(undo, problem)}. {by_hand(undo)}"
            asking.audience.said(Message(level="error", text=text, source=undo.plugin))
        else:
            asking.audience.printed(
                Message(text=f"At the end yester did what it had left: {undo.about}", source=undo.plugin)
            )


def _undo(asking: "Asking", arguments: Sequence[Any]) -> Undo:
    match arguments:
        case [str(name), str(about), [*argv], dict(environment), int() | float() as timeout_s]:
            are_words = all(isinstance(each, str) and "\0" not in each for each in [*argv, *environment.values()])
            are_names = all(isinstance(each, str) and each and not {*each} & {"=", "\0"} for each in environment)
            if are_words and are_names and argv and argv[0] and 0 < timeout_s <= LONGEST_S:
                return Undo(
                    # In the order in which they were announced; the last is undone first.
                    id=f"{time.time_ns():020d}-{secrets.token_hex(4)}",
                    argv=tuple(argv),
                    about=about,
                    plugin=name,
                    run=asking.surroundings.run,
                    profile=asking.surroundings.profile.name if asking.surroundings.profile is not None else "",
                    environment=environment,
                    timeout_s=timeout_s,
                    boot=boot_id(),
                    machine=own_id().hex(),
                    process=process_name(os.getpid()),
                )
    raise AskRefused(f"what undoes is a command in words, an environment and up to {LONGEST_S:g} seconds")


def _texts(arguments: Sequence[Any], count: int) -> Sequence[str]:
    if len(arguments) != count or not all(isinstance(each, str) for each in arguments):
        raise AskRefused(f"these must be {count} texts")
    return arguments


def _granted(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except YesterError as problem:
        raise AskRefused(str(problem)) from None
