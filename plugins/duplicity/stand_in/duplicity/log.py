"""Levels, codes, and functions that log; all goes to standard error, where the worker's host finds it.

duplicity's levels run the other way than Python's: 0 is an error, 9 what only developers want. In the logger they are
10 minus that.
"""

import logging
import sys
from typing import Any, NoReturn

ERROR = 0
WARNING = 2
NOTICE = 3
INFO = 5
DEBUG = 9
MAX = DEBUG

_NAMES = {ERROR: "ERROR", WARNING: "WARNING", NOTICE: "NOTICE", INFO: "INFO", DEBUG: "DEBUG"}
_logger = logging.getLogger("duplicity")


class ErrorCode:
    """Why something failed; the numbers never change."""

    generic = 1
    command_line = 2
    hostname_mismatch = 3
    bad_url = 8
    user_error = 23
    boto_old_style = 24
    boto_lib_too_old = 25
    boto_calling_format = 26
    ftp_ncftp_missing = 27
    ftp_ncftp_too_old = 28
    exception = 30
    gpg_failed = 31
    s3_bucket_not_style = 32
    not_implemented = 33
    get_freespace_failed = 34
    not_enough_freespace = 35
    connection_failed = 38
    restart_file_not_found = 39
    gio_not_available = 40
    ftps_lftp_missing = 43
    volume_wrong_size = 44
    dpbx_nologin = 47
    bad_request = 48
    s3_kms_no_id = 49
    backend_error = 50
    backend_permission_denied = 51
    backend_not_found = 52
    backend_no_space = 53
    backend_command_error = 54
    backend_code_error = 55
    backend_validation_failed = 56


class InfoCode:
    """What an information is about."""

    generic = 1
    progress = 2
    upload_progress = 16


class WarningCode:
    """What a warning is about."""

    generic = 1
    ftp_ncftp_v320 = 7


def DupToLoggerLevel(verb: int) -> int:
    """Return the logger's level for one of duplicity's."""
    return MAX - verb + 1


def LoggerToDupLevel(verb: int) -> int:
    """Return duplicity's level for one of the logger's."""
    return MAX - verb + 1


def LevelName(level: int) -> str:
    """Return the name of one of duplicity's levels."""
    return _NAMES.get(level, f"LEVEL {level}")


def Log(s: Any, verb_level: int, code: int = 1, extra: Any = None, force_print: bool = False, **_: Any) -> None:
    """Log at one of duplicity's levels."""
    if isinstance(s, bytes):
        s = s.decode("utf-8", "replace")
    _logger.log(DupToLoggerLevel(MAX if verb_level > MAX else verb_level), "%s", s, extra={"code": code})


def Debug(s: Any) -> None:
    """Log what only developers want to know."""
    Log(s, DEBUG)


def Info(s: Any, code: int = InfoCode.generic, extra: Any = None) -> None:
    """Log what happens."""
    Log(s, INFO, code, extra)


def Progress(s: Any, current: Any, total: Any = None) -> None:
    """Log how far something is."""
    Log(s, INFO, InfoCode.progress)


def Notice(s: Any, force_print: bool = False) -> None:
    """Log what everybody should know."""
    Log(s, NOTICE)


def Warn(s: Any, code: int = WarningCode.generic, extra: Any = None) -> None:
    """Log what may be wrong."""
    Log(s, WARNING, code, extra)


def Error(s: Any, code: int = ErrorCode.generic, extra: Any = None) -> None:
    """Log what is wrong."""
    Log(s, ERROR, code, extra)


def FatalError(s: Any, code: int = ErrorCode.generic, extra: Any = None) -> NoReturn:
    """Log what is wrong, and end: as duplicity did before 3.2, by SystemExit. The worker outlives it."""
    Error(s, code, extra)
    sys.exit(code)


def getverbosity() -> int:
    """Return up to which of duplicity's levels anything is said."""
    return LoggerToDupLevel(_logger.getEffectiveLevel())


def setverbosity(verb: int) -> None:
    """Say up to which of duplicity's levels anything is said."""
    _logger.setLevel(DupToLoggerLevel(verb))


def setup(verb: int = NOTICE) -> None:
    """Send all to standard error, once."""
    if not _logger.handlers:
        for level, name in _NAMES.items():
            logging.addLevelName(DupToLoggerLevel(level), name)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        _logger.addHandler(handler)
        _logger.propagate = False
    setverbosity(verb)
