"""Checks of several at once: readers beside a writer, writers beside each other."""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from yester.engine.errors import Exists, Missing, StoreError
from yester.engine.store import Store
from yester.plugins.backends.proving.outcome import Outcome, fails, holds
from yester.plugins.backends.proving.trial import Trial, content_of

_THREADS = 8
_EACH = 4
_PUTS = 3


def whole_or_not(trial: Trial) -> Outcome:
    """While a large object is put, others find all of it or nothing: no reader ever sees half."""
    looks = 0
    for number in range(_PUTS):
        name = trial.names.name(f"atomic.{number}")
        content = content_of(name, max(trial.big_size // 4, 1))
        done, seen = _watched(trial, name, [content], lambda: trial.store.put(name, [content]))  # noqa: B023
        if not done:
            return fails(f"a reader found {seen}")
        looks += int(seen)
        trial.store.delete(name)
    return holds(f"{looks:,} looks while {_PUTS} were put")


def replaced_whole(trial: Trial) -> Outcome:
    """While an object is replaced, others find the old one or the new one."""
    name, old = trial.put("atomic.replaced", max(trial.big_size // 8, 1))
    new = old[::-1]

    def replace() -> None:
        for content in (new, old, new):
            trial.store.put(name, [content])

    done, seen = _watched(trial, name, [old, new], replace, may_miss=False)
    trial.store.delete(name)
    return holds(f"{seen} looks while it was put thrice") if done else fails(f"a reader found {seen}")


def _watched(
    trial: Trial, name: str, contents: Collection[bytes], write: Callable[[], None], *, may_miss: bool = True
) -> tuple[bool, str]:
    """Read an object over and over while it is written; return whether all was well, and what was seen."""
    looks = 0
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while True:
            is_last = writing.done()
            problem = _glance(trial.other, name, contents, may_miss and not is_last)
            looks += 1
            if problem:
                writing.exception()
                return False, problem
            if is_last:
                writing.result()
                return True, str(looks)


def _glance(store: Store, name: str, contents: Collection[bytes], may_miss: bool) -> str:
    """Look at an object in every way; return what is wrong with what was found."""
    sizes = {len(content) for content in contents}
    listed = name in set(store.list(name))
    try:
        size, found = store.query(name), store.get(name)
    except Missing:
        if listed:
            return "it listed, and not there"
        return "" if may_miss else "nothing"
    if found not in contents:
        return f"{len(found):,} of {max(sizes):,} bytes" if len(found) not in sizes else "a mixture"
    return "" if size in sizes else f"it said to have {size:,} of {max(sizes):,} bytes"


def parallel(trial: Trial) -> Outcome:
    """Many threads put, get, list and delete at once, and none is disturbed."""

    def work(number: int) -> str:
        for turn in range(_EACH):
            name, content = trial.put(f"parallel.{number}-{turn}", 10_000 + number)
            if trial.store.get(name) != content or trial.store.get_range(name, 5000, 10) != content[5000:5010]:
                return "one read what another had put"
            if name not in set(trial.store.list(trial.names.name("parallel."))):
                return "one did not find what it had put"
            trial.store.delete(name)
        return ""

    with ThreadPoolExecutor(_THREADS) as pool:
        problems = [problem for problem in pool.map(work, range(_THREADS)) if problem]
    return fails(problems[0]) if problems else holds(f"{_THREADS} threads")


def one_creates(trial: Trial) -> Outcome:
    """Of two that create the same object at the same time, one does and the other is told so."""
    start = threading.Barrier(2)
    names = [trial.names.name(f"race.{number}") for number in range(trial.races)]

    def run(store: Store, who: bytes) -> list[bool | StoreError]:
        return [_created(store, name, who, start) for name in names]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(run, trial.store, b"one"), pool.submit(run, trial.other, b"two")
        turns = list(zip(first.result(), second.result(), strict=True))
    problem = next((each for turn in turns for each in turn if isinstance(each, StoreError)), None)
    if problem is not None:
        raise problem
    with ThreadPoolExecutor(_THREADS) as pool:
        right = sum(pool.map(partial(_is_right, trial), names, turns))
    count = f"{right} of {trial.races} races had one winner"
    return holds(count) if right == trial.races else fails(count)


def _created(store: Store, name: str, who: bytes, start: threading.Barrier) -> "bool | StoreError":
    start.wait()
    try:
        store.put(name, [_signed(name, who)], if_absent=True)
    except Exists:
        return False
    except StoreError as problem:
        return problem
    return True


def _signed(name: str, who: bytes) -> bytes:
    return who * 1000 + name.encode()


def _is_right(trial: Trial, name: str, turn: "tuple[bool | StoreError, bool | StoreError]") -> bool:
    """Whether one writer won, and what it wrote is there for both."""
    if turn not in ((True, False), (False, True)):
        return False
    winner = _signed(name, b"one" if turn[0] else b"two")
    return trial.store.get(name) == winner == trial.other.get(name)
