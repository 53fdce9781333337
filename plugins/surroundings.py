"""What plugins are called in: one command, and what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from yester.engine.places import Places
from yester.engine.profiles.profile import Profile


class Views(Protocol):
    """Shows plugins new snapshots as folders, until the plugins have ended."""

    def show(self, snapshot: str, root: Path, folder: Path, files: Mapping[str, bytes]) -> str:
        """Make `folder`, which lies below `root`: these files, and the snapshot as `backup/`.

        `root` is taken away at the end. Returns why that cannot be; empty when it is there.
        """
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One command at work."""

    places: Places
    action: str = ""
    """The command's name."""
    run: str = ""
    """The run's id; empty for a command that leaves no record."""
    profile: Profile | None = None
    repository: str = ""
    """Path or URL, without secrets."""
    views: Views | None = None
    """Where new snapshots can be shown."""
