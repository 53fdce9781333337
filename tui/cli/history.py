"""What commands that look into the past share: the catalogue brought up to date, and how its answers are written."""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import to_builtins

from yester.engine.entries import Mark
from yester.engine.events import shown
from yester.engine.places import Places
from yester.tui.cli.failures import complain
from yester.tui.cli.opening import Access
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import count, moment, one_line, printable, size

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from yester.engine.catalogue.catalogue import Catalogue, Wanted
    from yester.engine.catalogue.states import State
    from yester.engine.comparing.differences import Difference
    from yester.engine.profiles.profile import Profile
    from yester.engine.progress import Counters
    from yester.engine.repository import Repository
    from yester.engine.selection import Listed
    from yester.tui.cli.differences import Damage

_PATIENCE_S = 1.0
"""How long work may take before the person is told what is done."""
_INTERVAL_S = 0.2
_TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


class _Report:
    """Tells on standard error, where it is a terminal, how far the catalogue has come."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next_s = time.monotonic() + _PATIENCE_S
        self._names = 0
        self._drawn = False

    def tick(self, done: int, total: int, names: int) -> None:
        """Hear of progress (engine/catalogue/updating.py)."""
        self._names += names
        self._draw(f"reading history: snapshot {done + 1:,} of {total:,}, {count(self._names, 'name')} compared")

    def waiting(self) -> None:
        """Hear that another process is at it."""
        self._draw("another process is reading history for the catalogue; waiting for it")

    def counted(self, number: int) -> None:
        """Hear that so many more things were counted."""
        self._names += number
        self._draw(f"adding up: {self._names:,}")

    def comparing(self, counters: "Counters") -> None:
        """Hear how far a comparison has come."""
        total = f" of {counters.total_size and size(counters.total_size)}" if counters.total_size else ""
        self._draw(f"comparing: {count(counters.files, 'file')}, {size(counters.size)}{total} read")

    def _draw(self, words: str) -> None:
        now = time.monotonic()
        if self._is_shown and now >= self._next_s:
            self._next_s = now + _INTERVAL_S
            self._drawn = True
            sys.stderr.write(f"\r\x1b[K{words}")
            sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def opened_catalogue(repository: "Repository") -> "Iterator[Catalogue]":
    """Open the catalogue and bring it up to date; what a person should know of it is said on standard error."""
    from yester.engine.catalogue.catalogue import Catalogue

    report = _Report()
    with Catalogue.open(repository) as catalogue:
        repository.unlock()
        try:
            catalogue.update(report.tick, waiting=report.waiting)
        finally:
            report.close()
        if catalogue.note:
            complain(catalogue.note)
        for listed, folders in catalogue.damage():
            complain(
                f"{count(folders, 'folder')} of snapshot {short(listed)} could not be read: what they hold is unknown; "
                "run yester check"
            )
        yield catalogue


def visited_for(
    action: str, access: Access, places: Places, profile: str | None = None, path: bytes | None = None
) -> "AbstractContextManager[Repository]":
    """Open the repository that is asked for, else that of the profile named, else of the one that takes `path`."""
    meant = _profile_meant(places, profile, path) if access.repository is None else None
    return visited(action, access, places, meant)


def _profile_meant(places: Places, name: str | None, path: bytes | None) -> "Profile | None":
    from yester.engine.errors import UsageError
    from yester.engine.profiles.reading import load_profile, profile_names

    folder = places.config / "profiles"
    names = profile_names(folder)
    if name is not None:
        return load_profile(folder, name) if name in names else None
    if path is None:
        return None
    for each in names:
        try:
            profile = load_profile(folder, each)
        except UsageError:
            # A profile that cannot be read is not the one asked for; its own commands complain of it.
            continue
        if any(path == source or path.startswith(source.rstrip(b"/") + b"/") for source in profile.sources):
            return profile
    return None


def wanted(profile: str | None, host: str | None) -> "Wanted":
    """Return what tells whether a snapshot is of this profile and machine; None stands for any."""

    def is_wanted(listed: "Listed") -> bool:
        snapshot = listed[1]
        named = (None, snapshot.profile, f"{snapshot.profile}@{snapshot.host}")
        return profile in named and host in (None, snapshot.host)

    return is_wanted


def absolute(path: str) -> bytes:
    """Return a path as snapshots have it: absolute, without dots; links on the way stay as they are."""
    return os.fsencode(os.path.abspath(path))


def short(listed: "Listed") -> str:
    """Return the beginning of a snapshot's id, as commands take it."""
    return listed[0].hex()[:8]


def series_name(listed: "Listed") -> str:
    """Return the profile and host of a snapshot, for a screen."""
    return one_line(f"{listed[1].profile}@{listed[1].host}")


def kind(state: "State") -> str:
    """Return what an entry is, in a word."""
    return _TYPES.get(stat.S_IFMT(state.st_mode), "special")


def size_of(state: "State") -> str:
    """Return how large an entry is, in words; what has no size has none."""
    return size(state.size) if state.is_directory or stat.S_ISREG(state.st_mode) else ""


def marks_of(state: "State") -> list[str]:
    """Return what was unusual when it was taken."""
    words = {Mark.UNREADABLE: "could not be read", Mark.CHANGED: "changed while it was read"}
    return [text for mark, text in words.items() if mark in state.marks]


def snapshot_of(listed: "Listed") -> dict[str, object]:
    """Return what names a snapshot, for JSON."""
    sid, snapshot = listed
    return {"snapshot": sid.hex(), "time_ns": snapshot.time_ns, "profile": snapshot.profile, "host": snapshot.host}


def state_of(state: "State") -> dict[str, object]:
    """Return what an entry was, for JSON."""
    return {
        "type": kind(state),
        "mode": state.st_mode,
        "size": state.size,
        "mtime_ns": state.mtime_ns,
        "marks": marks_of(state),
    }


def taken(listed: "Listed") -> str:
    """Return when a snapshot was taken, in words."""
    return moment(listed[1].time_ns)


@contextmanager
def current_catalogue(repository: "Repository") -> "Iterator[Catalogue | None]":
    """Open the catalogue if it knows all snapshots already, else None: to make it takes longer than to do without."""
    from yester.engine.catalogue.catalogue import Catalogue

    repository.unlock()
    with Catalogue.open(repository) as catalogue:
        yield catalogue if catalogue.is_current() else None


def live_differences(
    repository: "Repository",
    listed: "Listed",
    path: bytes,
    damage: "Damage",
    *,
    reads_all: bool = False,
    failed: list[dict[str, object]] | None = None,
) -> "Iterator[Difference]":
    """Yield what differs between a snapshot and the files, with progress; what cannot be read is said and put down."""
    from yester.engine.comparing.comparing import compare_with_files
    from yester.engine.comparing.live import Unreadable
    from yester.engine.progress import Counters

    repository.unlock()
    counters = Counters()
    report = _Report()

    def tick() -> None:
        report.comparing(counters)

    try:
        for each in compare_with_files(
            repository, listed, path, reads_all=reads_all, counters=counters, tick=tick, damaged=damage
        ):
            if isinstance(each, Unreadable):
                complain(f"{printable(each.path)} cannot be compared: {each.what}")
                if failed is not None:
                    failed.append({**to_builtins(shown(each.path)), "what": each.what})
            else:
                yield each
    finally:
        report.close()


@contextmanager
def counting() -> "Iterator[Callable[[int], None]]":
    """Show how many entries were counted so far, when it takes long."""
    report = _Report()

    def tick(number: int) -> None:
        report.counted(number)

    try:
        yield tick
    finally:
        report.close()
