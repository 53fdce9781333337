"""What plugins that make a snapshot of a file system have in common.

Before a run reads anything each file system with sources on it gets one snapshot, so that hard links between sources
stay what they are; the run is told to read its sources from there, under their own paths. How it is taken away is
promised before it is made. Where it cannot be made the sources are read as they are, unless the person says otherwise.
"""

import os
import shutil
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from yester.engine.capture.mounts import MOUNTINFO
from yester.engine.events import RunBegin
from yester.engine.mountinfo import Mount, mount_at, mounts_in
from yester.plugins.native import AskError, Option
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.programs import run
from yester.plugins.quiescing.resting import Resting

SOURCES = Option("path_list", [], "Only these sources; without it all that lie on such a file system.")
_NAMES = "yester-{}-{}"


@dataclass(frozen=True, slots=True)
class Volume:
    """What there can be a snapshot of."""

    name: str
    """As its programs call it."""
    top: bytes
    """The path of its topmost folder, as far as it is seen."""
    mount: Mount


class Freezing(Resting):
    """Has sources read from a snapshot of their file system."""

    order: ClassVar[int] = 50  # when what is to rest does, and has left its copies
    types: ClassVar[frozenset[str]]
    """File systems that it knows."""

    @abstractmethod
    def volume(self, path: bytes, mount: Mount) -> Volume:
        """Return what a real path lies on. Failed: there can be no snapshot of it."""

    @abstractmethod
    def freeze(self, volume: Volume, name: str) -> bytes:
        """Make a read-only snapshot, and return where its topmost folder is. Failed: there is none."""

    def rest(self, event: RunBegin) -> None:
        """Make the snapshots, and let the run read from them."""
        problems: list[str] = []
        frozen, volumes = [], self._volumes(event, problems)
        if not volumes:
            self.log(f"no source lies on {self._kinds}")
        for number, (volume, sources) in enumerate(volumes.items()):
            try:
                place = self.freeze(volume, _NAMES.format(event.run, number))
            except (Failed, AskError, OSError) as problem:
                problems.append(f"{os.fsdecode(volume.top)}: {problem}")
                continue
            frozen.append((place, volume, sources))
        if problems and self.options["on_failure"] == "stop":
            raise Failed("; ".join(problems))
        for place, volume, sources in frozen:
            for source, path in sources:
                self.read_from(source, os.path.normpath(os.path.join(place, os.path.relpath(path, volume.top))))
            self.log(f"{volume.name} is read from {os.fsdecode(place)}")
        if problems:
            self.say(f"{'; '.join(problems)}; it is read as it is", "error")

    def _volumes(self, event: RunBegin, problems: list[str]) -> dict[Volume, list[tuple[bytes, bytes]]]:
        """Return what is to be frozen, with the sources on it and their real paths."""
        found: dict[Volume, list[tuple[bytes, bytes]]] = {}
        asked = [os.fsencode(path) for path in self.options["sources"]]
        mounts = list(mounts_in(MOUNTINFO.read_bytes()))
        for source in asked or [each.raw for each in event.sources]:
            path = os.path.realpath(source)
            mount = mount_at(path, mounts)
            if mount is None or mount.kind.decode() not in self.types or not os.path.exists(path):
                if asked:
                    problems.append(f"{os.fsdecode(source)} does not lie on {self._kinds}")
                continue
            try:
                found.setdefault(self.volume(path, mount), []).append((source, path))
            except (Failed, OSError) as problem:
                problems.append(f"{os.fsdecode(source)}: {problem}")
        return found

    @property
    def _kinds(self) -> str:
        return " or ".join(sorted(self.types))

    def told(self, words: Sequence[str]) -> str:
        """Run a program of the file system's, and return what it says. Failed."""
        return run(words, timeout_s=self.options["timeout"]).well()

    def promise_script(self, script: str, words: Sequence[str], about: str) -> None:
        """Promise to run a script of sh, which finds the words as its arguments."""
        for word in words:
            if not word.isprintable():
                raise Failed("a snapshot can only be made of what has a name of printable text")
        self.promise(["/bin/sh", "-c", script, "sh", *words], about)


def program(name: str, package: str) -> str:
    """Return the path of a program, also where only root's PATH has it. Failed: it is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        raise Failed(f"there is no program {name} here: install {package}")
    return found


def own_folder(path: Path) -> None:
    """Make a folder that nobody else can write to or look into, unless it is there. Failed: it is somebody else's."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if path.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise Failed(f"{path} could be written to by others: remove it")
