"""Calling a plugin's function about each entry of a batch; in workers."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from yester.plugins.deciding.entry import Entry, sendable

E = TypeVar("E", bound=Entry)

_MOST_S = 5.0
"""After so long the rest is given back, so that a plugin that reads what it is asked about keeps its deadline."""
_MOST_CONTENT_SIZE = 4 << 20
"""After so many bytes as well: a message holds 16 MiB."""
_MOST_TOLD = 3
"""Failures that are told in words, of each batch."""
_MOST_WORDS = 2000
"""Characters of these."""


def gone_through(rows: Sequence[Sequence[Any]], kind: type[E], function: Callable[[E], object]) -> dict[str, Any]:
    """Call `function` with an entry for each row, and return what answers.read_answer takes.

    What lies below a folder that it leaves out is not shown to it. Whatever it raises is about that entry alone.
    """
    said: list[tuple[int, dict[str, Any]]] = []
    failures: list[tuple[int, str]] = []
    failed = size = 0
    shut: tuple[bytes, ...] = ()
    pid, now = os.getpid(), time.monotonic
    end = now() + _MOST_S
    for place, facts in enumerate(rows):
        if shut and facts[0].startswith(shut):
            continue
        entry, words = kind(facts), None
        try:
            function(entry)
            words = entry.said()
        except BaseException as problem:  # noqa: BLE001  a plugin's own affair: the entry is taken as it is
            failed += 1
            if failed <= _MOST_TOLD:
                failures.append((place, _in_words(problem)))
        finally:
            if os.getpid() != pid:
                os._exit(0)  # a plugin forked, and the child came back as well
        if words is not None:
            said.append((place, words))
            size += len(words.get("content", b"")) + sum(len(str(value)) for _, value in words.get("wishes", ()))
            if words.get("skip") or words.get("empty"):
                shut += (facts[0] + b"/",)
            if _is_last(words) or size > _MOST_CONTENT_SIZE:
                break
        if now() > end:
            break
    else:
        place = len(rows) - 1
    return {"done": place + 1, "said": said, "failures": failures, "failed": failed}


def _in_words(problem: BaseException) -> str:
    try:
        text = str(problem)
    except Exception:  # noqa: BLE001  an exception that cannot even say what it is
        text = "it does not say what"
    return sendable(f"{type(problem).__name__}: {text}")[:_MOST_WORDS]


def _is_last(words: dict[str, Any]) -> bool:
    """Whether the run ends with this."""
    return any(kind == "abort" for kind, _ in words.get("wishes", ()))
