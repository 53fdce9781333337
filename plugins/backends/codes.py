"""What became of a backend's call: duplicity's error codes, which one an exception has, and what it means here.

An exception is recognised by the names of its classes, since each world has classes of its own.
"""

import errno
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from yester.engine.errors import Broken, Denied, Full, Missing, Offline, Overloaded, Retry, StoreError
from yester.engine.events import clean


class ErrorCode(IntEnum):
    """Why a backend failed, in duplicity's numbers, which never change."""

    CONNECTION_FAILED = 38
    BACKEND_ERROR = 50
    PERMISSION_DENIED = 51
    NOT_FOUND = 52
    NO_SPACE = 53
    COMMAND_ERROR = 54
    CODE_ERROR = 55
    VALIDATION_FAILED = 56


_BY_ERRNO = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), ErrorCode.PERMISSION_DENIED),
    errno.ENOENT: ErrorCode.NOT_FOUND,
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), ErrorCode.NO_SPACE),
}

_RIGHTS = "Check the credentials, what they may do there, and whether the place is read-only."

_MEANINGS: Mapping[int, tuple[type[StoreError], str]] = {
    ErrorCode.PERMISSION_DENIED: (Denied, _RIGHTS),
    ErrorCode.NOT_FOUND: (Missing, ""),
    ErrorCode.NO_SPACE: (Full, "Make room there, then run the command again: what was stored so far is used."),
}
"""Code → its error; whatever is not here may pass, and is tried again."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed, as a worker tells it."""

    code: int = ErrorCode.BACKEND_ERROR
    text: str = ""
    is_fatal: bool = False
    """Trying again is of no use."""
    is_slow: bool = False
    """Trying again soon is of no use."""
    is_offline: bool = False
    """The object has to be recalled first."""
    is_usage: bool = False
    """The person asked for something that cannot be, such as a wrong option."""
    hint: str = ""

    def sent(self) -> dict[str, Any]:
        """Return what a worker answers."""
        return {"failed": asdict(self)}

    def error(self, what: str, name: str) -> StoreError:
        """Return the error that it is here; `what` says what could not be done."""
        text = f"{what}: {self.text}" if self.text else what
        if self.is_offline:
            return Offline(text, name=name, hint=self.hint)
        kind, hint = _MEANINGS.get(self.code, (Retry, ""))
        if kind is Retry:
            kind = Broken if self.is_fatal else Overloaded if self.is_slow else Retry
        return kind(text, name=name, hint=self.hint or hint)


class Failed(Exception):
    """A backend's call failed, wherever it ran."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


def failure_of(backend: object, operation: str, problem: BaseException) -> Failure:
    """Return why an operation (`put`, `get`, …) of a backend failed."""
    names = {kind.__name__ for kind in type(problem).__mro__}
    return Failure(
        code_of(backend, operation, problem),
        clean(_in_words(problem, names)),
        is_fatal="FatalBackendException" in names,
        is_slow="TemporaryLoadException" in names,
        is_offline="OfflineException" in names,
        is_usage="UsageError" in names or "InvalidBackendURL" in names,
        hint=clean(str(getattr(problem, "hint", ""))),
    )


def code_of(backend: object, operation: str, problem: BaseException) -> int:
    """Return an exception's code: its own, else what the backend's `_error_code` says, else by errno."""
    said = getattr(problem, "code", None)
    is_ours = any(kind.__name__ == "BackendException" for kind in type(problem).__mro__)
    if is_ours and isinstance(said, int) and said != ErrorCode.BACKEND_ERROR:
        return int(said)
    ask = getattr(backend, "_error_code", None)
    found = ask(operation, problem) if ask is not None else None
    if isinstance(found, int) and found:
        return int(found)
    return _BY_ERRNO.get(getattr(problem, "errno", None) or 0, ErrorCode.BACKEND_ERROR)


def _in_words(problem: BaseException, names: set[str]) -> str:
    text = str(problem)
    return (
        text
        if text and names & {"BackendException", "YesterError"}
        else f"{type(problem).__name__}: {text}".removesuffix(": ")
    )
