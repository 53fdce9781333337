"""Back In Time's snapshots, as far as plugins touch them: `SID` and `Snapshots`."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import date as Day
from datetime import datetime
from functools import total_ordering
from typing import Any

import config as bit_config
import logger
from configfile import ConfigFile

_SID = re.compile(r"([0-9]{8}-[0-9]{6})(?:-([0-9]{3}))?", re.ASCII)
_FORM = "%Y%m%d-%H%M%S"


def _no_name(name: str) -> None:
    raise OSError("a snapshot gets its name in the run that takes it")


wish_name: Callable[[str], None] = _no_name
"""Gives the new snapshot a name; set by the world while a plugin hears of one."""


@total_ordering
class SID:
    """A snapshot's name: local time, and the three digits of its profile. As text it is `20261120-170312-123`."""

    def __init__(self, date: Any, cfg: Any) -> None:
        """`date` is such a text, or a time. ValueError for a text that is none, TypeError for anything else."""
        self.config = cfg
        self.profileID = cfg.currentProfile()
        self.isRoot = False
        if isinstance(date, datetime):
            self.sid = f"{date:{_FORM}}-{cfg.tag(self.profileID)}"
        elif isinstance(date, Day):
            self.sid = f"{date:%Y%m%d}-000000-{cfg.tag(self.profileID)}"
        elif isinstance(date, str):
            self._take(date)
            return
        else:
            raise TypeError(f"a SID is made of text or a time, not of {type(date).__name__}")
        self._take(self.sid)

    def _take(self, text: str) -> None:
        match = _SID.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no SID")
        self.sid, self.tag, self._name = text, match[2] or "", ""
        self.date = datetime.strptime(match[1], _FORM)

    def __str__(self) -> str:
        return self.sid

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SID):
            return self.sid == other.sid and self.profileID == other.profileID
        return isinstance(other, str) and self.sid == other

    def __lt__(self, other: object) -> bool:
        return self._key < (other._key if isinstance(other, SID) else str(other))

    def __hash__(self) -> int:
        return hash(self.sid)

    @property
    def _key(self) -> str:
        return self.sid

    def split(self) -> tuple[int, ...]:
        """Return year, month, day, hour, minute and second."""
        return tuple(self.date.timetuple()[:6])

    @property
    def displayID(self) -> str:
        """The time in words."""
        return f"{self.date:%Y-%m-%d %H:%M:%S}"

    @property
    def displayName(self) -> str:
        """The time in words, what the person calls it, and whether it failed."""
        named = f" - {self.name}" if self.name else ""
        return f"{self.displayID}{named}{' (WITH ERRORS !)' if self.failed else ''}"

    @property
    def withoutTag(self) -> str:
        """The name without the digits of its profile."""
        return f"{self.date:{_FORM}}"

    @property
    def name(self) -> str:
        """What the person calls it; a new one has no name yet."""
        try:
            with open(self.path("name"), encoding="utf-8") as file:
                return file.read()
        except OSError:
            return self._name

    @name.setter
    def name(self, name: str) -> None:
        """Call the new snapshot so. OSError: it is another one, or no longer new."""
        wish_name(name)
        self._name = name

    @property
    def failed(self) -> bool:
        """Whether it was taken with errors."""
        return os.path.exists(self.path("failed"))

    @property
    def info(self) -> ConfigFile:
        """What is known of it, from its file `info`."""
        info = ConfigFile()
        info.load(self.path("info"))
        return info

    def path(self, *path: str, use_mode: Any = ()) -> str:
        """Return where it is, or something in its folder."""
        return os.path.join(self.config.snapshotsFullPath(self.profileID), self.sid, *path)

    def pathBackup(self, *path: str, use_mode: Any = ()) -> str:
        """Return where its files are, or one of them by its whole path."""
        return os.path.join(self.path("backup"), *(part.lstrip("/") for part in path))

    def exists(self) -> bool:
        """Return whether it can be looked at now."""
        return os.path.isdir(self.path("backup"))

    def canOpenPath(self, path: str) -> bool:
        """Return whether it has something at a path."""
        return os.path.exists(self.pathBackup(path))

    def isExistingPathInsideSnapshotFolder(self, path: str) -> bool:
        """Return whether it has something at a path."""
        return self.canOpenPath(path)

    @property
    def lastChecked(self) -> str:
        """When it was last looked at, in words."""
        try:
            return f"{datetime.fromtimestamp(os.stat(self.path('info')).st_atime):%Y-%m-%d %H:%M:%S}"
        except OSError:
            return self.displayID


class RootSnapshot(SID):
    """The machine as it is now, `/`: greater than all snapshots."""

    def __init__(self, cfg: Any) -> None:
        self.config, self.profileID = cfg, cfg.currentProfile()
        self.sid, self.tag, self.isRoot, self.date = "/", "", True, datetime.now()

    @property
    def _key(self) -> str:
        return chr(0x10FFFF)

    @property
    def displayID(self) -> str:
        """What it is called."""
        return "Now"

    @property
    def displayName(self) -> str:
        """What it is called."""
        return "Now"

    name = "Now"
    failed = False

    def path(self, *path: str, use_mode: Any = ()) -> str:
        """Return a path on the machine."""
        return os.path.join("/", *(part.lstrip("/") for part in path))

    pathBackup = path


class Snapshots:
    """What `init` of a plugin is given."""

    def __init__(self, cfg: Any = None) -> None:
        self.config = cfg if cfg is not None else bit_config.Config()
        self._message: tuple[int, str] | None = None

    def busy(self) -> bool:
        """Return whether a run is at work: plugins are asked during one."""
        return True

    def takeSnapshotMessage(self) -> tuple[int, str] | None:
        """Return level and text of the last message."""
        return self._message

    def setTakeSnapshotMessage(self, type_id: int, message: str, timeout: int = -1) -> None:
        """Say something in the run's log, and to all plugins."""
        self.heard(type_id, message)
        (logger.error if type_id == 1 else logger.info)(message, self)
        number = self.config.currentProfile()
        self.config.PLUGIN_MANAGER.message(number, self.config.profileName(number), type_id, message, timeout)

    def heard(self, level: int, text: str) -> None:
        """Remember the last message."""
        self._message = level, text

    def clearTakeSnapshotMessage(self) -> None:
        """Forget the last message."""
        self._message = None


def iterSnapshots(cfg: Any, includeNewSnapshot: bool = False) -> Iterator[SID]:
    """Yield the snapshots that can be looked at now, the newest first: in a run that is the new one."""
    try:
        names = os.listdir(cfg.snapshotsFullPath())
    except OSError:
        return
    found = (SID(name, cfg) for name in sorted(names, reverse=True) if _SID.fullmatch(name))
    yield from (sid for sid in found if sid.exists())


def listSnapshots(cfg: Any, includeNewSnapshot: bool = False, reverse: bool = True) -> list[SID]:
    """Return the snapshots that can be looked at now."""
    return sorted(iterSnapshots(cfg), reverse=reverse)


def lastSnapshot(cfg: Any) -> SID | None:
    """Return the newest snapshot that can be looked at now."""
    return next(iterSnapshots(cfg), None)
