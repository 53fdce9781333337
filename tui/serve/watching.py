"""Telling a client that something changed: it asks anew for what it shows. A look costs a few system calls."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from yester.engine.journal import is_alive, journal_path
from yester.engine.places import Places
from yester.engine.runs.history import run_ids
from yester.fs.mounts import active_mounts
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import Params

LOOK_S = 0.5
"""How often it is looked."""


def watch(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield what may have changed, each time that something has."""
    looks = looks_at(desk.places)
    seen: dict[str, object] = {}
    while True:
        now = {name: look() for name, look in looks.items()}
        changed = [name for name, value in now.items() if name not in seen or seen[name] != value]
        seen = now
        if changed:
            yield {"what": changed}
        call.is_cancelled.wait(LOOK_S)
        call.check()


def looks_at(places: Places) -> Mapping[str, Callable[[], object]]:
    """Return what tells how each thing is now: values that differ when it is another."""
    lasting = _Lasting(places.state)
    return {
        "runs": lasting.runs,
        "messages": lambda: _of_folder(places.state / "messages"),
        "profiles": lambda: _of_folder(places.config / "profiles"),
        "mounts": active_mounts,
        "plugins": lambda: (_of_file(places.config / "plugins.toml"), _of_folder(places.data / "plugins")),
    }


class _Lasting:
    """Which runs there are, and which of them last: a run that was over is not looked at again.

    One whose journal has no line yet is none: who lists runs just then does not find it, and has to be told later.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._over: set[str] = set()

    def runs(self) -> object:
        known = {*run_ids(self._state)}
        begun = {run for run in known - self._over if _has_lines(journal_path(self._state, run))}
        lasting = {run for run in begun if is_alive(journal_path(self._state, run))}
        self._over = (self._over & known) | (begun - lasting)
        return frozenset(self._over | lasting), frozenset(lasting)


def _has_lines(journal: Path) -> bool:
    try:
        return journal.stat().st_size > 0
    except OSError:
        return False


def _of_folder(folder: Path) -> object:
    try:
        with os.scandir(folder) as entries:
            return frozenset((each.name, _of_file(Path(each.path))) for each in entries if each.name != "lock")
    except OSError:
        return None


def _of_file(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
