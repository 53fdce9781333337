"""What plugins use of Back In Time's `tools`."""

import builtins
import gettext
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

_SUPPLIES = "/sys/class/power_supply"

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


def readFileLines(path: str, default: list[str] | None = None) -> list[str] | None:
    """Return the lines of a file."""
    text = readFile(path)
    return default if text is None else text.splitlines()


def writeTimeStamp(fname: str) -> None:
    """Write the time into a file."""
    makeDirs(os.path.dirname(fname))
    with open(fname, "w", encoding="ascii") as file:
        file.write(f"{datetime.now():%Y%m%d %H%M}")


def readTimeStamp(fname: str) -> datetime | None:
    """Return the time that `writeTimeStamp` wrote; None when there is none."""
    text = (readFile(fname) or "").strip()
    for form in ("%Y%m%d %H%M", "%Y%m%d"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def md5sum(path: str) -> str:
    """Return the MD5 of a file. OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def isRoot() -> bool:
    """Return whether the process may do everything."""
    return os.geteuid() == 0


def usingSudo() -> bool:
    """Return whether it may do so by sudo."""
    return isRoot() and os.environ.get("HOME", "/root") != "/root"


def powerStatusAvailable() -> bool:
    """Return whether it can be known if the machine runs on its battery."""
    return bool(_mains())


def onBattery() -> bool:
    """Return whether the machine runs on its battery."""
    return "1" not in (_mains() or ["1"])


def _mains() -> list[str]:
    """Return for each supply from the mains whether it gives power, `1` or `0`."""
    try:
        supplies = [os.path.join(_SUPPLIES, name) for name in os.listdir(_SUPPLIES)]
    except OSError:
        return []
    mains = [each for each in supplies if (readFile(f"{each}/type") or "").strip() in ("Mains", "USB")]
    return [(readFile(f"{each}/online") or "").strip() for each in mains]


def mountpoint(path: str) -> str:
    """Return where what a path is on is mounted."""
    place = os.path.realpath(os.path.abspath(path))
    while not os.path.ismount(place):
        place = os.path.dirname(place)
    return place


def mountArgs(path: str) -> list[str] | None:
    """Return what is mounted there, as in /etc/mtab: device, place, kind, options; None when nothing says it."""
    place = mountpoint(path)
    found = [line.split() for line in readFileLines("/proc/self/mounts") or [] if line.split()[1:2] == [_octal(place)]]
    return [found[-1][0], place, *found[-1][2:4]] if found else None


def _octal(path: str) -> str:
    return "".join(f"\\{ord(each):03o}" if each in " \t\n\\" else each for each in path)


def device(path: str) -> str | None:
    """Return the device that a path is on."""
    found = mountArgs(path)
    return found[0] if found else None


def filesystem(path: str) -> str | None:
    """Return what kind of file system a path is on."""
    found = mountArgs(path)
    return found[2] if found else None


def isIPv6Address(address: str) -> bool:
    """Return whether a text is an address of IPv6."""
    import ipaddress

    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:
        return False


def escapeIPv6Address(address: str) -> str:
    """Return an address as it stands in places with a colon."""
    return f"[{address}]" if isIPv6Address(address) else address


def camelCase(s: str) -> str:
    """Return `some_name` as `SomeName`."""
    return "".join(part[:1].upper() + part[1:] for part in s.split("_"))


def tempFailureRetry(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what a function returns, which Python itself calls again when a signal breaks it off."""
    return func(*args, **kwargs)


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


def processStat(pid: int) -> str:
    """Return what the kernel says of a process; empty when there is none."""
    return readFile(f"/proc/{pid}/stat") or ""


def processPaused(pid: int) -> bool:
    """Return whether a process stands still."""
    return processStat(pid).rpartition(")")[2].split()[:1] == ["T"]


def processCmdline(pid: int) -> str:
    """Return the words that a process was started with; empty when there is none."""
    return (readFile(f"/proc/{pid}/cmdline") or "").strip("\0\n").replace("\0", "\n")


def pidsWithName(name: str) -> list[int]:
    """Return the processes of a name."""
    return [pid for pid in pids() if processName(pid) == name[:15]]


def processAlive(pid: int) -> bool:
    """Return whether a process runs."""
    return os.path.exists(f"/proc/{pid}") if pid else False


def get_desktop_environment(environment: Mapping[str, str] = os.environ) -> str:
    """Return what the desktop calls itself."""
    return environment.get("XDG_CURRENT_DESKTOP", "unknown").lower()
