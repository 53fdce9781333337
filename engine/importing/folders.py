"""The folders that Back In Time keeps snapshots in: `<target>/backintime/<host>/<user>/<profile>/<SID>/`."""

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.schedule.zone import LOCAL

_SID = re.compile(r"([0-9]{8}-[0-9]{6})(?:-[0-9]{3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ForeignSnapshot:
    """One snapshot there. `time_ns` is when it was begun, by the local clock of this machine."""

    sid: str
    folder: Path
    time_ns: int

    @property
    def backup(self) -> Path:
        """The tree that it holds, rooted at `/`."""
        return self.folder / "backup"

    @property
    def name(self) -> str:
        """What the person called it, on one line; empty for most."""
        place = self.folder / "name"
        try:
            text = place.read_text("utf-8", "replace") if place.is_file() else ""
        except OSError:
            return ""
        return "".join(char if char.isprintable() else " " for char in text)[:200].strip()

    @property
    def failed(self) -> bool:
        """Whether it was taken with errors."""
        return (self.folder / "failed").is_file()


def snapshots_in(folder: Path) -> list[ForeignSnapshot]:
    """Return the snapshots in a profile's folder, oldest first; a run that goes on there is none of them.

    YesterError when the folder cannot be read.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise YesterError(
            f"{folder} cannot be read: {error.strerror}", hint="Run it as the one who took the snapshots, or as root."
        ) from None
    found = ((name, _time_of(name)) for name in names)
    return [
        ForeignSnapshot(name, folder / name, time_ns)
        for name, time_ns in found
        if time_ns is not None and (folder / name / "backup").is_dir()
    ]


def _time_of(name: str) -> int | None:
    match = _SID.fullmatch(name)
    if match is None:
        return None
    try:
        begun = datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=LOCAL)
        return int(begun.timestamp()) * 1_000_000_000
    except (ValueError, OverflowError):
        return None
