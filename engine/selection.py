"""Which snapshot a person means: `latest`, an id, a name, a time; with `PROFILE@` before it, of one profile.

Pure functions over the list of snapshots and their labels. In this order:

- `latest`: the newest complete snapshot,
- a name that `yester rename` gave,
- an id, or the beginning of one,
- with `PROFILE@`, a time as the mount writes it, to the second (2026-11-20T16-03-12; the second of that second: -2),
- a time (engine/moments.py): the newest complete snapshot that was there at its end. `3D` is what there was three days
  ago, 2026-11-20 what there was at the end of that day. `@` alone before it says that a time is meant.

`~1` after any of these is the complete snapshot before that one, of the same machine and profile; `~2` the one before
that, `~` stands for `~1`. So `latest~1` and `latest` can be compared, whatever other machines did between the two.

A text that is two of these for two snapshots is refused. A profile that several hosts have is `PROFILE@HOST`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.moments import is_span, parse_moment
from yester.engine.sealed.records import Label, Snapshot

Listed = tuple[SnapshotId, Snapshot]

_HEX = re.compile(r"[0-9a-f]{4,64}")
_BACK = re.compile(r"(.+)~(\d{0,9})", re.DOTALL | re.ASCII)
_SHOWN = 5
LATEST = "latest"
_PARTIAL = ".partial"
"""What the mount writes after the time of a partial snapshot."""


def time_name(time_ns: int) -> str:
    """Return a time as snapshots are named in the mount: local, to the second, sorting as it passes."""
    return datetime.fromtimestamp(time_ns // 10**9).strftime("%Y-%m-%dT%H-%M-%S")


def latest(snapshots: Iterable[Listed]) -> Listed | None:
    """Return the newest complete snapshot; the newest partial one only where none is complete."""
    return max(snapshots, key=lambda listed: (not listed[1].partial, listed[1].time_ns, listed[0]), default=None)


def select(
    text: str,
    snapshots: Sequence[Listed],
    labels: Mapping[SnapshotId, Label] | None = None,
    now: datetime | None = None,
) -> Listed:
    """Return the one snapshot that `text` names; UsageError, listing what it may have meant, when it is not one.

    `now` is local, without a zone; without it spans and words such as `yesterday` are no times.
    """
    if text == LATEST:
        return _newest(text, snapshots)
    named = _named(text, snapshots, labels or {})
    back = _BACK.fullmatch(text)
    if back and not named and not _named(text.rpartition("@")[2], snapshots, labels or {}):
        return _before(text, select(back[1], snapshots, labels, now), int(back[2] or 1), snapshots)
    profile, at, when = text.rpartition("@")
    if at and not named:
        return _of_profile(profile, when, snapshots, labels or {}, now) if profile else _at(text, when, snapshots, now)
    found = named + [listed for listed in _by_id(text, snapshots) if listed not in named]
    if found:
        return _only(text, found, snapshots, or_time=now is not None and is_span(text))
    _refuse_profile(text, snapshots)
    return _at(text, text, snapshots, now)


def _before(text: str, listed: Listed, steps: int, snapshots: Iterable[Listed]) -> Listed:
    """Return the complete snapshot so many steps before this one in its series; none is the snapshot itself."""
    series = [other for other in snapshots if _series(other[1]) == _series(listed[1])]
    before = [other for other in series if not other[1].partial and _age(other) < _age(listed)]
    older = [listed, *sorted(before, key=_age, reverse=True)]
    if steps >= len(older):
        raise UsageError(
            f"There is no snapshot {text}; older ones of its profile and machine: {len(older) - 1}",
            hint=f"The oldest is {_described(older[-1:])}.",
        )
    return older[steps]


def _series(snapshot: Snapshot) -> tuple[bytes, bytes]:
    return snapshot.host_id, snapshot.profile_id


def _age(listed: Listed) -> tuple[int, SnapshotId]:
    return listed[1].time_ns, listed[0]


def narrowed(snapshots: Iterable[Listed], profile: str | None, host: str | None) -> list[Listed]:
    """Return the snapshots of this profile and host; None stands for any."""
    return [
        listed
        for listed in snapshots
        if (profile is None or _is_called(profile, listed[1])) and host in (None, listed[1].host)
    ]


def _named(text: str, snapshots: Sequence[Listed], labels: Mapping[SnapshotId, Label]) -> list[Listed]:
    return [listed for listed in snapshots if listed[0] in labels and labels[listed[0]].name == text]


def _by_id(text: str, snapshots: Sequence[Listed]) -> list[Listed]:
    digits = text.lower()
    return [listed for listed in snapshots if listed[0].hex().startswith(digits)] if _HEX.fullmatch(digits) else []


def _of_profile(
    profile: str, when: str, snapshots: Sequence[Listed], labels: Mapping[SnapshotId, Label], now: datetime | None
) -> Listed:
    text = f"{profile}@{when}"
    _refuse_profile(text, snapshots)
    mine = narrowed(snapshots, profile, None)
    if not mine:
        known = ", ".join(sorted({snapshot.profile for _, snapshot in snapshots})) or "none yet"
        raise UsageError(f"No snapshot is of a profile {profile}", hint=f"Profiles in this repository: {known}.")
    machines = {snapshot.host_id: (sid, snapshot) for sid, snapshot in sorted(mine, key=_age)}
    if len(machines) > 1:
        raise UsageError(f"Several hosts have a profile {profile}", hint=_which_host(when, list(machines.values())))
    if when == LATEST:
        return _newest(text, mine)
    named = _named(when, mine, labels)
    if named:
        return _only(text, named, mine)
    stamped = _time_names(mine).get(when.removesuffix(_PARTIAL).replace(" ", "T").replace(":", "-"))
    return stamped if stamped is not None else _at(text, when, mine, now)


def _which_host(when: str, newest: Sequence[Listed]) -> str:
    """Return a hint: how to say which machine is meant, of each of which the newest snapshot is given."""
    hosts = sorted({f"{snapshot.profile}@{snapshot.host}@{when}" for _, snapshot in newest})
    if len(hosts) == len(newest):
        return f"Write one of: {', '.join(hosts)}."
    return f"Some have one name, so write an id; the newest of each: {_described(newest)}."


def _at(text: str, when: str, snapshots: Sequence[Listed], now: datetime | None) -> Listed:
    """Return the newest complete snapshot that was there at a time; `text` is what was typed, for errors."""
    moment = parse_moment(when, now) if now is not None else None
    if moment is None:
        raise _unknown(text, snapshots)
    before = latest(listed for listed in snapshots if listed[1].time_ns <= moment)
    if before is None and snapshots:
        oldest = sorted(snapshots, key=lambda listed: listed[1].time_ns)[:1]
        raise UsageError(f"No snapshot is as old as {text}", hint=f"The oldest is {_described(oldest)}.")
    if before is None:
        raise _unknown(text, snapshots)
    return before


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
        raise UsageError(f"{text} is a profile, not a snapshot", hint=f"Its newest snapshot is {text}@{LATEST}.")


def _is_called(profile: str, snapshot: Snapshot) -> bool:
    return profile in (snapshot.profile, f"{snapshot.profile}@{snapshot.host}")


def _newest(text: str, snapshots: Sequence[Listed]) -> Listed:
    found = latest(snapshots)
    if found is None:
        raise _unknown(text, snapshots)
    return found


def _only(text: str, found: Sequence[Listed], among: Sequence[Listed], *, or_time: bool = False) -> Listed:
    if or_time:
        raise UsageError(
            f"{text} may be a time or the snapshot {_described(found)}",
            hint=f"Write @{text} for the time, or more of the id.",
        )
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
