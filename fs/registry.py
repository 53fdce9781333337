"""What is known of the running mounts beyond the kernel's table: two small files each in the runtime folder.

`KEY.json` says what was mounted, `KEY.tally` what its server has done and that it lives (fs/tally.py); KEY is made of
the mount point's path. When a folder above is renamed the path is another one, and the kernel's number for the device
tells which it is; one that is mounted at the old path then moves the two files of the other aside.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from yester.engine.errors import YesterError
from yester.engine.events import clean
from yester.fs.mounts import ActiveMount
from yester.fs.tally import Tally, TallyFile, read_tally


class MountRecord(msgspec.Struct, frozen=True):
    """One mount: where, of what, by which process, since when, and where its log is."""

    mountpoint: str
    repository: str
    pid: int
    since_ns: int
    log: str
    shows: str = "all"
    """What of the repository: `all`, `profile P`, `snapshot ID (…):PATH`."""
    device: str = ""
    """By which number the kernel knows it, once it is mounted."""


class Remembered(NamedTuple):
    """What is known of a mount that the kernel tells of."""

    key: str
    record: MountRecord | None
    tally: Tally
    lives: bool
    """Whether its server does."""


class MountRegistry:
    """The records of this user's mounts. A record may outlive its mount; the kernel's table decides what is mounted."""

    def __init__(self, runtime: Path) -> None:
        self._folder = runtime / "mounts"

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn to mount: who looks whether a mount point is free must be alone until it mounts there.

        YesterError when the runtime folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def add(self, record: MountRecord) -> None:
        """Remember a mount, in one's turn. YesterError when the runtime folder cannot be written."""
        path = self._path(Path(record.mountpoint))
        try:
            self._move_aside(path, record.pid)
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(_encoded(record))
            fresh.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error

    def find(self, mountpoint: Path) -> MountRecord | None:
        """The record of that mount point; None when there is none that can be read."""
        return _read(self._path(mountpoint))

    def remembered(self, mount: ActiveMount) -> Remembered:
        """What is known of a mount: by its path, or by its device where a folder above has another name by now."""
        at_path = self._remembered(_key(Path(os.fsdecode(mount.path))))
        if at_path.record is not None and at_path.record.device in ("", mount.device):
            return at_path
        others = [self._remembered(path.stem) for path in self._folder.glob("*.json")]
        same = [each for each in others if each.record is not None and each.record.device == mount.device]
        # Numbers are given again: one whose server lives is meant, else the newest.
        return max(same, key=_weight, default=Remembered(at_path.key, None, Tally(), False))

    def hold(self, mountpoint: Path) -> TallyFile:
        """Begin to count for a mount that was added; for as long as this process lives it counts as live."""
        path = self._tally_path(mountpoint)
        try:
            return TallyFile(path)
        except OSError as error:
            raise _unwritable(path, error) from error

    def remove(self, mountpoint: Path, pid: int | None = None) -> None:
        """Forget a mount, if it is there; with `pid` only if it is that process's, and not a later one's."""
        for path in list(self._folder.glob(f"{_key(mountpoint)}*.json")):
            record = _read(path)
            if (path.stem == _key(mountpoint)) if pid is None else (record is not None and record.pid == pid):
                self.forget(path.stem)

    def forget(self, key: str) -> None:
        """Forget what was remembered under a key."""
        for suffix in (".json", ".tally"):
            (self._folder / f"{key}{suffix}").unlink(missing_ok=True)

    def sweep(self, mounted: Iterable[ActiveMount]) -> None:
        """Forget all mounts but these, and those that have a live server, which may be mounted out of sight."""
        keys = {self.remembered(mount).key for mount in mounted}
        for path in list(self._folder.glob("*.json")):
            if path.stem not in keys and not read_tally(path.with_suffix(".tally"))[1]:
                self.forget(path.stem)

    def _remembered(self, key: str) -> Remembered:
        path = self._folder / f"{key}.json"
        return Remembered(key, _read(path), *read_tally(path.with_suffix(".tally")))

    def _move_aside(self, path: Path, pid: int) -> None:
        """Keep what is remembered of a mount that was made at this path and lives on under another."""
        other = _read(path)
        if other is not None and other.pid != pid and read_tally(path.with_suffix(".tally"))[1]:
            for suffix in (".json", ".tally"):
                path.with_suffix(suffix).rename(path.with_name(f"{path.stem}-{other.pid}{suffix}"))

    def _path(self, mountpoint: Path) -> Path:
        return self._folder / f"{_key(mountpoint)}.json"

    def _tally_path(self, mountpoint: Path) -> Path:
        return self._folder / f"{_key(mountpoint)}.tally"


def log_path(state: Path, mountpoint: Path) -> Path:
    """Where the server of that mount point logs when it is in the background."""
    return state / "mounts" / f"{_key(mountpoint)}.log"


def _read(path: Path) -> MountRecord | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=MountRecord)
    except (OSError, msgspec.DecodeError):
        return None


def _weight(each: Remembered) -> tuple[bool, int]:
    return each.lives, each.record.since_ns if each.record is not None else 0


def _encoded(record: MountRecord) -> bytes:
    """Return the record as JSON; its file is found by the path itself, which need not be UTF-8."""
    place, repository = clean(record.mountpoint), clean(record.repository)
    fields = {"mountpoint": place, "repository": repository, "log": clean(record.log), "shows": clean(record.shows)}
    return msgspec.json.encode(replace(record, **fields))


def _unwritable(path: Path, error: OSError) -> YesterError:
    return YesterError(f"Cannot write {path}: {error.strerror}", hint="Set XDG_RUNTIME_DIR.")


def _key(mountpoint: Path) -> str:
    return sha256(os.fsencode(mountpoint)).hexdigest()[:16]
