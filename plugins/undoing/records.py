"""Records of what must be undone: files in the state folder that are there before anything is done.

Whoever answers for a record holds a lock on its file, which the kernel lets go when that process ends, also with the
machine. A record that nobody holds is a run's that died: whoever finds it takes the lock and undoes it. The record goes
when the undoing has succeeded and not before, so that it is done again when nobody can know whether it was done.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from yester.engine.errors import YesterError
from yester.engine.host import own_id
from yester.engine.places import ensured, unwritable

_SUFFIX = ".json"
_TRIED = ".tried.json"
_BOOT = "/proc/sys/kernel/random/boot_id"


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """A command that undoes something. Run twice it must do no harm. It holds no secrets: it is written down."""

    id: str
    argv: tuple[str, ...]
    about: str
    """What it does, for messages: `start nginx`."""
    plugin: str
    run: str = ""
    profile: str = ""
    environment: Mapping[str, str] = {}
    """Besides the environment of whoever runs it."""
    timeout_s: float = 300.0
    boot: str = ""
    """Which start of the machine it is from."""
    machine: str = ""
    """Which machine's it is, where that is known (host.own_id, hex): several may have one home folder."""

    process: str = ""
    """The process of the run (process_name): while that is there it is the run's to undo."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is to be undone on another machine than this."""
        return bool(self.machine) and self.machine != own_id().hex()

    @property
    def is_under_way(self) -> bool:
        """Whether its run goes on, though perhaps nobody holds the record any more: its guardian may have died."""
        pid = self.process.partition(" ")[0]
        return pid.isdecimal() and self.boot == boot_id() and process_name(int(pid)) == self.process


@dataclass(slots=True)
class Held:
    """A record whose lock is ours."""

    undo: Undo
    path: Path
    _descriptor: int = field(repr=False)

    @property
    def is_left_by_its_run(self) -> bool:
        """Whether its run has tried to undo it, and left it to others."""
        return self.path.name.endswith(_TRIED)

    def leave(self) -> None:
        """Note that it was tried and is still to be done, by whoever comes: the process of its run may go on."""
        if not self.is_left_by_its_run:
            tried = self.path.with_suffix(_TRIED)
            with suppress(OSError):  # then it is for who comes when that process has ended
                os.rename(self.path, tried)
                self.path = tried

    def remove(self) -> None:
        """It is undone: forget it, for good. YesterError: it cannot be removed, and will be undone again."""
        try:
            self.path.unlink(missing_ok=True)
            _sync(self.path.parent)
        except OSError as problem:
            raise unwritable(self.path, problem) from None
        finally:
            self.release()

    def release(self) -> None:
        """Leave it to others."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def folder_of(state: Path) -> Path:
    """Return the folder of the records."""
    return state / "undoing"


def boot_id() -> str:
    """Return which start of the machine this is; empty where the kernel does not say."""
    with suppress(OSError):
        return Path(_BOOT).read_text().strip()
    return ""


def process_name(pid: int) -> str:
    """Return the number of a process and when it began, which tells it from all others; empty when it ended."""
    try:
        said = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    state, *rest = said.rpartition(b")")[2].split()  # proc_pid_stat(5): the name, in parentheses, may hold anything
    return "" if state in (b"Z", b"X") else f"{pid} {rest[18].decode()}"


def hold(folder: Path, undo: Undo) -> Held:
    """Write a record, safe from a power cut, and hold it. YesterError: it cannot be written, or another run has it."""
    try:
        with _alone(folder):
            _refuse_second(folder, undo)
            return _written(folder, undo)
    except OSError as problem:
        raise unwritable(folder, problem) from None


def records(folder: Path) -> list[Path]:
    """Return the files of all records, oldest last: what was done last is undone first."""
    try:
        names = sorted(os.listdir(folder), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names if name.endswith(_SUFFIX)]


def take(path: Path) -> Held | None:
    """Hold a record that nobody holds; None when somebody does, or it is gone. YesterError: it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise YesterError(f"{path} cannot be read: {problem.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:  # else somebody was quicker
            return Held(_decoded(path, _content(descriptor)), path, descriptor)
    except BlockingIOError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one who looks whether there is such a record, and writes one."""
    descriptor = os.open(ensured(folder) / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_second(folder: Path, undo: Undo) -> None:
    """YesterError where a run that goes on will undo the same: it would do so while this one is at work."""
    for path in records(folder):
        other = _held_by_others(path)
        if other is not None and other.argv == undo.argv and not other.is_elsewhere:
            raise YesterError(f"The run {other.run} is about to {undo.about} when it is done")


def _held_by_others(path: Path) -> Undo | None:
    """Return a record that somebody holds. One that makes no sense is for whoever recovers it."""
    try:
        held = take(path)
        if held is None:
            return _decoded(path, path.read_bytes())
        held.release()
    except (YesterError, FileNotFoundError):
        pass
    return None


def _written(folder: Path, undo: Undo) -> Held:
    path, fresh = folder / f"{undo.id}{_SUFFIX}", folder / f".{undo.id}"
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # before it has a name by which others find it
        with open(descriptor, "wb", closefd=False) as file:
            file.write(msgspec.json.encode(undo))
        os.fsync(descriptor)
        os.rename(fresh, path)
        _sync(folder)
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    return Held(undo, path, descriptor)


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _decoded(path: Path, content: bytes) -> Undo:
    try:
        return msgspec.json.decode(content, type=Undo)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise YesterError(
            f"{path} does not say what is to be undone: {problem}",
            hint="Look whether all services run that a plugin stops, then delete the file.",
        ) from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
