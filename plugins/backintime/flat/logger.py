"""Back In Time's log: `LEVEL: text` on standard error, which yester puts into the run's journal, and to syslog."""

import sys
import syslog
import traceback
from types import FrameType

APP_NAME = "backintime"
SYSLOG_IDENTIFIER = APP_NAME
DEBUG = False
"""Whether `debug` says anything."""

_COLOURS = {"ERROR": 31, "WARNING": 33, "INFO": 32, "DEBUG": 34}
_PRIORITIES = {
    "ERROR": syslog.LOG_ERR,
    "WARNING": syslog.LOG_WARNING,
    "INFO": syslog.LOG_INFO,
    "DEBUG": syslog.LOG_DEBUG,
}


def openlog(name: str | None = None) -> None:
    """Begin to log; what goes to syslog bears this name."""
    syslog.openlog(name or SYSLOG_IDENTIFIER)


def changeTarget(target: str) -> None:
    """Do as `openlog`."""
    openlog(target)


def changeProfile(profile_id: str) -> None:
    """Do nothing: the run's journal is that of one profile."""


def deprecated(parent: object = None) -> None:
    """Log that what calls this will go."""
    _log("WARNING", f"{sys._getframe(1).f_code.co_name} is deprecated", parent, 0)


def closelog() -> None:
    """Log to syslog no longer under that name."""
    syslog.closelog()


def error(msg: object, parent: object = None, traceDepth: int = 0) -> None:
    """Log an error."""
    _log("ERROR", msg, parent, traceDepth)


def warning(msg: object, parent: object = None, traceDepth: int = 0) -> None:
    """Log a warning."""
    _log("WARNING", msg, parent, traceDepth)


def info(msg: object, parent: object = None, traceDepth: int = 0) -> None:
    """Log what is good to know."""
    _log("INFO", msg, parent, traceDepth)


def debug(msg: object, parent: object = None, traceDepth: int = 0) -> None:
    """Log what only developers want to know, when DEBUG says so."""
    if DEBUG:
        _log("DEBUG", msg, parent, traceDepth)


def exception(msg: object, parent: object = None, traceDepth: int = 0) -> None:
    """Log an error and the exception that is being handled."""
    _log("ERROR", f"{msg}\n{traceback.format_exc()}".rstrip("\n"), parent, traceDepth)


def _log(level: str, msg: object, parent: object, depth: int) -> None:
    text = f"{_caller(parent, depth)}{msg}" if DEBUG else str(msg)
    stream = sys.stderr
    head = f"\033[{_COLOURS[level]}m{level}\033[0m" if stream.isatty() else level
    stream.write(f"{head}: {text}\n")
    stream.flush()
    for line in text.splitlines():
        syslog.syslog(_PRIORITIES[level], f"{level}: {line}".replace("\0", ""))


def _caller(parent: object, depth: int) -> str:
    """Return who logs, as it stands before a line while DEBUG is on."""
    frame: FrameType | None = sys._getframe(3)
    for _ in range(depth):
        frame = frame.f_back if frame is not None else None
    if frame is None:
        return ""
    where = f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
    owner = "" if parent is None else f"{type(parent).__name__}."
    return f"[{where} {owner}{frame.f_code.co_name}] "
