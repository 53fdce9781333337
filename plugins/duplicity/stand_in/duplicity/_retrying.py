"""How often a backend's operation is tried, and what its last failure becomes."""

import errno
import time
from collections.abc import Callable
from typing import Any

from duplicity import config, log
from duplicity._secrets import scrubbed
from duplicity.errors import BackendException, FatalBackendException, TemporaryLoadException
from duplicity.log import ErrorCode

last_exception: BaseException | None = None
"""Of the last operation whose failure was not fatal; `backend._last_exception` for files of 0.8."""

_BY_ERRNO = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), ErrorCode.backend_permission_denied),
    errno.ENOENT: ErrorCode.backend_not_found,
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), ErrorCode.backend_no_space),
}
_MUCH_TO_DO = 3


def code_of(backend: Any, operation: str, exception: BaseException) -> int:
    """Return why an operation failed: as the exception says, else the backend, else the system."""
    if isinstance(exception, BackendException) and exception.code != ErrorCode.backend_error:
        return exception.code
    if hasattr(backend, "_error_code"):
        said = backend._error_code(operation, exception)
        if said is not None:
            return int(said)
    return _BY_ERRNO.get(getattr(exception, "errno", None) or 0, ErrorCode.backend_error)


def tried(backend: Any, operation: str, attempt: Callable[[], Any], *, fatal: bool) -> Any:
    """Carry out an operation, again where it may help. Its last failure is raised if `fatal`, else a warning."""
    is_fatal, instead = config.are_errors_fatal.get(operation, (True, None))
    for number in range(1, config.num_retries + 1):
        try:
            return attempt()
        except FatalBackendException:
            raise
        except Exception as problem:  # noqa: BLE001  whatever a backend raises has a second chance
            if not is_fatal:
                backend_module().__dict__["_last_exception"] = problem
                return instead
            code = code_of(backend, operation, problem)
            text = f"{type(problem).__name__}: {problem}"
            if number >= config.num_retries or code == ErrorCode.backend_not_found:
                return _given_up(operation, problem, text, code, fatal, number)
            log.Warn(scrubbed(f"attempt {number} of {operation} failed: {text}"))
            time.sleep(config.backend_retry_delay * (_MUCH_TO_DO if isinstance(problem, TemporaryLoadException) else 1))
            if hasattr(backend, "_retry_cleanup"):
                backend._retry_cleanup()
    return None


def _given_up(operation: str, problem: Exception, text: str, code: int, fatal: bool, number: int) -> None:
    said = scrubbed(f"giving up after {number} attempts of {operation}: {text}")
    if not fatal:
        log.Warn(said)
        return
    if config.fatal_errors_exit:
        log.FatalError(said, code)
    log.Error(said, code)
    if isinstance(problem, BackendException):
        problem.code = code
        raise problem
    raise BackendException(text, code) from problem


def backend_module() -> Any:
    """Return the module that files of 0.8 look for the last failure in."""
    from duplicity import backend

    return backend
