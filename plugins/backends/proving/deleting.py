"""Checks of what is missing, and of deleting."""

from collections.abc import Callable

from yester.engine.errors import Missing
from yester.engine.store import Store
from yester.plugins.backends.proving.outcome import Outcome, fails, holds
from yester.plugins.backends.proving.trial import Trial

_ASKS: dict[str, Callable[[Store, str], object]] = {
    "get": lambda store, name: store.get(name),
    "query": lambda store, name: store.query(name),
    "range": lambda store, name: store.get_range(name, 0, 1),
}


def missing(trial: Trial) -> Outcome:
    """Asked for what was never there, it says so, and not that something failed."""
    name = trial.names.name("never")
    for verb, ask in _ASKS.items():
        if not _is_missing(ask, trial.store, name):
            return fails(f"{verb} of a missing object gave something")
    return holds()


def deleting(trial: Trial) -> Outcome:
    """A deleted object is gone for everybody, and its neighbour stays."""
    (gone, _), (stays, content) = trial.put("two.gone", 100), trial.put("two.stays", 100)
    trial.store.delete(gone)
    for verb, ask in _ASKS.items():
        if not _is_missing(ask, trial.other, gone):
            return fails(f"{verb} still gives the deleted object")
    return holds() if trial.store.get(stays) == content else fails("its neighbour changed")


def deleting_nothing(trial: Trial) -> Outcome:
    """To delete what is not there is either said to be so, or is no failure."""
    try:
        trial.store.delete(trial.names.name("nothing"))
    except Missing:
        return holds("said to be missing")
    return holds("passed over in silence")


def deleting_some(trial: Trial) -> Outcome:
    """Of several that are deleted one may be missing: the others go all the same."""
    names = [trial.put(f"some.{number}", 100)[0] for number in (1, 3)]
    for name in (names[0], trial.names.name("some.2"), names[1]):
        try:
            trial.store.delete(name)
        except Missing:
            continue
    left = [name for name in names if not _is_missing(_ASKS["get"], trial.store, name)]
    return holds() if not left else fails(f"{len(left)} stayed")


def _is_missing(ask: Callable[[Store, str], object], store: Store, name: str) -> bool:
    try:
        ask(store, name)
    except Missing:
        return True
    return False
