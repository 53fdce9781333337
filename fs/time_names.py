"""What snapshots are called by their time: a template as for strftime(3), in which `/` makes folders."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from yester.engine.errors import UsageError
from yester.fs.names import LONGEST, file_name

DIRECTIVES = "YymdjHIMSpaAbBuUVGWwFTZz%"
"""Those that mean the same on every system, and whose text a folder can hold."""
_DIRECTIVE = re.compile("%(.?)", re.DOTALL)
_SAMPLE = datetime(2026, 11, 20, 16, 3, 12)
_LATER = tuple(timedelta(seconds=seconds) for seconds in (1, 61, 3661, 90061, 40 * 86400, 400 * 86400))
_TAKEN = {"latest": "the newest snapshot", "versions": "the folder of versions"}
"""What stands beside the snapshots of a mount of one profile."""
_EXAMPLE = "Write, for example, %Y-%m-%dT%H-%M-%S or %Y/%m/%d."


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A template that was checked (`checked_time_format`)."""

    template: str = "%Y-%m-%dT%H-%M-%S"
    """Sorts as time passes, and every file system can hold it."""

    def path(self, time_ns: int) -> bytes:
        """Return the relative path of a snapshot of that time, local to this machine."""
        moment = datetime.fromtimestamp(time_ns // 10**9).astimezone()
        return b"/".join(map(file_name, moment.strftime(self.template).split("/")))


def checked_time_format(template: str) -> TimeFormat:
    """Return the template; UsageError, saying why, when it cannot name snapshots."""
    wrong = _fault(template)
    if wrong is not None:
        raise UsageError(f"{template!r} cannot name snapshots: {wrong}", hint=_EXAMPLE)
    return TimeFormat(template)


def _fault(template: str) -> str | None:
    unknown = [found for found in _DIRECTIVE.findall(template) if not found or found not in DIRECTIVES]
    if unknown:
        return f"%{unknown[0]} stands for nothing here (these do: {' '.join('%' + each for each in DIRECTIVES)})"
    if template.startswith("/"):
        return "it is an absolute path"
    parts = template.split("/")
    if "" in parts:
        return "a folder in it has no name"
    if "." in parts or ".." in parts:
        return "it leads elsewhere"
    if parts[0] in _TAKEN:
        return f"{parts[0]} is {_TAKEN[parts[0]]}"
    if not template.isprintable():
        return "it holds characters that are not printable"
    if any(len(_SAMPLE.strftime(part).encode(errors="surrogateescape")) > LONGEST for part in parts):
        return f"a name in it is longer than {LONGEST} bytes"
    if all((_SAMPLE + later).strftime(template) == _SAMPLE.strftime(template) for later in _LATER):
        return "all would be called the same"
    return None
