"""What plugins use of Back In Time's `tools`."""

import builtins
import gettext
import os
import shutil
import sys
from collections.abc import Mapping

_ROOT = [""]
"""Where the folders of plugins are said to be."""


def backintimePath(*path: str) -> str:
    """Return a path below the place where Back In Time is installed: here the folder of its plugins."""
    return os.path.join(_ROOT[0] or os.path.dirname(os.path.abspath(__file__)), *path)


def registerBackintimePath(*path: str) -> None:
    """Let modules of a folder be imported."""
    folder = backintimePath(*path)
    if folder not in sys.path:
        sys.path.insert(0, folder)


def set_root(folder: str) -> None:
    """Say where the folders of plugins are."""
    _ROOT[0] = folder


def initiate_translation(language_code: str | None = None) -> dict[str, str]:
    """Have `_` and `ngettext` among the builtins; they translate nothing."""
    vars(builtins).update({"_": gettext.gettext, "ngettext": gettext.ngettext})
    return {}


def checkXServer() -> bool:
    """Return whether Back In Time's windows can be shown: never, since they are not here."""
    return False


def is_Qt_working(systray_required: bool = False) -> bool:
    """Return what `checkXServer` does."""
    return False


is_Qt5_working = is_Qt_working


def checkCommand(cmd: str) -> bool:
    """Return whether there is a program of that name, or at that path."""
    return bool(cmd.strip()) and which(cmd.strip()) is not None


def which(cmd: str) -> str | None:
    """Return the path of a program."""
    return shutil.which(cmd)


def makeDirs(path: str) -> bool:
    """Make a folder and those above it; return whether it is there."""
    return mkdir(path)


def mkdir(path: str, mode: int = 0o755, enforce_permissions: bool = True) -> bool:
    """Make a folder and those above it; return whether it is there."""
    try:
        os.makedirs(path, mode, exist_ok=True)
    except OSError:
        return False
    return True


def inListStartsWith(text: str, items: list[str]) -> bool:
    """Return whether one of the items begins with a text."""
    return any(item.startswith(text) for item in items)


def readFile(path: str, default: str | None = None) -> str | None:
    """Return what is in a file."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return default


def envLoad(f: str) -> None:
    """Take variables of the desktop from a file, as they are here: nothing is kept in one."""


def envSave(f: str) -> None:
    """Keep nothing."""


def pids() -> list[int]:
    """Return the processes that run."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def processName(pid: int) -> str:
    """Return the name of a process; empty when there is none."""
    return (readFile(f"/proc/{pid}/comm") or "").rstrip("\n")


def processExists(name: str) -> bool:
    """Return whether a process of that name runs."""
    return name in (processName(pid) for pid in pids())


def processAlive(pid: int) -> bool:
    """Return whether a process runs."""
    return os.path.exists(f"/proc/{pid}") if pid else False


def get_desktop_environment(environment: Mapping[str, str] = os.environ) -> str:
    """Return what the desktop calls itself."""
    return environment.get("XDG_CURRENT_DESKTOP", "unknown").lower()
