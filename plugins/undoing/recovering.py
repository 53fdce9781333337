"""Undoing what a run could not, because it and its guardian were killed or the machine went down.

What is asked by each command costs it one look into a folder that is seldom there.
"""

from collections.abc import Iterator
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.events import Message
from yester.plugins.trust import check_trust
from yester.plugins.undoing.performing import by_hand, undo_held
from yester.plugins.undoing.records import Held, folder_of, records, take
from yester.plugins.undoing.telling import level, words


def undo_what_is_left(state: Path) -> Iterator[Message]:
    """Undo what dead runs left behind, and yield what a person must know of it. Never raises.

    What fails stays, and is tried again at the next call.
    """
    for path in records(folder_of(state)):
        try:
            held = _trusted(path)
        except YesterError as error:
            yield Message(level="error", text=f"{error}. {error.hint}", source="yester")
            continue
        if held is None:
            continue
        problem = undo_held(held)
        held.release()
        hint = f". {by_hand(held.undo)}" if problem else ""
        yield Message(level=level(problem), text=words(held.undo, problem) + hint, source=held.undo.plugin)


def _trusted(path: Path) -> Held | None:
    """Hold a record that nobody holds, and that nobody else can have written: it is run with all our rights.

    One of another machine, or of a run that goes on, is left to that.
    """
    held = take(path)
    if held is not None and (held.undo.is_elsewhere or (held.undo.is_under_way and not held.is_left_by_its_run)):
        held.release()
        return None
    if held is not None:
        try:
            check_trust(path)
        except YesterError:
            held.release()
            raise
    return held
