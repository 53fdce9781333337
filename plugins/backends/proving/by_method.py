"""Checks of a backend's own methods, each called once and by itself: what duplicity's manual test asks of a backend.

What a store does around a backend (adapted.py) hides much of it: a part that one method does not do is done by another.
So whoever writes a backend is told here.
"""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from yester.plugins.backends.adapted import AdaptedStore
from yester.plugins.backends.codes import ErrorCode, Failed
from yester.plugins.backends.proving.outcome import Outcome, fails, holds, lacks
from yester.plugins.backends.proving.trial import Trial, content_of
from yester.plugins.backends.raw import Raw
from yester.plugins.backends.retrying import RetryingStore
from yester.plugins.backends.verbs import ABSENT

_CALL_S = 600.0
_SIZE = 1000


class Bare:
    """A backend without what is around it, the trial's names, and a folder for files."""

    def __init__(self, raw: Raw, trial: Trial, folder: Path) -> None:
        self.raw, self._trial, self.folder = raw, trial, folder

    def call(self, method: str, *arguments: Any) -> Any:
        """Make one call. Failed."""
        return self.raw.call(method, *arguments, deadline_s=_CALL_S)

    def file(self, rest: str) -> tuple[Path, str, bytes]:
        """Return a file to put, the name for it, and its content."""
        name = self._trial.names.name(rest)
        content = content_of(name, _SIZE)
        path = self.folder / f"{rest}.put"
        path.write_bytes(content)
        return path, name, content

    def put(self, rest: str) -> tuple[str, bytes]:
        """Put an object; return its name and content."""
        path, name, content = self.file(rest)
        self._trial.store.put(name, [content])
        path.unlink()
        return name, content

    def missing(self) -> str:
        """Return a name that was never put."""
        return self._trial.names.name("m.never")

    def has(self, name: str) -> bool:
        """Whether the backend lists a name."""
        listed = self.folder / "names"
        self.call("_list", os.fsencode(listed))
        try:
            return name in listed.read_text().splitlines()
        finally:
            listed.unlink()


def raw_of(store: object) -> Raw | None:
    """Return the backend that a store stands around; None when it is none."""
    inner = store.inner if isinstance(store, RetryingStore) else store
    return inner.raw if isinstance(inner, AdaptedStore) else None


def _of(method: str) -> Callable[[Callable[[Bare], Outcome]], Callable[[Trial], Outcome]]:
    """Give a check a backend that has the method; what it raises is the outcome."""

    def around(check: Callable[[Bare], Outcome]) -> Callable[[Trial], Outcome]:
        @wraps(check)
        def run(trial: Trial) -> Outcome:
            assert trial.raw is not None
            if method not in trial.raw.methods:
                return lacks(f"it has no {method}")
            with TemporaryDirectory(prefix="yester-") as folder:
                try:
                    return check(Bare(trial.raw, trial, Path(folder)))
                except Failed as problem:
                    return fails(f"{method} failed: {problem.failure.text}")

        return run

    return around


@_of("_get")
def getting_nothing(bare: Bare) -> Outcome:
    """What is missing cannot be fetched; the code says why."""
    try:
        bare.call("_get", bare.missing(), os.fsencode(bare.folder / "got"))
    except Failed as problem:
        is_said = problem.failure.code == ErrorCode.NOT_FOUND
        return holds() if is_said else holds(f"says {problem.failure.code}, and not that it is missing")
    return fails("_get of a missing object says nothing")


@_of("_list")
def listing(bare: Bare) -> Outcome:
    """Both of two objects are listed; others may be as well."""
    names = [bare.put(f"m.listed.{number}")[0] for number in (1, 2)]
    return holds() if all(map(bare.has, names)) else fails("an object that was put is not listed")


@_of("_delete")
def deleting(bare: Bare) -> Outcome:
    """One of two objects goes, and to delete it again may be a failure or not, but of nothing else."""
    (gone, _), (stays, _) = bare.put("m.gone"), bare.put("m.stays")
    bare.call("_delete", gone)
    if bare.has(gone) or not bare.has(stays):
        return fails("the object stayed" if bare.has(gone) else "its neighbour went too")
    try:
        bare.call("_delete", gone)
    except Failed as problem:
        if problem.failure.code == ErrorCode.CONNECTION_FAILED:
            return fails(f"to delete what is missing: {problem.failure.text}")
    return holds() if bare.has(stays) else fails("its neighbour went when what is missing was deleted")


@_of("_delete_list")
def deleting_some(bare: Bare) -> Outcome:
    """Of several that are deleted one may be missing."""
    names = [bare.put(f"m.some.{number}")[0] for number in (1, 2)]
    bare.call("_delete_list", [names[0], bare.missing(), names[1]])
    left = sum(map(bare.has, names))
    return holds() if not left else fails(f"{left} of 2 stayed, as one beside them was missing")


@_of("_move")
def moving(bare: Bare) -> Outcome:
    """The file is gone, and its content is the object; or nothing is done, and it says so."""
    path, name, content = bare.file("m.moved")
    if not bare.call("_move", os.fsencode(path), name):
        return holds("leaves it to _put") if path.exists() else fails("it says False, and the file is gone")
    if path.exists():
        return fails("the file is still there")
    target = bare.folder / "got"
    bare.call("_get", name, os.fsencode(target))
    return holds() if target.read_bytes() == content else fails("another content came back")


@_of("_query")
def asking(bare: Bare) -> Outcome:
    """The size of an object is told, and of none that there is none."""
    name, content = bare.put("m.asked")
    size = bare.call("_query", name)
    if size not in (None, len(content)):
        return fails(f"{len(content):,} bytes are said to be {size:,}")
    try:
        found = bare.call("_query", bare.missing())
    except Failed:
        found = ABSENT
    return holds("knows no sizes" if size is None else "") if found in (ABSENT, None) else fails(f"missing: {found}")


@_of("_query_list")
def asking_some(bare: Bare) -> Outcome:
    """The sizes of those that were asked for are told, and of no others."""
    (name, content), (other, _) = bare.put("m.asked.1"), bare.put("m.asked.2")
    found = bare.call("_query_list", [name, bare.missing()])
    if found.get(name) not in (None, len(content)):
        return fails(f"{len(content):,} bytes are said to be {found[name]:,}")
    if found.get(bare.missing()) not in (None, ABSENT):
        return fails(f"one that is missing is said to have {found[bare.missing()]:,} bytes")
    return fails("it tells of one that was not asked for") if other in found else holds()


@_of("_validate")
def validating(bare: Bare) -> Outcome:
    """An object that was put as it is, is found whole."""
    path, name, content = bare.file("m.valid")
    bare.call("_put", os.fsencode(path), name)
    is_whole, why = bare.call("_validate", name, len(content), os.fsencode(path))
    return holds() if is_whole else fails(f"what was just put is said to be broken: {why}")
