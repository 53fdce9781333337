"""What a backend derives from that does not ship with yester: docs/backends.md, "A backend in five steps".

It moves whole objects between local files and its service, one call at a time unless `threads` says otherwise, in a
worker process of its own. Retries, temporary files, time limits and everything else is yester's part.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from yester.plugins.backends.address import (
    InvalidBackendURL,
    ParsedUrl,
    is_backend_url,
    strip_auth_from_url,
    strip_prefix,
)
from yester.plugins.backends.codes import ErrorCode
from yester.plugins.options.spec import Option

__all__ = [
    "Backend",
    "BackendException",
    "ErrorCode",
    "FatalBackendException",
    "InvalidBackendURL",
    "OfflineException",
    "Option",
    "ParsedUrl",
    "TemporaryLoadException",
    "is_backend_url",
    "strip_auth_from_url",
    "strip_prefix",
]


class BackendException(Exception):
    """A call failed. It is made again, unless `code` says that this is of no use."""

    def __init__(self, text: str, code: int = ErrorCode.BACKEND_ERROR) -> None:
        super().__init__(text)
        self.code = code


class FatalBackendException(BackendException):
    """A call failed, and making it again is of no use."""


class TemporaryLoadException(BackendException):
    """The service is overloaded: the pause before the next try is three times as long."""


class OfflineException(BackendException):
    """The object lies in a cold tier, and has to be made readable first (`pre_process_download`)."""


class Backend:
    """A service that holds objects under flat ASCII names: small letters, digits, `.` and `-`.

    Give `_put`, `_get`, `_list` and `_delete`; whatever else methods.py lists may be there or not. What they raise is
    tried again, but for FatalBackendException and for codes that say what is wrong for good.
    """

    option_spec: ClassVar[Mapping[str, Option]] = {}
    """Its options, by name: they come from `YESTER_NAME_OPTION`, [backends.NAME] of a profile and backends.toml."""
    has_host: ClassVar[bool] = True
    """Whether a host comes first in its URLs; else all is path."""
    threads: ClassVar[int] = 1
    """How many calls may be made at once, on as many threads."""

    parsed_url: ParsedUrl
    """Where; there before `__init__` runs."""
    options: Mapping[str, Any] = MappingProxyType({})
    """Every option of `option_spec`, typed, whether anybody set it or not; there before `__init__` runs."""

    def __init__(self, parsed_url: ParsedUrl) -> None:
        """Connect, or wait with that until the first call. What it raises is told as any call's failure."""
        self.parsed_url = parsed_url

    def _put(self, source: Path, name: str) -> None:
        raise NotImplementedError

    def _get(self, name: str, target: Path) -> None:
        raise NotImplementedError

    def _list(self) -> Iterable[str]:
        raise NotImplementedError

    def _delete(self, name: str) -> None:
        raise NotImplementedError
