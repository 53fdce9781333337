"""Verbs: a backend's methods with everything that an optional one may lack, errors as engine/errors.py has them.

What duplicity's wrapper does around a backend, without its retries: those are a store around the store. Paths are of
local files; nothing is kept.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yester.engine.errors import Missing, Retry, StoreError
from yester.plugins.backends.codes import ErrorCode, Failed
from yester.plugins.backends.methods import METHODS, SLICE
from yester.plugins.backends.raw import Raw

ABSENT = -1
"""The size of what is not there."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long calls may take."""

    short_s: float = 120.0
    """What gets an answer and moves no object."""
    transfer_s: float = 1800.0
    """One object's transfer, or a list."""
    slowest: int = 16 << 10
    """Bytes a second that a transfer of a known size is given at least."""

    def deadline_s(self, method: str, size: int | None = None) -> float | None:
        """Return the time for a call; of an object of `size`, where that is known."""
        match METHODS[method].patience:
            case "short":
                return self.short_s
            case "endless":
                return None
        return self.transfer_s if size is None else min(self.transfer_s, self.short_s + size / self.slowest)


_DONE = {
    "_put": "stored",
    "_move": "stored",
    "_get": "read",
    "_list": "listed",
    "_delete": "deleted",
    "_delete_list": "deleted",
    "_query": "looked at",
    "_query_list": "looked at",
    "_validate": "looked at",
    "pre_process_download": "made readable",
    "pre_process_download_batch": "made readable",
}


class Verbs:
    """What can be done with a backend. For any number of threads."""

    def __init__(self, raw: Raw, place: str, times: Times | None = None) -> None:
        self.raw, self.place, self._times = raw, place, times or Times()

    def has(self, method: str) -> bool:
        """Whether the backend has this optional method."""
        return method in self.raw.methods

    @property
    def can_query(self) -> bool:
        """Whether the backend can be asked for sizes; it need not know them all."""
        return self.has("_query") or self.has("_query_list")

    def put(self, source: Path, name: str, size: int) -> None:
        """Store a file of `size` bytes."""
        self._call("_put", name, os.fsencode(source), name, size=size)

    def move(self, source: Path, name: str, size: int) -> None:
        """Store a file that is gone then."""
        if not (self.has("_move") and self._call("_move", name, os.fsencode(source), name, size=size)):
            self.put(source, name, size)
            source.unlink(missing_ok=True)

    def get(self, name: str, target: Path) -> None:
        """Fetch an object into a file. Missing, also of a backend that cannot say so itself."""
        try:
            self._call("_get", name, name, os.fsencode(target))
        except Retry:
            if self._is_surely_absent(name, target.with_name(f"{name}.names")):
                raise self._missing(name) from None
            raise

    def list(self, target: Path) -> Iterator[str]:
        """Yield the names of objects; `target` is a file to be made for them."""
        self._call("_list", "", os.fsencode(target))
        with open(target, encoding="ascii") as file:
            for line in file:
                yield line[:-1]

    def delete(self, name: str) -> None:
        """Remove an object. Of one that is not there some backends raise Missing, and some nothing."""
        if self.has("_delete"):
            self._call("_delete", name, name)
        else:
            self._call("_delete_list", name, [name])

    def delete_list(self, names: Sequence[str]) -> None:
        """Remove objects; that some are not there is no failure, but of a backend that cannot tell it from one."""
        if self.has("_delete_list"):
            for some in _slices(names):
                self._call("_delete_list", "", some)
            return
        for name in names:
            try:
                self.delete(name)
            except Missing:
                continue

    def query(self, name: str) -> int | None:
        """Return an object's size, ABSENT, or None when the backend does not know."""
        if not self.has("_query"):
            return self.query_list([name])[name]
        try:
            size: int | None = self._call("_query", name, name)
        except Missing:
            return ABSENT
        return size

    def query_list(self, names: Sequence[str]) -> Mapping[str, int | None]:
        """Return the same for several, and for no others."""
        if self.has("_query_list"):
            found: dict[str, int | None] = {}
            for some in _slices(names):
                found |= self._call("_query_list", "", some)
            return {name: found.get(name) for name in names}
        if self.has("_query"):
            return {name: self.query(name) for name in names}
        return dict.fromkeys(names)

    def validate(self, name: str, size: int, source: Path) -> str:
        """Return what is wrong with an object that was just put; empty when nothing is, or nobody can say."""
        if self.has("_validate"):
            is_whole, why = self._call("_validate", name, name, size, os.fsencode(source))
            return "" if is_whole else why or "it is not as it was put"
        found = self.query(name) if self.can_query else None
        if found is None or found == size:
            return ""
        return "it is not there" if found == ABSENT else f"{found:,} of its {size:,} bytes are there"

    @property
    def is_cold(self) -> bool:
        """Whether objects may have to be made readable first."""
        return self.has("pre_process_download_batch") or self.has("pre_process_download")

    def recall(self, names: Sequence[str], raw: Raw) -> Iterator[tuple[str, bool]]:
        """Make objects readable by `raw`, which is another one of this backend; yield each with how that ended."""
        if self.has("pre_process_download_batch"):
            ended = self._recalled("pre_process_download_batch", list(names), raw)
            yield from ((name, ended) for name in names)
        else:
            yield from ((name, self._recalled("pre_process_download", name, raw)) for name in names)

    def retry_cleanup(self) -> None:
        """Let the backend clean up before a call is made again; that it fails is no failure of the call."""
        if self.has("_retry_cleanup"):
            try:
                self._call("_retry_cleanup", "")
            except StoreError:
                return

    def close(self) -> None:
        """Close the backend."""
        self.raw.close()

    def _recalled(self, method: str, what: Any, raw: Raw) -> bool:
        try:
            raw.call(method, what, deadline_s=None)
        except Failed:
            return False
        return True

    def _is_surely_absent(self, name: str, target: Path) -> bool:
        """Whether the backend answers, and says that there is no such object."""
        try:
            size = self.query(name) if self.can_query else None
            return size == ABSENT if size is not None else name not in set(self.list(target))
        except StoreError:
            return False
        finally:
            target.unlink(missing_ok=True)

    def _call(self, method: str, name: str, *arguments: Any, size: int | None = None) -> Any:
        try:
            return self.raw.call(method, *arguments, deadline_s=self._times.deadline_s(method, size))
        except Failed as problem:
            failure = problem.failure
        if failure.code == ErrorCode.NOT_FOUND and method in ("_get", "_delete", "_query", "_validate"):
            raise self._missing(name)
        what = f"{name or 'A list of objects'} in {self.place} could not be {_DONE.get(method, 'cleaned up')}"
        error = failure.error(f"{self.raw.label}: {what}" if self.raw.label else what, name)
        if isinstance(error, Missing):
            # Not the object: the folder, or the bucket.
            raise Retry(error.what, name=name, hint=f"Is {self.place} there?")
        raise error

    def _missing(self, name: str) -> Missing:
        return Missing(f"There is no {name} in {self.place}", name=name)


def _slices(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (list(names[start : start + SLICE]) for start in range(0, len(names), SLICE))
