"""What lies above the snapshots: the folders and links of the mount's root, as values.

    /latest  -> snapshots/PROFILE/TIME
    /ids/ID  -> ../snapshots/PROFILE/TIME
    /snapshots/PROFILE/TIME  is the root of a snapshot

A Views value is built from the list of snapshots and never changes; when snapshots come or go a new one replaces
it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot
from yester.fs.inodes import (
    IDS,
    LATEST,
    ROOT,
    SNAPSHOTS,
    Inode,
    Numbers,
    folder_inode,
    inode_of,
    link_inode,
)

NAME_MAX = 255


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A relative symlink."""

    inode: Inode
    target: bytes
    time_ns: int


@dataclass(frozen=True, slots=True)
class ViewFolder:
    """A folder of the view; `children` are view folders, links or roots of snapshots, in the order shown."""

    inode: Inode
    parent: Inode
    time_ns: int
    children: Mapping[bytes, Inode]
    folders: int
    """How many of the children are folders: its link count is this and two."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A snapshot in its place."""

    space: int
    id: SnapshotId
    snapshot: Snapshot
    folder: Inode
    path: bytes
    """Relative to the root of the mount."""


@dataclass(frozen=True, slots=True)
class Views:
    """All view folders and links by inode number, and the snapshots by theirs."""

    nodes: Mapping[Inode, ViewFolder | ViewLink]
    shown: Mapping[int, Shown] = field(default_factory=dict)


class ViewBuilder:
    """Gives snapshots, profile folders and links their numbers and names."""

    def __init__(self, snapshot_numbers: Numbers, folder_numbers: Numbers) -> None:
        self._snapshot_numbers = snapshot_numbers
        self._folder_numbers = folder_numbers

    def build(self, snapshots: Sequence[tuple[SnapshotId, Snapshot]]) -> Views:
        """The views of these snapshots, which come sorted by time. Times are local times of this machine."""
        spaces = self._snapshot_numbers.of(sid.hex() for sid, _ in snapshots)
        names = folder_names(snapshot for _, snapshot in snapshots)
        folders = self._folder_numbers.of(name.hex() for name in sorted(set(names.values())))
        shown: dict[int, Shown] = {}
        taken: dict[bytes, dict[bytes, Inode]] = {name: {} for name in sorted(set(names.values()))}
        for sid, snapshot in snapshots:
            name = names[_series(snapshot)]
            space = spaces[sid.hex()]
            time = _free(time_name(snapshot.time_ns), taken[name])
            taken[name][time] = inode_of(space, 0)
            folder = folder_inode(folders[name.hex()])
            shown[space] = Shown(space, sid, snapshot, folder, b"snapshots/" + name + b"/" + time)
        return Views(_nodes(shown, taken, {name: folder_inode(folders[name.hex()]) for name in taken}), shown)


def _nodes(
    shown: Mapping[int, Shown], taken: Mapping[bytes, Mapping[bytes, Inode]], folders: Mapping[bytes, Inode]
) -> dict[Inode, ViewFolder | ViewLink]:
    newest = latest(shown.values())
    now = newest.snapshot.time_ns if newest else 0
    root = {b"ids": IDS, b"snapshots": SNAPSHOTS} | ({b"latest": LATEST} if newest else {})
    links = {item.id.hex().encode(): item for item in shown.values()}
    nodes: dict[Inode, ViewFolder | ViewLink] = {
        ROOT: ViewFolder(ROOT, ROOT, now, root, 2),
        SNAPSHOTS: ViewFolder(SNAPSHOTS, ROOT, now, dict(folders), len(folders)),
        IDS: ViewFolder(IDS, ROOT, now, {name: link_inode(links[name].space) for name in sorted(links)}, 0),
    }
    for name, inode in folders.items():
        time_ns = max(shown[child >> 32].snapshot.time_ns for child in taken[name].values())
        nodes[inode] = ViewFolder(inode, SNAPSHOTS, time_ns, taken[name], len(taken[name]))
    for item in shown.values():
        inode = link_inode(item.space)
        nodes[inode] = ViewLink(inode, b"../" + item.path, item.snapshot.time_ns)
    if newest:
        nodes[LATEST] = ViewLink(LATEST, newest.path, newest.snapshot.time_ns)
    return nodes


def latest(shown: Iterable[Shown]) -> Shown | None:
    """The newest complete snapshot; the newest partial one only when there is no complete one."""
    return max(shown, key=lambda item: (not item.snapshot.partial, item.snapshot.time_ns, item.id), default=None)


def _series(snapshot: Snapshot) -> tuple[str, str]:
    return snapshot.profile, snapshot.host


def folder_names(snapshots: Iterable[Snapshot]) -> dict[tuple[str, str], bytes]:
    """The folder's name for each (profile, host): PROFILE, or PROFILE@HOST when several hosts have the profile."""
    series = sorted({_series(snapshot) for snapshot in snapshots})
    hosts = Counter(profile for profile, _ in series)
    names: dict[tuple[str, str], bytes] = {}
    for profile, host in series:
        wanted = file_name(profile if hosts[profile] == 1 else f"{profile}@{host}")
        names[profile, host] = _free(wanted, names.values())
    return names


def file_name(text: str) -> bytes:
    """`text` as a name that a folder can hold."""
    name = text.encode(errors="surrogateescape").replace(b"/", b"_").replace(b"\0", b"_")[: NAME_MAX - 8]
    return name if name not in (b"", b".", b"..") else b"_" + name


def time_name(time_ns: int) -> bytes:
    """The folder name of a snapshot of that time: local time, sortable, fit for every file system."""
    return datetime.fromtimestamp(time_ns // 10**9).strftime("%Y-%m-%dT%H-%M-%S").encode()


def _free(name: bytes, taken: Iterable[bytes]) -> bytes:
    taken = taken if isinstance(taken, dict) else set(taken)
    number, free = 1, name
    while free in taken:
        number += 1
        free = b"%s-%d" % (name, number)
    return free
