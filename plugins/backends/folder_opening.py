"""Whether there is a repository in a folder, or may be one; what is there instead, in a sentence."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from yester.engine.errors import MissingRepository, RepositoryError
from yester.plugins.backends.folder_errors import meaning, wording
from yester.plugins.backends.folder_layout import OTHER, TEMPORARY, TOP, is_passing

_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY

_HARMLESS = frozenset(
    {
        *("lost+found", ".Trash-1000", ".directory"),
        *("System Volume Information", "$RECYCLE.BIN", "desktop.ini", "Thumbs.db"),
        *(".DS_Store", ".Trashes", ".Spotlight-V100", ".fseventsd", ".TemporaryItems"),
        "LOST.DIR",
    }
)
"""What file systems, desktops and cameras put into an empty folder, or an empty drive, by themselves."""
_OURS = frozenset({TOP, OTHER, "key", "data", "meta", "index", "snap", "label", "tomb", "session", "mark", "holding"})


def make_folder(path: Path) -> list[Path]:
    """Make the folder and those above it, unless it is there; RepositoryError when that cannot be.

    Returns those that were not there, the innermost first.
    """
    lacking = [each for each in (path, *path.parents) if not os.path.lexists(each)]
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        return []  # a file, or a dangling link: opening it says which
    except OSError as error:
        raise refusal(path, error) from None
    return lacking


def open_folder(path: Path) -> int:
    """Return a descriptor of the folder, for the caller to close; RepositoryError when it is none, or barred."""
    try:
        return os.open(path, _FOLDER)
    except OSError as error:
        raise refusal(path, error) from None


def refusal(path: Path, error: OSError) -> RepositoryError:
    """Return why there can be no repository at `path`."""
    if error.errno == errno.ENOENT:
        if path.is_symlink():
            return MissingRepository(f"{path} is a link to {os.readlink(path)}, which is not there")
        return MissingRepository(
            f"There is no repository at {path}: there is no such folder",
            hint=f"Check the path, plug in or mount the disk, or make a repository there: yester init {path}",
        )
    if error.errno == errno.ENOTDIR:
        return RepositoryError(f"{path} is not a folder", hint="A repository is a folder; give its path.")
    return RepositoryError(
        f"The folder {path} cannot be used: {wording(error)}",
        hint=meaning(error).hint,
    )


def inspect(path: Path | str, names: Sequence[str], create: bool) -> None:
    """RepositoryError unless there is, or may be, a repository among these files."""
    if TOP in names:
        return
    others = {name for name in names if not (name in _HARMLESS or name.startswith(TEMPORARY) or is_passing(name))}
    if create:
        # An interrupted init leaves a key slot and no config.
        foreign = sorted(others - {"key"})
        if foreign:
            raise RepositoryError(
                f"The folder {path} is not empty and holds no repository: {foreign[0]} is in it",
                hint="Give a new or an empty folder.",
            )
    elif others.isdisjoint(_OURS):
        state = "holds other files" if others else "is empty"
        raise MissingRepository(
            f"There is no repository at {path}: the folder {state}",
            hint=f"Check the path and that the disk is mounted, or make a repository: yester init {path}",
        )
    # Else it is what is left of a repository: who opens it says what is missing.
