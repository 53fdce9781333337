"""Checks of lists: what is there shows, what is gone does not."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from yester.engine.errors import Missing
from yester.plugins.backends.proving.outcome import Outcome, fails, holds
from yester.plugins.backends.proving.trial import LEAST_MANY, Trial

_THREADS = 8
_TIMES = 10
_BATCH = 200


def shown_at_once(trial: Trial) -> Outcome:
    """An object is in the very next list, for everybody; the repository's safety rests on it."""
    for number in range(_TIMES):
        name, content = trial.put(f"shown.{number}", 100)
        for who, store in (("its writer", trial.store), ("others", trial.other)):
            if name not in set(store.list(trial.names.name("shown."))):
                return fails(f"a list that began after the put lacks it for {who}")
            if store.get(name) != content:
                return fails(f"it is not there for {who}")
    return holds(f"{_TIMES} of {_TIMES}")


def gone_at_once(trial: Trial) -> Outcome:
    """A deleted object is in no list any more."""
    for number in range(_TIMES):
        name, _ = trial.put(f"gone.{number}", 100)
        trial.store.delete(name)
        for store in (trial.store, trial.other):
            if name in set(store.list(trial.names.name("gone."))):
                return fails(f"still listed after {number} of {_TIMES} deletes that showed")
    return holds(f"{_TIMES} of {_TIMES}")


def by_prefix(trial: Trial) -> Outcome:
    """A list gives the names with a beginning, and no others."""
    names = {trial.names.name(rest) for rest in ("p", "p.", "p.a", "p.ab", "p-a", "pp.a", "q.a")}
    for name in names:
        trial.store.put(name, [b"x"])
    for beginning in ("p", "p.", "p.a", "p-", "q", "q.b"):
        prefix = trial.names.name(beginning)
        found = [name for name in trial.store.list(prefix) if name in names or not name.startswith(trial.names.prefix)]
        if sorted(found) != sorted(name for name in names if name.startswith(prefix)):
            return fails(f"asked for …{beginning} it gave {len(found)} names")
    return holds()


def many(trial: Trial) -> Outcome:
    """A list of thousands is complete, and names nothing twice."""
    put = _put_many(trial)
    begun = trial.clock()
    found = list(trial.other.list(trial.names.name("many.")))
    took_s = trial.clock() - begun
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda name: _delete(trial, name), put))
    if len(found) != len(set(found)):
        return fails(f"{len(found) - len(set(found)):,} of {len(put):,} names came twice")
    if set(found) != set(put):
        return fails(f"{len(set(put) - set(found)):,} of {len(put):,} names are missing")
    short = f", as many as could be put in {trial.many_s:.0f} s" if len(put) < trial.many else ""
    return holds(f"{len(put):,} names in {took_s:.2f} s{short}")


def _put_many(trial: Trial) -> list[str]:
    """Put as many small objects as wished, or as time allows, and return their names."""
    begun = trial.clock()
    put: list[str] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        while len(put) < trial.many and (len(put) < LEAST_MANY or trial.clock() - begun < trial.many_s):
            batch = [
                trial.names.name(f"many.{number:06}") for number in range(len(put), min(len(put) + _BATCH, trial.many))
            ]
            _all(pool.map(lambda name: trial.store.put(name, [b"x"]), batch))
            put += batch
    return put


def _all(work: Iterable[None]) -> None:
    for _ in work:
        pass


def _delete(trial: Trial, name: str) -> None:
    with suppress(Missing):
        trial.store.delete(name)


def while_changing(trial: Trial) -> Outcome:
    """What comes and goes while a list is read does not make it fail, nor lose what stays."""
    stays = [trial.put(f"change.stays-{number}", 10)[0] for number in range(20)]
    for number, _ in enumerate(trial.other.list(trial.names.name("change."))):
        name, _ = trial.put(f"change.comes-{number}", 10)
        trial.store.delete(name)
        if number >= len(stays):
            break
    found = set(trial.store.list(trial.names.name("change.stays-")))
    return holds() if found == set(stays) else fails(f"{len(set(stays) - found)} of {len(stays)} names are missing")
