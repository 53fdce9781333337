"""What backends raise."""

from typing import Any

from duplicity.log import Error, ErrorCode


class DuplicityError(Exception):
    """Anything that duplicity raises by intention."""


class FatalError(DuplicityError):
    """There is no use in going on; it is logged as it is made."""

    def __init__(self, msg: str, code: int = ErrorCode.generic, extra: str | None = None) -> None:
        super().__init__(msg)
        self.msg, self.code, self.extra = msg, code, extra
        Error(msg, code, extra)


class UserError(DuplicityError):
    """The person asked for something that cannot be."""


class ConflictingScheme(DuplicityError):
    """Two backends for one scheme."""


class NotSupported(DuplicityError):
    """The backend cannot do this."""


class InvalidBackendURL(UserError):
    """A URL that says nothing."""

    hint = ""
    """yester's own: what to do about it."""


class UnsupportedBackendScheme(InvalidBackendURL, UserError):
    """No backend takes such URLs."""

    def __init__(self, url: str) -> None:
        super().__init__(f"no backend takes {url.partition(':')[0]}: URLs")
        self.url = url


class BackendException(DuplicityError):
    """A backend failed; `code` says why, as far as that is known."""

    def __init__(self, msg: Any, code: int = ErrorCode.backend_error) -> None:
        super().__init__(msg)
        self.code = code


class FatalBackendException(BackendException):
    """A failure that no second attempt can mend."""


class TemporaryLoadException(BackendException):
    """The other side has too much to do: the next attempt waits three times as long."""


__all__ = [
    "BackendException",
    "ConflictingScheme",
    "DuplicityError",
    "FatalBackendException",
    "FatalError",
    "InvalidBackendURL",
    "NotSupported",
    "TemporaryLoadException",
    "UnsupportedBackendScheme",
    "UserError",
]
