"""duplicity's files in a store of yester's: what `yesterbackend.py` asks for, over a pipe.

A question is a line of JSON, `{"do": …, …}`, and so is its answer: `{"value": …}`, or `{"failed": TEXT, "code": CODE,
"fatal": BOOLEAN}` with duplicity's code, and whether asking again is of no use. Names are text as the system decodes
them; bytes go by path. It ends when the pipe does.
"""

import json
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from yester.engine.errors import Denied, Full, Missing, MissingRepository, RepositoryError, UsageError, YesterError
from yester.engine.store import Buffer, Store
from yester.plugins.backends.codes import ErrorCode
from yester.plugins.duplicity.names import LONG, file_name, holder_of, object_name

_FINAL = (UsageError, RepositoryError, Denied)
"""What asking again does not mend; a repository's place that cannot be reached was tried for a while."""
_PART = 8 << 20
_CODES: Mapping[type[YesterError], ErrorCode] = {
    Missing: ErrorCode.NOT_FOUND,
    Denied: ErrorCode.PERMISSION_DENIED,
    Full: ErrorCode.NO_SPACE,
}


class Keeper:
    """Files by duplicity's names."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._long: dict[str, bytes] = {}

    def put(self, name: str, path: str) -> None:
        """Store a file."""
        raw = os.fsencode(name)
        object = object_name(raw)
        if object.startswith(LONG):
            self._store.put(holder_of(object), [raw])
        with open(path, "rb") as file:
            self._store.put(object, [_content(file)])

    def get(self, name: str, path: str) -> None:
        """Fetch a file, in parts where the store can."""
        object = object_name(os.fsencode(name))
        with open(path, "wb") as file:
            file.writelines(self._parts(object))

    def list(self) -> list[str]:
        """Return the names of all files."""
        return [os.fsdecode(name) for name in map(self._name_of, self._store.list("misc.")) if name is not None]

    def delete(self, name: str) -> None:
        """Remove a file."""
        object = object_name(os.fsencode(name))
        self._store.delete(object)
        if object.startswith(LONG):
            self._store.delete(holder_of(object))

    def query(self, name: str) -> int:
        """Return a file's size; -1 when it is not there."""
        try:
            return self._store.query(object_name(os.fsencode(name)))
        except Missing:
            return -1

    def _parts(self, object: str) -> Iterator[bytes]:
        if not self._store.capabilities.ranges:
            yield self._store.get(object)
            return
        size = self._store.query(object)
        for begin in range(0, size, _PART):
            yield self._store.get_range(object, begin, min(_PART, size - begin))

    def _name_of(self, object: str) -> bytes | None:
        if not object.startswith(LONG):
            return file_name(object)
        if object not in self._long:
            try:
                self._long[object] = self._store.get(holder_of(object))
            except Missing:  # it is being deleted
                return None
        return self._long[object]


@dataclass(frozen=True, slots=True)
class _Verb:
    """What can be asked for."""

    method: Callable[..., Any]
    takes: frozenset[str]


_VERBS: Mapping[str, _Verb] = {
    "put": _Verb(Keeper.put, frozenset({"name", "path"})),
    "get": _Verb(Keeper.get, frozenset({"name", "path"})),
    "list": _Verb(Keeper.list, frozenset()),
    "delete": _Verb(Keeper.delete, frozenset({"name"})),
    "query": _Verb(Keeper.query, frozenset({"name"})),
}


def open_keeper(url: str, opening: Callable[..., Store]) -> Keeper:
    """Return a keeper in the store at a URL, which is made unless it is there."""
    try:
        return Keeper(opening(url))
    except MissingRepository:
        return Keeper(opening(url, create=True))


def serve(open_it: Callable[[], Keeper], questions: IO[str], answers: IO[str]) -> None:
    """Answer until nobody asks any more. What cannot be opened is tried anew by the next question."""
    keeper: Keeper | None = None
    for line in questions:
        try:
            keeper = keeper or open_it()
            answer = {"value": _done(keeper, line)}
        except (YesterError, OSError) as problem:
            answer = _failed(problem)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _done(keeper: Keeper, line: str) -> Any:
    """Do what a line asks for. UsageError when it asks for nothing."""
    try:
        question = json.loads(line)
        do = _VERBS[question.pop("do")]
    except (ValueError, AttributeError, TypeError, KeyError):
        raise UsageError("That is no question", hint="Only yesterbackend.py asks here.") from None
    if set(question) != do.takes or not all(isinstance(each, str) for each in question.values()):
        raise UsageError("That is no question", hint="yesterbackend.py is of another version: copy it anew.")
    return do.method(keeper, **question)


def _failed(problem: YesterError | OSError) -> dict[str, Any]:
    if isinstance(problem, OSError):
        return {
            "failed": f"{problem.filename}: {problem.strerror}",
            "code": int(ErrorCode.BACKEND_ERROR),
            "fatal": False,
        }
    code = next((code for kind, code in _CODES.items() if isinstance(problem, kind)), ErrorCode.BACKEND_ERROR)
    said = f"{problem.what}. {problem.hint}".rstrip(". ")
    return {"failed": said, "code": int(code), "fatal": isinstance(problem, _FINAL)}


def _content(file: IO[bytes]) -> Buffer:
    """Return what a file holds; it is read as the store writes."""
    if os.fstat(file.fileno()).st_size == 0:
        return b""
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
