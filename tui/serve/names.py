"""All names of a folder that fit, those of deleted entries among them: got once for many pages."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from yester.engine.entries import Entry
from yester.engine.selection import Listed

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Catalogue, Child


class Gone(NamedTuple):
    """What a deleted entry was."""

    entry: Entry
    size: int
    """Its size; of a folder, that of what was in it."""
    last: Listed
    """The newest snapshot that has it."""


class Names(NamedTuple):
    """Names in order, and what was deleted of them."""

    all: Sequence[bytes]
    gone: Mapping[bytes, Gone]


class KeptNames:
    """The names that were asked for last. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: object = None
        self._names = Names((), {})

    def of(self, key: object, get: Callable[[], Names]) -> Names:
        """Return the names of what a key stands for, got anew unless they were asked for last."""
        with self._lock:
            if key == self._key:
                return self._names
        names = get()
        with self._lock:
            self._key, self._names = key, names
        return names


def deleted(
    catalogue: "Catalogue", folder: bytes, there: Sequence[bytes], profile: str, until_ns: int | None
) -> dict[bytes, Gone]:
    """Return what snapshots of a profile, until some time, had in a folder besides what is there; empty: of any."""

    def wanted(listed: Listed) -> bool:
        snapshot = listed[1]
        return profile in ("", snapshot.profile) and (until_ns is None or snapshot.time_ns <= until_ns)

    found = catalogue.children(folder, wanted, besides=frozenset(there))
    return {child.name: _gone(child, catalogue) for child in found}


def _gone(child: "Child", catalogue: "Catalogue") -> Gone:
    state = child.state
    entry = Entry(
        name=child.name,
        mode=state.st_mode,
        owner=catalogue.owner(state.owner),
        size=0 if state.is_directory else state.size,
        mtime_ns=state.mtime_ns,
        ctime_ns=state.mtime_ns,
        marks=state.marks,
        target=state.content if state.st_mode & 0o170000 == 0o120000 else b"",
    )
    return Gone(entry, state.size, child.last)


def fitting(names: Sequence[bytes], part: str) -> Sequence[bytes]:
    """Return the names that hold a text, small and capital letters alike."""
    wanted = part.casefold()
    return [name for name in names if wanted in name.decode("utf-8", "replace").casefold()] if wanted else names
