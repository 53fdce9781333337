"""Which profiles a repository can give back, from the copies that lie in its snapshots.

A series is a host and a profile's id. A profile that is recovered keeps its id: on the same machine its series goes on;
on another one a new series begins beside the old, whose snapshots stay under the old host's name, and deduplication
sees to it that the first run stores only what the repository does not hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.nearest import did_you_mean
from yester.engine.sealed.records import Snapshot

Action = Literal["recover", "same", "replace", "exists", "same-id", "ambiguous", "unreadable"]

DONE: frozenset[Action] = frozenset({"recover", "same", "replace"})
"""What leaves the repository's profile in the folder."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A profile's text as one snapshot keeps it."""

    snapshot: SnapshotId
    text: bytes
    """The id of its blob."""
    time_ns: int
    profile_id: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A profile of one host in the repository."""

    name: str
    host: str
    host_id: bytes
    copies: tuple[Copy, ...]
    """Newest first."""


def kept_profiles(snapshots: Iterable[tuple[SnapshotId, Snapshot]]) -> list[Kept]:
    """Return the profiles that snapshots keep copies of, by name and host; a renamed one under its newest name."""
    newest_first = sorted(snapshots, key=lambda listed: (listed[1].time_ns, listed[0]), reverse=True)
    names: dict[tuple[bytes, bytes], str] = {}
    found: dict[tuple[str, bytes], list[tuple[Copy, str]]] = {}
    for sid, snapshot in newest_first:
        name = names.setdefault((snapshot.host_id, snapshot.profile_id), snapshot.profile)
        if snapshot.profile_text is not None and name == snapshot.profile:
            copy = Copy(sid, snapshot.profile_text, snapshot.time_ns, snapshot.profile_id)
            found.setdefault((name, snapshot.host_id), []).append((copy, snapshot.host))
    return [
        Kept(name, copies[0][1], host_id, tuple(copy for copy, _ in copies))
        for (name, host_id), copies in sorted(found.items())
    ]


def chosen(kept: Sequence[Kept], here: bytes, host: str | None, names: Sequence[str]) -> list[list[Kept]]:
    """Return for each profile that is asked for (all without `names`) those it may be: one, or several that clash.

    This host's own (`here`) wins over those of others; of hosts that share the name `host` the newest does, since a
    machine that is set up anew is often called as before. UsageError when a name or host is not there.
    """
    among = [each for each in kept if host is None or each.host == host]
    if host is not None and not among:
        raise UsageError(
            f"No profile in this repository is of a host {host}",
            hint=did_you_mean(host, {each.host for each in kept}) or "The repository keeps no profiles.",
        )
    by_name: dict[str, list[Kept]] = {}
    for each in among:
        by_name.setdefault(each.name, []).append(each)
    for name in names:
        if name not in by_name:
            hint = did_you_mean(name, by_name) or "List all that there are: yester profile recover --dry-run"
            raise UsageError(f"The repository keeps no profile {name}", hint=hint)
    wanted = [by_name[name] for name in dict.fromkeys(names or by_name)]
    return [_of_host(each, here) if host is None else [_newest(each)] for each in wanted]


def _of_host(kept: list[Kept], here: bytes) -> list[Kept]:
    mine = [each for each in kept if each.host_id == here]
    return mine or ([_newest(kept)] if len({each.host for each in kept}) == 1 else kept)


def _newest(kept: list[Kept]) -> Kept:
    return max(kept, key=lambda each: each.copies[0].time_ns)


def action_for(
    name: str, text: str, profile_id: bytes, present: Mapping[str, tuple[bytes, str]], *, force: bool
) -> tuple[Action, str]:
    """Return what to do with a text, and the profile here that it clashes with; `present` has id and text of each."""
    if name in present:
        if present[name][1] == text:
            return "same", ""
        return ("replace", "") if force else ("exists", name)
    twin = next((other for other, (id, _) in present.items() if id == profile_id), "")
    return ("same-id", twin) if twin else ("recover", "")
