"""Editing a profile's file: one editor at a time, written whole or not at all, its mode and the link to it kept."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from yester.engine.errors import BusyError, UsageError, YesterError
from yester.engine.profiles.changing import Change, changed
from yester.engine.profiles.reading import parse_profile, profile_path, profile_text
from yester.engine.profiles.writing import unwritable, write_whole


@contextmanager
def editing(folder: Path, name: str) -> Iterator["ProfileFile"]:
    """Hold a profile's file for changing; UsageError when there is none, BusyError while another edit holds it.

    What is locked is the file itself, so that nothing is left behind; and since a file that was changed is a new one,
    it is looked at again once it is locked.
    """
    profile_text(folder, name)  # says so when there is none
    path = Path(os.path.realpath(profile_path(folder, name)))
    while True:
        descriptor = _opened(path)
        try:
            _lock(descriptor, name)
            if _is_still(descriptor, path):
                yield ProfileFile(folder, name, path, profile_text(folder, name))
                return
        finally:
            os.close(descriptor)


def change_profile(folder: Path, name: str, changes: Sequence[Change]) -> None:
    """Make changes in a profile's file, which is a profile afterwards; UsageError, BusyError, YesterError."""
    with editing(folder, name) as file:
        text = changed(file.text, changes)
        parse_profile(name, text, "with these changes")
        if text != file.text:
            file.replace(text)


class ProfileFile:
    """A profile's file that nobody else edits through yester meanwhile."""

    def __init__(self, folder: Path, name: str, path: Path, text: str) -> None:
        self._folder = folder
        self.name = name
        self.path = path
        """Where the file itself is, beyond any link."""
        self.text = text
        """What it said when it was locked."""

    def replace(self, text: str) -> None:
        """Write a new text; UsageError when that cannot be, YesterError when another program changed the file."""
        if profile_text(self._folder, self.name) != self.text:
            raise YesterError(
                f"The profile {self.name} was changed by another program meanwhile",
                hint="Nothing was written; look at it, and change it again.",
            )
        try:
            write_whole(self.path, text, os.replace, os.stat(self.path).st_mode & 0o7777)
        except OSError as problem:
            raise unwritable(self.path, problem) from None


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as problem:
        raise UsageError(f"The profile {path} cannot be read: {problem.strerror}", hint="Check its rights.") from None


def _lock(descriptor: int, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(f"Profile {name} is being edited elsewhere", hint="Finish that first.") from None
    except OSError as problem:
        raise UsageError(f"Profile {name} cannot be locked: {problem.strerror}", hint="Edit the file itself.") from None


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether the locked file is the one that has the name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
