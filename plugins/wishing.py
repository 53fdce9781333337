"""What plugins wish of a run: each wish is checked when it is made, and refused with words when it is too late for it.

Three stages. Until the sources are read a plugin may say what is taken. Until the snapshot is committed it may say that
there shall be none. Until the run has ended, in `on_run_end` too, it may say what the snapshot is called.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from yester.engine.capture.filters import Filter
from yester.engine.capture.wishes import Wishes, both
from yester.engine.errors import UsageError
from yester.engine.labels import LabelChange, checked_name, checked_note, checked_tag
from yester.engine.nearest import did_you_mean
from yester.engine.profiles.profile import FilterSpec
from yester.plugins.worker.problems import AskRefused


class Stage(IntEnum):
    """How far the run is."""

    PLANNING = 0
    TAKING = 1
    TAKEN = 2
    OVER = 3


_TOO_LATE = {
    Stage.PLANNING: "the run has begun to read its sources: this can be wished until on_run_begin has ended",
    Stage.TAKING: "the snapshot is there: this can be wished until it is",
    Stage.TAKEN: "the run has ended",
}
"""The last stage in which a wish counts → what is said after it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One kind of wish."""

    until: Stage
    form: str
    """What its value must be, in words."""
    read: Callable[[Any], Wishes | None]
    """None: the value has not that form. UsageError with better words."""


def _path(value: Any) -> bytes:
    raw = os.fsencode(value) if isinstance(value, str | bytes) else b""
    if not os.path.isabs(raw) or b"\0" in raw:
        raise UsageError("a source is an absolute path")
    # Two leading slashes are kept by normpath, as POSIX has it.
    return b"/" + os.path.normpath(raw).lstrip(b"/")


def _elsewhere(value: Any) -> Wishes | None:
    match value:
        case [str() | bytes() as source, str() | bytes() as place]:
            return Wishes(read_from=((_path(source), _path(place)),))
    return None


def _pattern(value: Any) -> str | None:
    if not isinstance(value, str) or not value or "\n" in value:
        return None
    Filter(FilterSpec(excludes=(value,), defaults=False))
    return value


def _size(value: Any) -> Wishes | None:
    return Wishes(larger_than=value) if type(value) is int and value >= 0 else None


def _name(value: Any) -> Wishes | None:
    good = isinstance(value, str) and "/" not in value and value
    return Wishes(if_present=(value,)) if good else None


def _excluded(value: Any) -> Wishes | None:
    pattern = _pattern(value)
    return Wishes(excludes=(pattern,)) if pattern else None


def _text(make: Callable[[str], Wishes]) -> Callable[[Any], Wishes | None]:
    return lambda value: make(value) if isinstance(value, str) else None


def _pin(value: Any) -> Wishes | None:
    return Wishes(label=LabelChange(pinned=value)) if type(value) is bool else None


WISHES: Mapping[str, Wish] = {
    "add_source": Wish(Stage.PLANNING, "an absolute path", lambda value: Wishes(add_sources=(_path(value),))),
    "remove_source": Wish(Stage.PLANNING, "an absolute path", lambda value: Wishes(remove_sources=(_path(value),))),
    "exclude": Wish(Stage.PLANNING, "a pattern as in .gitignore", _excluded),
    "drop_exclude": Wish(Stage.PLANNING, "a pattern of the profile", _text(lambda text: Wishes(drop_excludes=(text,)))),
    "exclude_if_present": Wish(Stage.PLANNING, "the name of a file", _name),
    "exclude_larger": Wish(Stage.PLANNING, "a number of bytes", _size),
    "read_from": Wish(Stage.PLANNING, "a source and where it is read, two absolute paths", _elsewhere),
    "abort": Wish(Stage.TAKING, "a reason", _text(lambda text: Wishes(abort=text or "it gives no reason"))),
    "tag": Wish(Stage.TAKEN, "a tag", _text(lambda text: Wishes(label=LabelChange(add_tags=(checked_tag(text),))))),
    "name": Wish(Stage.TAKEN, "a name", _text(lambda text: Wishes(label=LabelChange(name=checked_name(text))))),
    "note": Wish(Stage.TAKEN, "text", _text(lambda text: Wishes(label=LabelChange(note=checked_note(text))))),
    "pin": Wish(Stage.TAKEN, "true or false", _pin),
}
"""Kind → what it is about. The methods of native plugins (native/interface.py) are called the same or nearly so."""


class WishBook:
    """The wishes of one run. Any thread may add; one thread asks."""

    def __init__(self) -> None:
        self._stage = Stage.PLANNING
        self._wishes = Wishes()
        self._lock = threading.Lock()

    def add(self, plugin: str, kind: str, value: Any) -> None:
        """Take a wish. AskRefused when there is no such wish, its value is wrong, or it comes too late."""
        wish = WISHES.get(kind)
        if wish is None:
            raise AskRefused(f"there is no wish {kind}. {did_you_mean(kind, WISHES)}".rstrip())
        try:
            meant = wish.read(value)
        except UsageError as problem:
            raise AskRefused(f"{kind}: {problem.what}") from None
        if meant is None:
            raise AskRefused(f"{kind} takes {wish.form}, not {value!r}")
        if meant.abort:
            meant = Wishes(abort=f"{plugin} ends the run: {meant.abort}")
        with self._lock:
            if self._stage > wish.until:
                raise AskRefused(f"{kind} comes too late: {_TOO_LATE[wish.until]}")
            self._wishes = both(self._wishes, meant)

    @property
    def reason_to_abort(self) -> str:
        """Why a plugin wants the run to end; empty while none does."""
        return self._wishes.abort

    def take(self) -> Wishes:
        """Return what was wished since this was called last. From now on the sources are read."""
        with self._lock:
            self._stage = max(self._stage, Stage.TAKING)
            wishes, self._wishes = self._wishes, Wishes()
        return wishes

    def turn(self, stage: Stage) -> None:
        """Note how far the run is."""
        with self._lock:
            self._stage = max(self._stage, stage)
