"""Which snapshot a person means: `latest`, an id or its beginning, `PROFILE@latest`, `PROFILE@TIME`.

Pure functions over the list of snapshots. Times are local, written as the mount writes them (2026-11-20T16-03-12); a
beginning (2026-11-20, 2026-11-20T16) is enough where only one snapshot has it. A profile that several hosts have is
`PROFILE@HOST`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot

Listed = tuple[SnapshotId, Snapshot]

_HEX = re.compile(r"[0-9a-f]{4,64}")
_SHOWN = 5
_LATEST = "latest"


def time_name(time_ns: int) -> str:
    """Return a time as snapshots are named in the mount: local, to the second, sorting as it passes."""
    return datetime.fromtimestamp(time_ns // 10**9).strftime("%Y-%m-%dT%H-%M-%S")


def latest(snapshots: Iterable[Listed]) -> Listed | None:
    """Return the newest complete snapshot; the newest partial one only where none is complete."""
    return max(snapshots, key=lambda listed: (not listed[1].partial, listed[1].time_ns, listed[0]), default=None)


def select(text: str, snapshots: Sequence[Listed]) -> Listed:
    """Return the one snapshot that `text` names; UsageError, listing what it may have meant, when it is not one."""
    if text == _LATEST:
        return _newest(text, snapshots)
    profile, at, when = text.rpartition("@")
    if at:
        return _of_profile(profile, when, snapshots)
    if _HEX.fullmatch(text.lower()):
        found = [listed for listed in snapshots if listed[0].hex().startswith(text.lower())]
        return _only(text, found, snapshots)
    _refuse_profile(text, snapshots)
    raise _unknown(text, snapshots)


def _of_profile(profile: str, when: str, snapshots: Sequence[Listed]) -> Listed:
    _refuse_profile(f"{profile}@{when}", snapshots)
    mine = [listed for listed in snapshots if _is_called(profile, listed[1])]
    if not mine:
        known = ", ".join(sorted({snapshot.profile for _, snapshot in snapshots})) or "none yet"
        raise UsageError(f"No snapshot is of a profile {profile}", hint=f"Profiles in this repository: {known}.")
    if len({snapshot.host_id for _, snapshot in mine}) > 1:
        choices = sorted({f"{snapshot.profile}@{snapshot.host}@{when}" for _, snapshot in mine})
        raise UsageError(f"Several hosts have a profile {profile}", hint=f"Write one of: {', '.join(choices)}.")
    if when == _LATEST:
        return _newest(f"{profile}@{when}", mine)
    stamp = when.replace(" ", "T").replace(":", "-")
    named = _time_names(mine)
    if stamp in named:
        return named[stamp]
    found = [listed for name, listed in named.items() if stamp and name.startswith(stamp)]
    return _only(f"{profile}@{when}", found, mine)


def _time_names(snapshots: Sequence[Listed]) -> dict[str, Listed]:
    """Name the snapshots of one profile by time as the mount does: after the first of one second come -2, -3."""
    named: dict[str, Listed] = {}
    for listed in sorted(snapshots, key=lambda listed: (listed[1].time_ns, listed[0])):
        name = base = time_name(listed[1].time_ns)
        number = 1
        while name in named:
            number += 1
            name = f"{base}-{number}"
        named[name] = listed
    return named


def _refuse_profile(text: str, snapshots: Sequence[Listed]) -> None:
    """UsageError when a whole profile was named where a snapshot is meant."""
    if any(_is_called(text, snapshot) for _, snapshot in snapshots):
        raise UsageError(f"{text} is a profile, not a snapshot", hint=f"Its newest snapshot is {text}@{_LATEST}.")


def _is_called(profile: str, snapshot: Snapshot) -> bool:
    return profile in (snapshot.profile, f"{snapshot.profile}@{snapshot.host}")


def _newest(text: str, snapshots: Sequence[Listed]) -> Listed:
    found = latest(snapshots)
    if found is None:
        raise _unknown(text, snapshots)
    return found


def _only(text: str, found: Sequence[Listed], among: Sequence[Listed]) -> Listed:
    if not found:
        raise _unknown(text, among)
    if len(found) > 1:
        raise UsageError(f"{text} may be any of {len(found)} snapshots", hint=f"Write one of: {_described(found)}.")
    return found[0]


def _unknown(text: str, snapshots: Sequence[Listed]) -> UsageError:
    if not snapshots:
        return UsageError(
            f"There is no snapshot {text}: the repository holds none", hint="Take one: yester snap PROFILE"
        )
    return UsageError(f"There is no snapshot {text}", hint=f"The newest are: {_described(snapshots)}.")


def _described(snapshots: Sequence[Listed]) -> str:
    newest = sorted(snapshots, key=lambda listed: listed[1].time_ns, reverse=True)
    shown = [f"{sid.hex()[:8]} ({snapshot.profile}@{time_name(snapshot.time_ns)})" for sid, snapshot in newest[:_SHOWN]]
    return ", ".join(shown) + (", …" if len(newest) > _SHOWN else "")
