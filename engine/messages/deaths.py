"""A run that was killed, or whose machine went down, could not say so: whoever looks at the messages does."""

from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.journal import is_alive, journal_path
from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore
from yester.engine.places import remember
from yester.engine.runs.history import read_run, run_ids
from yester.engine.runs.status import DIED

_MARK = "looked-at"


def post_deaths(state: Path, store: MessageStore) -> None:
    """Post a message about each run that died since the last look. YesterError: the state folder cannot be written.

    The id of the last run of which nothing more can come is kept, so that each journal is read about once.
    """
    mark = state / "messages" / _MARK
    looked = _said(mark)
    fresh = sorted(run for run in run_ids(state) if run > looked)
    if not fresh:
        return
    told = {message.run for message in store.messages() if message.text == DIED}
    are_all_over, over = True, looked
    for run in fresh:
        record = read_run(state, run)
        is_over = record.is_over if record is not None else not is_alive(journal_path(state, run))
        are_all_over = are_all_over and is_over
        over = run if are_all_over else over
        if record is not None and record.state == "died" and run not in told:
            store.post(
                Posted(
                    level="error",
                    text=DIED,
                    hint=f"How far it came: yester log {run}",
                    run=run,
                    profile=record.profile,
                    profile_id=record.profile_id,
                )
            )
    if over != looked:
        remember(mark, over.encode())


def _said(mark: Path) -> str:
    try:
        return mark.read_text("ascii", "replace")
    except FileNotFoundError:
        return ""
    except OSError as problem:
        raise YesterError(f"{mark} cannot be read: {problem.strerror}") from None
