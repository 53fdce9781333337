"""The context that the backup and all plugins of Kiwi share, and may change.

A mapping whose keys are attributes too. What is changed takes effect when the hook returns, as far as it still can:
what is taken, until on_backup_start has ended; what is said of the snapshot, until on_backup_stop has. A change that
comes too late, or that cannot be, is taken back and said. Keys that are not known here are the plugins' own.
"""

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from enum import IntEnum
from typing import Any

from yester.engine.events import Error, Event, Message, RunBegin, RunEnd, SnapshotNew

Wish = Callable[[str, object], None]
"""Wishes something of the run: kind and value (wishing.py). An exception says why that cannot be."""
Warn = Callable[[str], None]

_NONE_OF_THEM = object()


class Stage(IntEnum):
    """How far the backup is."""

    STARTING = 0
    TAKING = 1
    STOPPING = 2


FIXED = (
    "profile", "profile_id", "bid", "backup_id", "repository", "conf", "config", "version", "dry_run", "statistics",
    "errors", "snapshot", "result",
)  # fmt: skip
"""What plugins read: changes are taken back."""

LISTS: Mapping[str, tuple[Stage, str, str, Callable[[str], object]]] = {
    "include": (Stage.STARTING, "add_source", "remove_source", os.fsencode),
    "exclude": (Stage.STARTING, "exclude", "drop_exclude", str),
    "tags": (Stage.STOPPING, "tag", "", str),
}
"""Key → until when it may be changed, what adding and taking away wish, and the form of a value."""

VALUES: Mapping[str, tuple[Stage, str]] = {
    "larger_than": (Stage.STARTING, "exclude_larger"),
    "name": (Stage.STOPPING, "name"),
    "note": (Stage.STOPPING, "note"),
    "pinned": (Stage.STOPPING, "pin"),
}
"""Key → until when it may be set, and what setting it wishes."""

MOST_ERRORS = 1000
"""What is kept of a backup's errors."""

_ENDS = {Stage.STARTING: "on_backup_start", Stage.STOPPING: "on_backup_stop"}


class Shared(MutableMapping[str, Any]):
    """A mapping whose keys are attributes too."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_values", dict(values))

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._values[key] = value

    def __delitem__(self, key: str) -> None:
        del self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_values")[name]
        except KeyError:
            raise AttributeError(f"the context has no {name}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(f"the context has no {name}")
        del self[name]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values!r})"


class Context(Shared):
    """What plugins are given. `abort(reason)` ends the backup without a snapshot, until there is one."""

    def abort(self, reason: str = "") -> None:
        """End the backup; takes effect when the hook returns."""
        self._values["abort"] = str(reason) or "it gives no reason"

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "abort":
            self.abort(value)
        else:
            super().__setattr__(name, value)


class Keeper:
    """Makes the context, and sees to what becomes of changes."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """`settings` are those of casting.py."""
        self.context = Context({**_texts(settings), "statistics": Shared({}), "errors": [], **_UNSET})
        self.context["statistics"].update(SourceFiles=0, SourceFileSize=0, VersionClient=settings.get("version", ""))
        self._stage = Stage.STARTING
        self._heard: set[type[Event]] = set()
        self._known = self._copy()

    def note(self, event: Event) -> None:
        """Take over what an event says. Begin and end are told to each plugin, and count once."""
        if isinstance(event, RunBegin | RunEnd):
            if type(event) in self._heard:
                return None
            self._heard.add(type(event))
        context = self.context._values
        match event:
            case RunBegin():
                include = [os.fsdecode(each.raw) for each in event.sources]
                context.update(include=include, dry_run=event.dry_run, bid=event.run, backup_id=event.run)
            case RunEnd():
                context.update(snapshot=event.snapshot, result=event.result)
                context["statistics"].update(_statistics(event))
                self._stage = Stage.STOPPING
            case SnapshotNew():
                context.update(snapshot=event.snapshot)
            case Error():
                return self._note_error(event.text)
            case Message(level="error"):
                return self._note_error(f"{event.path}: {event.text}" if event.path else event.text)
            case _:
                return None
        self._known = self._copy()
        return None

    def _note_error(self, text: str) -> None:
        if len(self._known["errors"]) < MOST_ERRORS:
            self._known["errors"].append(text)
            self.context["errors"].append(text)

    def take(self) -> None:
        """Note that files are being taken: what may be said at the start only may not any more."""
        self._stage = max(self._stage, Stage.TAKING)

    def count(self, files: int, size: int) -> None:
        """Count files that were asked about."""
        for statistics in (self.context["statistics"], self._known["statistics"]):
            statistics["SourceFiles"] += files
            statistics["SourceFileSize"] += size

    def settle(self, wish: Wish, warn: Warn) -> None:
        """After a hook: bring about what it changed, or say why not and take it back."""
        values = self.context._values
        reason = values.pop("abort", "")
        if reason:
            _try(wish, "abort", reason, warn)
        for key in FIXED:
            if values.get(key, _NONE_OF_THEM) != self._known.get(key, _NONE_OF_THEM):
                warn(f"the context's {key} cannot be changed")
        for key in LISTS:
            self._settle_list(key, wish, warn)
        for key, (until, kind) in VALUES.items():
            value = values.get(key)
            if value != self._known[key] and (self._is_late(key, until, warn) or not _try(wish, kind, value, warn)):
                values[key] = self._known[key]
        for key in (*FIXED, *LISTS):
            _put_back(values, key, self._known)
        self._known = self._copy()

    def _settle_list(self, key: str, wish: Wish, warn: Warn) -> None:
        until, adding, taking, form = LISTS[key]
        known, now = self._known[key], self.context._values.get(key)
        if now == known or self._is_late(key, until, warn):
            return
        if not isinstance(now, list | tuple | set) or not all(isinstance(each, str) for each in now):
            warn(f"the context's {key} is a list of texts")
            return
        kept = list(known)
        for each in [each for each in now if each not in known]:
            if _try(wish, adding, form(each), warn):
                kept.append(each)
        for each in [each for each in known if each not in now]:
            if not taking:
                warn(f"the context's {key} cannot be made fewer")
            elif _try(wish, taking, form(each), warn):
                kept.remove(each)
        self._known[key] = kept

    def _is_late(self, key: str, until: Stage, warn: Warn) -> bool:
        if self._stage <= until:
            return False
        warn(f"the context's {key} was changed too late, and nothing becomes of it: until {_ENDS[until]} has ended")
        return True

    def _copy(self) -> dict[str, Any]:
        return {key: _copied(value) for key, value in self.context._values.items()}


_UNSET: Mapping[str, Any] = {"larger_than": None, "name": None, "note": None, "pinned": None}


def _texts(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context's values of what the host says."""
    conf = os.fsdecode(settings.get("conf", b""))
    return {
        "profile": settings.get("profile", ""),
        "profile_id": settings.get("profile_id", ""),
        "bid": settings.get("bid", ""),
        "backup_id": settings.get("bid", ""),
        "repository": os.fsdecode(settings.get("repository", b"")),
        "version": settings.get("version", ""),
        "conf": conf,
        "config": conf,
        "include": [os.fsdecode(each) for each in settings.get("include", ())],
        "exclude": [os.fsdecode(each) for each in settings.get("exclude", ())],
        "tags": [],
        "dry_run": False,
        "snapshot": "",
        "result": "",
    }


def _statistics(end: RunEnd) -> dict[str, object]:
    """Return Kiwi's figures of a backup; two of its sizes are one here."""
    return {
        "SourceFiles": end.files,
        "SourceFileSize": end.size,
        "NewFiles": end.new,
        "NewFileSize": end.added_size,
        "ChangedFiles": end.changed,
        "ChangedFileSize": None,
        "SendTarFileSize": end.stored_size,
        "TimeSend": end.duration_ns / 1e9,
        "TimeBackup": end.duration_ns / 1e9,
    }


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, Shared) else list(value) if isinstance(value, list) else value


def _put_back(values: dict[str, Any], key: str, known: Mapping[str, Any]) -> None:
    """Give a key the value that counts, in the list or mapping that plugins may hold."""
    if key not in known:
        values.pop(key, None)
        return
    now, wanted = values.get(key), known[key]
    if isinstance(now, Shared) and isinstance(wanted, dict):
        object.__setattr__(now, "_values", dict(wanted))
    elif isinstance(now, list) and isinstance(wanted, list):
        now[:] = wanted
    else:
        values[key] = Shared(wanted) if isinstance(wanted, dict) else _copied(wanted)


def _try(wish: Wish, kind: str, value: object, warn: Warn) -> bool:
    try:
        wish(kind, value)
    except Exception as refusal:  # noqa: BLE001  the host's words, or what cannot be sent
        warn(f"the context's change comes to nothing: {refusal}")
        return False
    return True
