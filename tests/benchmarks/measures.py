"""The measures: what is timed, and what must have come out of it to count.

Dirty pages are written out before each timed command and the page cache is warm. A find, a cp and a tar each get
a fresh mount; the second find is on the first one's. Listings, copies and restores that show fewer or more
entries than the source has are failures, however fast.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import tools as clients
from tests.benchmarks.mounting import Mount, MountFailed, random_reads
from tests.benchmarks.processes import Command, Usage, measure
from tests.benchmarks.recorder import Recorder, Turn

BIG_FILES = ("db.dat", "random.bin", "vm.img")
RANDOM_READS = 3000
RANDOM_SECONDS = 20.0

Look = Callable[[Path, Mount | None], None]
"""What is done at a root: of a mount, or of the source itself (None)."""


class Measures:
    """The measures of one run; `limit` is when a command on a mount is given up."""

    def __init__(self, recorder: Recorder, limit: float) -> None:
        self._record = recorder
        self._limit = limit

    def begin(self, turn: Turn) -> bool:
        """An empty repository and the first snapshot in it; False when there is nothing to go on with."""
        made = measure(turn.tool.create(turn.source), turn.tool.environment())
        if made.error:
            return self._record.add(turn, "first", made)
        return self.snapshot(turn, "first")

    def snapshot(self, turn: Turn, name: str) -> bool:
        """The next snapshot, with what it added."""
        before = turn.tool.repository_size()
        usage = measure([turn.tool.snapshot(turn.source)], turn.tool.environment())
        size = turn.tool.repository_size()
        return self._record.add(turn, name, usage, size=size, added=size - before)

    def start(self, turn: Turn) -> None:
        """What the program costs before it does anything: its version, and a list of the repository."""
        self._record.add(turn, "start", measure([turn.tool.start_command()], turn.tool.environment()))
        if listing := turn.tool.open_command():
            self._record.add(turn, "open", measure([listing], turn.tool.environment()))

    def restore(self, turn: Turn) -> None:
        """The tool's own restore of the whole tree into an empty folder."""
        if not self._record.affordable(turn, "restore"):
            return
        target = turn.tool.work / "restored"
        target.mkdir()
        usage = measure([turn.tool.restore(turn.source, target)], turn.tool.environment())
        usage.error = usage.error or missing(count(target / turn.source.name), count(turn.source))
        self._record.add(turn, "restore", usage)
        remove(target)

    def visit(self, turn: Turn, pack: bool) -> None:
        """Find twice, cp, and tar with `pack`: on the mount, or on the source itself."""
        entries = count(turn.source)
        listing = turn.tool.work / "tmp/listing"

        def search(root: Path, mount: Mount | None) -> None:
            for name in ("find", "find again"):
                command = clients.find(root, listing)
                self._over(turn, name, mount, command, lambda: missing(listing.read_bytes().count(b"\n"), entries))
            if mount is not None:
                memory = {"memory": mount.usage().memory, "resident": mount.resident()}
                self._record.keep(turn, "mount", {"seconds": mount.seconds, **memory})

        def archive(root: Path, mount: Mount | None) -> None:
            self._over(turn, "tar", mount, clients.archive(root))

        self._mounted(turn, "find", search)
        self.copy(turn)
        if pack:
            self._mounted(turn, "tar", archive)

    def copy(self, turn: Turn) -> None:
        """Copy everything out of a fresh mount, or of the source itself, by `cp -a`."""
        entries, target = count(turn.source), turn.tool.work / "copy"

        def copy(root: Path, mount: Mount | None) -> None:
            self._over(turn, "cp", mount, clients.copy(root, target), lambda: missing(count(target), entries))
            remove(target)

        self._mounted(turn, "cp", copy)

    def read(self, turn: Turn) -> None:
        """Random and sequential reads of large files."""

        def at_random(root: Path, mount: Mount | None) -> None:
            before = mount.usage() if mount else Usage()
            mean, late = random_reads(root / BIG_FILES[0], RANDOM_READS, RANDOM_SECONDS, turn.repetition)
            after = mount.usage() if mount else Usage()
            cpu = after.cpu_seconds - before.cpu_seconds
            figures = {"seconds": mean, "late": late, "cpu_seconds": cpu, "memory": after.memory}
            self._record.keep(turn, "random", figures)

        def in_sequence(root: Path, mount: Mount | None) -> None:
            for name in BIG_FILES:
                self._over(turn, f"read {name}", mount, clients.read(root / name), bytes=(root / name).stat().st_size)

        self._mounted(turn, "random", at_random)
        self._mounted(turn, "read", in_sequence)

    def listing(self, turn: Turn, name: str, listed: str, entries: int) -> None:
        """A mount up to the first listing of `listed` below the mount point, which must show `entries` names."""

        def note(_: Path, mount: Mount | None) -> None:
            assert mount is not None
            usage = mount.usage()
            usage.error = missing(mount.listed, entries) if listed else ""
            self._record.add(turn, name, usage)

        self._mounted(turn, name, note, listed)

    def command(self, turn: Turn, name: str, command: Command) -> bool:
        """Any one command; False when it failed."""
        return self._record.add(turn, name, measure([command], turn.tool.environment()))

    def _mounted(self, turn: Turn, name: str, look: Look, listed: str = "") -> None:
        """Look at a fresh mount, or at the source itself; a mount that fails is a failure of the measure."""
        if isinstance(turn.tool, clients.Source):
            look(turn.source, None)
        if not turn.tool.mounts or not self._record.affordable(turn, name):
            return
        try:
            with Mount(turn.tool, turn.source, listed) as mount, mount.deadline(2 * self._limit):
                look(mount.root, mount)
        except (MountFailed, OSError) as error:
            self._record.keep(turn, name, {}, str(error))

    def _over(
        self,
        turn: Turn,
        name: str,
        mount: Mount | None,
        command: Command,
        check: Callable[[], str] = str,
        **figures: float,
    ) -> None:
        """A client's command: its time, the CPU of client and mount together, the memory of the mount."""
        before = mount.usage() if mount else Usage()
        usage = measure([command], turn.tool.environment(), self._limit)
        if mount is not None:
            after = mount.usage()
            usage.cpu_seconds += after.cpu_seconds - before.cpu_seconds
            usage.memory = after.memory
        usage.error = usage.error or check()
        self._record.add(turn, name, usage, **figures)


def remove(folder: Path) -> None:
    """Delete a tree."""
    subprocess.run(["rm", "-rf", str(folder)], check=False)


def count(folder: Path) -> int:
    """Entries of a tree, its top included; 0 when there is none."""
    if not folder.exists():
        return 0
    return 1 + sum(len(folders) + len(files) for _, folders, files in os.walk(os.fsencode(folder)))


def missing(seen: int, expected: int) -> str:
    """What is wrong when a tool shows fewer or more entries than there are."""
    return "" if seen == expected else f"{seen} entries instead of {expected}"
