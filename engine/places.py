"""Places: where yester keeps what is this person's on this machine."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import YesterError


@dataclass(frozen=True, slots=True)
class Places:
    """Folders that need not be there yet; who writes into one makes it first (`ensured`)."""

    config: Path
    """Profiles and settings, written by the person."""
    data: Path
    """The default repository, plugins."""
    state: Path
    """What cannot be rebuilt but is no one's work: journals, the witness, writer ids."""
    cache: Path
    """What can be rebuilt."""
    runtime: Path
    """Sockets and locks; gone after the session."""

    @classmethod
    def default(cls) -> "Places":
        """Return this user's folders, for root as for anyone: XDG variables, or what the platform does without them."""
        # 18 ms to import, and `--help` needs no folder.
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("yester", appauthor=False)
        return cls(
            config=dirs.user_config_path,
            data=dirs.user_data_path,
            state=dirs.user_state_path,
            cache=dirs.user_cache_path,
            runtime=_runtime(dirs.user_state_path),
        )

    @classmethod
    def under(cls, root: Path) -> "Places":
        """Return places that all lie in one folder: for tests and demonstrations."""
        return cls(*(root / name for name in ("config", "data", "state", "cache", "runtime")))


def _runtime(state: Path) -> Path:
    """Return the session's folder; in the state folder where there is no session, as in cron and in containers.

    Nor is it ours when it belongs to another, as with `sudo -E`: what root made there would lock its owner out.
    """
    session = os.environ.get("XDG_RUNTIME_DIR")
    try:
        if session and os.stat(session).st_uid == os.geteuid():
            return Path(session, "yester")
    except OSError:
        pass
    return state / "runtime"


def ensured(folder: Path) -> Path:
    """Make the folder, private to its owner, unless it is there; YesterError when that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    return folder


def remember(path: Path, content: bytes, *, first: bool = False) -> None:
    """Keep `content` in a file of these places: whole or not at all, whatever happens; YesterError when it cannot.

    With `first` a file that is there already stays as it is.
    """
    ensured(path.parent)
    fresh = path.with_name(f".{path.name}-{os.urandom(8).hex()}")
    try:
        try:
            _write(fresh, content)
            if first:
                os.link(fresh, path)
            else:
                os.replace(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None


def begun(path: Path) -> None:
    """Make an empty file, private to its owner, unless there is one: that one is not even opened. OSError.

    To close a file is to lose every POSIX lock that the process has on it, by whatever descriptor, and SQLite has such.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _write(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def unwritable(path: Path, error: OSError) -> YesterError:
    """Return the error to raise when `path`, in one of these folders, cannot be written."""
    return YesterError(
        f"{path} cannot be written: {error.strerror}",
        hint="yester keeps its state there; XDG_STATE_HOME and XDG_CACHE_HOME move it elsewhere.",
    )
