"""One class a tool: the commands by which it takes, restores and mounts a snapshot.

A source is always given as `source` = parent/name; the peers run in the parent and store the name, yester stores the
whole path. Every tool works in a folder of its own, with its own home: nothing of the user's is read or written.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.benchmarks.processes import Command, shell

PASSPHRASE = "benchmark-passphrase"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Tool:
    """A column of the results. Sub-classes name commands; measures.py runs them."""

    name: ClassVar[str]
    about: ClassVar[str]
    limit: ClassVar[bool] = False
    """Not a rival: what the plainest program needs."""
    snapshots: ClassVar[bool] = True
    versions: ClassVar[bool] = True
    """A second snapshot is not the same work again."""
    mounts: ClassVar[bool] = True
    program: ClassVar[str]

    def __init__(self, work: Path, peers: Path) -> None:
        self.work = work
        self.repository = work / "repository"
        self.address = str(self.repository)
        """How the program reaches it."""
        self.more: Mapping[str, str] = {}
        """Further environment variables."""
        self.path = f"{peers / 'bin'}:{SYSTEM_PATH}"
        self.count = 0

    @property
    def installed(self) -> bool:
        """The program can be found."""
        return shutil.which(self.program, path=self.path) is not None

    def version(self) -> str:
        """The first line of what the program says about itself."""
        argv = self.start_command().argv
        done = subprocess.run(argv, env=self.environment(), capture_output=True, text=True, check=False)
        return (done.stdout.strip().splitlines() or ["?"])[0].split(" compiled")[0]

    def reset(self) -> None:
        """Begin with nothing: no repository, no cache."""
        self.discard()
        self.address, self.more = str(self.repository), {}
        for folder in ("home/.cache", "home/.config", "tmp", "run"):
            (self.work / folder).mkdir(parents=True)
        self.count = 0

    def discard(self) -> None:
        """Remove all that this tool has written."""
        subprocess.run(["rm", "-rf", str(self.work)], check=False)

    def environment(self) -> dict[str, str]:
        """What the tool's commands see: a home of their own."""
        home = self.work / "home"
        return {
            "PATH": self.path,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_RUNTIME_DIR": str(self.work / "run"),
            "TMPDIR": str(self.work / "tmp"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            **self.settings(),
            **self.more,
        }

    def settings(self) -> Mapping[str, str]:
        """Environment variables of this tool alone."""
        return {}

    def repository_size(self) -> int:
        """Bytes that the repository takes on disk."""
        parts = [self.repository, *self.repository.rglob("*")]
        return sum(part.lstat().st_blocks * 512 for part in parts)

    def start_command(self) -> Command:
        """The least this program does: print its version."""
        return Command((self.program, "--version"))

    def open_command(self) -> Command | None:
        """Open the repository and list what is there."""
        return None

    def create(self, source: Path) -> list[Command]:
        """Make an empty repository at `self.repository`."""
        return []

    def snapshot(self, source: Path) -> Command:
        """Take the next snapshot of `source`."""
        raise NotImplementedError

    def restore(self, source: Path, target: Path) -> Command:
        """Bring the newest snapshot back as `target`/name."""
        raise NotImplementedError

    def mount(self, source: Path, point: Path) -> tuple[Command, Path]:
        """A command that serves `point` in the foreground, and where in there the newest copy of `source` is."""
        raise NotImplementedError


class Yester(Tool):
    """The project's own column."""

    name = "yester"
    about = "as it comes: FastCDC, zstd 3, AES-256-GCM"
    interpreter: ClassVar[tuple[str, ...]] = (sys.executable, "-P")
    command: ClassVar[tuple[str, ...]] = (*interpreter, "-m", "yester")

    @property
    def installed(self) -> bool:
        done = subprocess.run([*self.command, "--version"], env=self.environment(), capture_output=True, check=False)
        return done.returncode == 0

    def settings(self) -> Mapping[str, str]:
        kept = {key: os.environ[key] for key in ("PYTHONPATH",) if key in os.environ}
        return {"YESTER_PASSPHRASE": PASSPHRASE, "YESTER_REPOSITORY": self.address, **kept}

    def command_of(self, *words: object) -> Command:
        """The program with these arguments."""
        return Command((*self.command, *map(str, words)))

    def start_command(self) -> Command:
        return self.command_of("--version")

    def open_command(self) -> Command:
        return self.command_of("list")

    def create(self, source: Path) -> list[Command]:
        add = self.command_of("profile", "add", "bench", source, "--repo", self.repository)
        return [self.command_of("init", self.repository), add]

    def snapshot(self, source: Path) -> Command:
        return self.command_of("snap", "bench")

    def restore(self, source: Path, target: Path) -> Command:
        return self.command_of("restore", "latest", source, "--target", target, "--repo", self.address)

    def mount(self, source: Path, point: Path) -> tuple[Command, Path]:
        command = self.command_of("mount", point, "--repo", self.address, "--foreground")
        return command, Path(f"{point}/latest{source}")


class Restic(Tool):
    """restic at its defaults."""

    name = program = "restic"
    about = "as it comes: zstd, AES-256-CTR with Poly1305"
    words: tuple[str, ...] = ()
    """Further arguments."""

    def reset(self) -> None:
        super().reset()
        self.words = ()

    def settings(self) -> Mapping[str, str]:
        return {"RESTIC_REPOSITORY": self.address, "RESTIC_PASSWORD": PASSPHRASE}

    def start_command(self) -> Command:
        return Command(("restic", "version"))

    def open_command(self) -> Command:
        return Command(("restic", "snapshots", "-q"))

    def create(self, source: Path) -> list[Command]:
        return [Command(("restic", "init", "-q"))]

    def snapshot(self, source: Path) -> Command:
        return Command(("restic", "backup", "-q", source.name), source.parent)

    def restore(self, source: Path, target: Path) -> Command:
        return Command(("restic", *self.words, "restore", "-q", "--sparse", "latest", "--target", str(target)))

    def mount(self, source: Path, point: Path) -> tuple[Command, Path]:
        return Command(("restic", *self.words, "mount", "-q", str(point))), point / "snapshots/latest" / source.name


class Borg(Tool):
    """borg 1 with its recommended encryption."""

    name = program = "borg"
    about = "as it comes: lz4, AES-256-CTR with BLAKE2b"

    def settings(self) -> Mapping[str, str]:
        return {
            "BORG_REPO": str(self.repository),
            "BORG_PASSPHRASE": PASSPHRASE,
            "BORG_BASE_DIR": str(self.work / "home"),
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "BORG_FUSE_IMPL": "pyfuse3",
        }

    def open_command(self) -> Command:
        return Command(("borg", "list"))

    def create(self, source: Path) -> list[Command]:
        return [Command(("borg", "init", "-e", "repokey-blake2"))]

    def snapshot(self, source: Path) -> Command:
        self.count += 1
        return Command(("borg", "create", f"::s{self.count}", source.name), source.parent)

    def restore(self, source: Path, target: Path) -> Command:
        return Command(("borg", "extract", "--sparse", f"::s{self.count}"), target)

    def mount(self, source: Path, point: Path) -> tuple[Command, Path]:
        return Command(("borg", "mount", "-f", f"::s{self.count}", str(point))), point / source.name


class Tar(Tool):
    """A whole archive each time, compressed as yester compresses: what reading, packing and writing cost.

    With all the metadata that tar can keep: owners as numbers, times to the nanosecond, attributes, ACLs, holes.
    """

    name = "tar-zstd"
    about = "limit: tar through zstd -3 -T2, no deduplication, no encryption"
    limit = True
    versions = mounts = False
    program = "tar"
    keeping: ClassVar[tuple[str, ...]] = (
        "--format=posix",
        "--numeric-owner",
        "--xattrs",
        "--xattrs-include=*",
        "--acls",
    )

    @property
    def installed(self) -> bool:
        return super().installed and shutil.which("zstd", path=self.path) is not None

    def create(self, source: Path) -> list[Command]:
        return [Command(("mkdir", str(self.repository)))]

    def snapshot(self, source: Path) -> Command:
        archive = self.repository / "archive"
        return Command(
            ("tar", "-cS", *self.keeping, "-I", "zstd -3 -T2", "-f", str(archive), source.name), source.parent
        )

    def restore(self, source: Path, target: Path) -> Command:
        return Command(
            ("tar", "-xp", *self.keeping, "-I", "zstd", "-f", str(self.repository / "archive"), "-C", str(target))
        )


class Bindfs(Tool):
    """A mount in C that only passes through to the source: what FUSE itself costs."""

    name = program = "bindfs"
    about = "limit: a mount in C that passes through to the source"
    limit = True
    snapshots = versions = False

    def mount(self, source: Path, point: Path) -> tuple[Command, Path]:
        return Command(("bindfs", "-f", "-r", str(source.parent), str(point))), point / source.name


class Source(Tool):
    """The source itself: what find, cp, tar and reads cost with no mount at all."""

    name = "source"
    about = "limit: the source on the local disk, no mount"
    limit = True
    snapshots = versions = mounts = False
    program = "find"


class Bare(Tool):
    """What moves the same bytes over the same line with no backup program."""

    name = "bare"
    about = "limit: ssh … tar | tar, sftp, obstore: the same bytes over the same line with no backup program"
    limit = True
    snapshots = versions = mounts = False
    program = "sftp"

    def version(self) -> str:
        done = subprocess.run(["ssh", "-V"], env=self.environment(), capture_output=True, text=True, check=False)
        return done.stderr.strip()


TOOLS: tuple[type[Tool], ...] = (Yester, Restic, Borg, Tar, Bindfs, Source, Bare)


def find(source: Path, into: Path) -> Command:
    """List everything with the metadata that a listing shows; `into` gets a line an entry."""
    return shell(f"find '{source}' -printf '%s %T@ %m %p\\n' > '{into}'")


def copy(source: Path, target: Path) -> Command:
    """Copy a tree as a user would."""
    return Command(("cp", "-a", str(source), str(target)))


def archive(source: Path) -> Command:
    """Pack a tree into a pipe."""
    return shell(f"tar -cf - -C '{source}' . | cat > /dev/null")


def read(path: Path) -> Command:
    """Read one file from start to end."""
    return Command(("dd", f"if={path}", "of=/dev/null", "bs=1M"))
