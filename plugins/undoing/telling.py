"""What a person is told of an undoing that did not happen in its run."""

from contextlib import suppress
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.events import Level
from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore
from yester.plugins.undoing.performing import by_hand
from yester.plugins.undoing.records import Undo, boot_id


def words(undo: Undo, problem: str) -> str:
    """Return what happened, as a sentence."""
    if problem:
        return f"It could not {undo.about}: {problem}"
    went_down = "" if undo.boot == boot_id() else ", since the machine went down"
    return f"An earlier run did not {undo.about}{went_down}; that is done now"


def level(problem: str) -> Level:
    """Return how pressing it is."""
    return "error" if problem else "warning"


def post(state: Path, undo: Undo, problem: str) -> None:
    """Put it among the messages."""
    # Where the messages cannot be written nobody can be told; the record of one that failed stays.
    with suppress(YesterError):
        MessageStore(state).post(
            Posted(
                level=level(problem),
                text=words(undo, problem),
                hint=by_hand(undo) if problem else "",
                source=undo.plugin,
                run=undo.run,
                profile=undo.profile,
            )
        )
