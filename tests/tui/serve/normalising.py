"""Makes lines of one recording those of any other: what is chance, or of the machine, becomes the same everywhere.

Ids are numbered as they appear, so that it is still seen which are the same. All else stays as it was said.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.tui.serve.recording import BEGIN_NS

from yester import __version__

Lines = Sequence[tuple[str, bytes]]

_DAY_NS = 86_400_000_000_000
_OF_THE_MACHINE: Mapping[str, object] = {
    "pid": 4711,
    "host": "laptop",
    "user": "me",
    "group": "users",
    "uid": 1000,
    "gid": 100,
    "free_size": 100_000_000_000,
    "has_keyring": False,
    "is_installed": True,
    "drives": [],
    "duration_ns": 1_200_000_000,
    "store": [],
    "added_size": 1000,
}
"""What stands under these names wherever they are."""
_STEERED = {"newest": 7}
_PACKS = {"cold_size": 30, "hot_size": 10}
_OF_CHANCE: Mapping[str, Mapping[str, object]] = {
    "runs.list": {"total_files": 3, "total_size": 19, "eta_s": None},
    "runs.cancel": _STEERED,
    "runs.pause": _STEERED,
    "runs.resume": _STEERED,
    "archives.foresee": _PACKS,
    "archives.foresee_purge": _PACKS,
    "archives.foresee_recall": _PACKS,
    "storage.usage": {"size": 1000, "plain_size": 2000, "unique_size": 700},
    "storage.plan": {"unused_size": 700},
    "snapshots.freed": {"size": 700},
}
"""The like, in answers to these: how far a run said that it was, which pack is first, how well ids are compressed."""
_OF_THE_FILE_SYSTEM = frozenset({"nlink", "blocks", "birth_ns"})
_ROWS = {"owner": "me:users (1000:100)", "changed": "2027-03-11 10:10:00"}
"""Rows of what is kept of a file; none is left of when it was born, which not every file system knows."""
_TIME = re.compile(r"\b\d{4}-\d\d-\d\d(T)\d\d:\d\d:\d\d(?:\.\d+)?(Z)")
_PYTHONPATH = re.compile(r" PYTHONPATH=\S+")
_RUN = re.compile(r"\b(\d{8}T\d{6}Z-)[0-9a-f]{4}\b")
_RECOVERY_KEY = re.compile(r"\b(?:[A-Z2-7]{7}-){7}[A-Z2-7-]+\b")
_ID = re.compile(r"(?<![0-9a-f-])(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{12}|[0-9a-f]{8})(?![0-9a-fT-])")


class Normal:
    """Normalises the lines of one recording, in the order in which they were said."""

    def __init__(self, home: Path) -> None:
        self._home = str(home)
        self._ids: list[str] = []
        self._fixed = _OF_THE_MACHINE

    def exchange(self, method: str, lines: Lines) -> list[tuple[str, bytes]]:
        """Return a request and its answers."""
        self._fixed = {**_OF_THE_MACHINE, **_OF_CHANCE.get(method, {})}
        found = [(who, msgspec.json.decode(line)) for who, line in lines]
        if method == "runs.follow":
            found = _without_progress(found)
        if method == "keys.list":  # those that were made together have no order
            found[1:-1] = sorted(found[1:-1], key=lambda told: str(told[1]["item"]["kind"]))
        found = [(who, line) for who, line in found if line.get("item", {}).get("name") != "born"]
        return [(who, self._line(line)) for who, line in found]

    def _line(self, line: dict[str, Any]) -> bytes:
        number = {name: 1 for name in ("id", "cancel") if name in line}
        return msgspec.json.encode(line | {name: self._value(each, name) for name, each in line.items()} | number)

    def _value(self, value: Any, key: str = "") -> Any:
        if key in self._fixed:
            return self._fixed[key]
        match value:
            case {"name": str(name), "value": str()} if name in _ROWS:
                return {"name": name, "value": _ROWS[name]}
            case dict():
                return {
                    self._text(name): self._value(each, name) for name, each in value.items() if _is_kept(name, value)
                }
            case list():
                return [self._value(each) for each in value]
            case str():
                return self._text(value)
            case int() if key.endswith("_ns") and value > _DAY_NS and not 0 <= value - BEGIN_NS < _DAY_NS:
                return BEGIN_NS
            case _:
                return value

    def _text(self, text: str) -> str:
        text = _TIME.sub(lambda found: found[0] if found[0] >= "2027-03-1" else "2027-03-11T10:10:00Z", text)
        text = _RECOVERY_KEY.sub("-".join(["ABCDEFG"] * 8), _RUN.sub(r"\g<1>0000", text))
        text = _ID.sub(lambda found: self._numbered(found[0]), text)
        text = _PYTHONPATH.sub("", text)
        for here, there in self._places.items():
            text = text.replace(here, there)
        return text

    @property
    def _places(self) -> Mapping[str, str]:
        path = {os.environ["PATH"]: "/usr/bin:/bin", sys.executable: "/usr/bin/python3"}
        return {**path, self._home: "/home/me", f"yester {__version__}": "yester 0.1.0"}

    def _numbered(self, id: str) -> str:
        """Return a number of that length; the beginning of an id that was seen becomes the beginning of its number."""
        whole = next((each for each in self._ids if each.startswith(id)), None)
        if whole is None:
            self._ids.append(whole := id)
        return f"{self._ids.index(whole) + 1:02x}" * (len(id) // 2)


def _is_kept(name: str, entry: Mapping[str, object]) -> bool:
    return name not in _OF_THE_FILE_SYSTEM and not (name == "size" and entry.get("type") == "directory")


def _without_progress(found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Leave out how far it was when: nobody knows how often that is told."""
    kept = [(who, line) for who, line in found if line.get("item", {}).get("type") != "run.progress"]
    for number, (_, line) in enumerate(kept):
        if "item" in line:
            line["item"]["seq"] = number
        elif "done" in line:
            line["done"]["next"] = number
    return kept
