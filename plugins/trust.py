"""Whether somebody else could have written a plugin: then it is refused, since it would run with all our rights."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from yester.engine.errors import UsageError

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def check_trust(place: Path) -> None:
    """UsageError when the file, anything below the folder, or any folder above can be written by others.

    Nor may any of it belong to someone but us and root. A folder such as /tmp, in which nobody may touch what
    belongs to others, is fine. Links are looked at on both sides, those below the folder too.
    """
    seen, waiting = set[str](), [place]
    while waiting:
        path = waiting.pop()
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            below = [*_below(path)]
            for each in dict.fromkeys([*_way_to(path), *_way_to(Path(real)), *below]):
                _check(each)
            waiting += (each for each in below if each.is_symlink() and each.exists())
    if not place.is_file() and not place.is_dir():
        raise UsageError(f"{place} is neither a file nor a folder")


def _way_to(place: Path) -> Iterator[Path]:
    path = Path(os.path.abspath(place))
    yield from reversed([path, *path.parents])


def _below(place: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(place):
        yield from (Path(folder, name) for name in sorted(folders + files))


def _check(path: Path) -> None:
    try:
        status = os.lstat(path)
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from None
    if status.st_uid not in (0, os.geteuid()):
        raise UsageError(
            f"{path} belongs to another user (uid {status.st_uid})", hint="A plugin must belong to you or to root."
        )
    is_sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_mode & _OTHERS and not stat.S_ISLNK(status.st_mode) and not is_sticky:
        raise UsageError(f"{path} can be written by others", hint=f"To forbid it: chmod go-w {path}")
