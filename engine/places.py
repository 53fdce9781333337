"""Places: where yester keeps what is this person's on this machine."""

from dataclasses import dataclass
from pathlib import Path


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
            runtime=dirs.user_runtime_path,
        )

    @classmethod
    def under(cls, root: Path) -> "Places":
        """Return places that all lie in one folder: for tests and demonstrations."""
        return cls(*(root / name for name in ("config", "data", "state", "cache", "runtime")))


def ensured(folder: Path) -> Path:
    """Make the folder, private to its owner, unless it is there; OSError when that cannot be."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
