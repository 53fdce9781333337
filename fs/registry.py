"""What is known of the running mounts beyond the kernel's table: a small file each in the runtime folder."""

import os
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec.structs import replace

from yester.engine.errors import YesterError
from yester.engine.events import clean


class MountRecord(msgspec.Struct, frozen=True):
    """One mount: where, of what, by which process, since when, and where its log is."""

    mountpoint: str
    repository: str
    pid: int
    since_ns: int
    log: str


class MountRegistry:
    """The records of this user's mounts. A record may outlive its mount; the kernel's table decides what is mounted."""

    def __init__(self, runtime: Path) -> None:
        self._folder = runtime / "mounts"

    def add(self, record: MountRecord) -> None:
        """Remember a mount. YesterError when the runtime folder cannot be written."""
        path = self._path(Path(record.mountpoint))
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(_encoded(record))
            fresh.replace(path)
        except OSError as error:
            raise YesterError(f"Cannot write {path}: {error.strerror}", hint="Set XDG_RUNTIME_DIR.") from error

    def find(self, mountpoint: Path) -> MountRecord | None:
        """The record of that mount point; None when there is none that can be read."""
        try:
            return msgspec.json.decode(self._path(mountpoint).read_bytes(), type=MountRecord)
        except (OSError, msgspec.DecodeError):
            return None

    def remove(self, mountpoint: Path) -> None:
        """Forget a mount, if it is there."""
        self._path(mountpoint).unlink(missing_ok=True)

    def _path(self, mountpoint: Path) -> Path:
        return self._folder / f"{_key(mountpoint)}.json"


def log_path(state: Path, mountpoint: Path) -> Path:
    """Where the server of that mount point logs when it is in the background."""
    return state / "mounts" / f"{_key(mountpoint)}.log"


def _encoded(record: MountRecord) -> bytes:
    """Return the record as JSON; its file is found by the path itself, which need not be UTF-8."""
    place, repository = clean(record.mountpoint), clean(record.repository)
    return msgspec.json.encode(replace(record, mountpoint=place, repository=repository, log=clean(record.log)))


def _key(mountpoint: Path) -> str:
    return sha256(os.fsencode(mountpoint)).hexdigest()[:16]
