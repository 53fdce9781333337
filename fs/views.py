"""What lies above the snapshots: the folders and links of the mount's root, as values.

    /latest                     -> snapshots/PROFILE/TIME
    /hosts/HOST/PROFILE/TIME    -> ../../../snapshots/PROFILE/TIME
    /tags/TAG/TIME              -> ../../snapshots/PROFILE/TIME
    /ids/ID                     -> ../snapshots/PROFILE/TIME
    /snapshots/PROFILE/TIME  is the root of a snapshot
    /versions/PROFILE        what each path was (fs/versions/)
    /.zfs/snapshot/PROFILE@TIME  is it once more, in no listing, where other programs look

Or, where one profile is all that is shown, /latest, /versions and /TIME alone. TIME is a name, or, by a template, a
path.

A Views value is built from the list of snapshots and never changes; when snapshots come or go a new one replaces
it. It is laid out by paths (fs/view_paths.py); here each path gets its inode number.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Label, Snapshot
from yester.fs.inodes import (
    ALIASES,
    HOSTS,
    IDS,
    LATEST,
    ROOT,
    SNAPSHOTS,
    TAGS,
    VERSIONS,
    ZFS,
    ZFS_SNAPSHOTS,
    Inode,
    Numbers,
    folder_inode,
    host_link_inode,
    inode_of,
    link_inode,
)
from yester.fs.names import file_name
from yester.fs.time_names import TimeFormat
from yester.fs.view_paths import Paths, folder_names

NO_LABELS: Mapping[SnapshotId, Label] = {}
_FIXED = {
    b"": ROOT,
    b"snapshots": SNAPSHOTS,
    b"hosts": HOSTS,
    b"tags": TAGS,
    b"ids": IDS,
    b"versions": VERSIONS,
}
_OF_ONE_PROFILE = {b"", b"versions"}
"""The folders that are there without a snapshot."""


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
    places: Mapping[int, Shown] = field(default_factory=dict)
    """The snapshots in all places where they are shown: `shown`, and below `.zfs` by other numbers."""


class _Place(NamedTuple):
    """Where a snapshot is to lie."""

    path: bytes
    id: SnapshotId
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class _Link:
    """A link that is to be: where, to which snapshot, and its number, or the key by which it is numbered."""

    path: bytes
    space: int
    inode: Inode = ROOT
    key: str = ""


class ViewBuilder:
    """Gives snapshots, folders and links their numbers and names."""

    def __init__(
        self,
        snapshot_numbers: Numbers,
        folder_numbers: Numbers,
        times: TimeFormat | None = None,
        *,
        one_profile: bool = False,
    ) -> None:
        self._snapshot_numbers = snapshot_numbers
        self._folder_numbers = folder_numbers
        self._paths = Paths(times or TimeFormat())
        self._aliases = Paths(TimeFormat())
        self._one_profile = one_profile

    def build(
        self, snapshots: Sequence[tuple[SnapshotId, Snapshot]], labels: Mapping[SnapshotId, Label] = NO_LABELS
    ) -> Views:
        """The views of these snapshots, which come sorted by time. Times are local times of this machine."""
        spaces = self._snapshot_numbers.of(sid.hex() for sid, _ in snapshots)
        names = folder_names(snapshot for _, snapshot in snapshots)
        places: dict[int, _Place] = {}
        for sid, snapshot in snapshots:
            above = b"" if self._one_profile else b"snapshots/" + names[snapshot.profile, snapshot.host]
            places[spaces[sid.hex()]] = _Place(self._paths.of(above, sid, snapshot), sid, snapshot)
        links = [] if self._one_profile else _links(places, self._paths, labels)
        newest = _latest_space(places)
        if newest is not None:
            links.append(_Link(b"latest", newest, LATEST))
        return self._numbered(places, links)

    def _numbered(self, places: Mapping[int, _Place], links: Iterable[_Link]) -> Views:
        links = list(links)
        leaves = [path for path, _, _ in places.values()] + [link.path for link in links]
        folders = sorted((_OF_ONE_PROFILE if self._one_profile else set(_FIXED)) | set(_above(leaves)))
        keys = {path: _key(path) for path in folders if path not in _FIXED}
        numbers = self._folder_numbers.of([*keys.values(), *(link.key for link in links if link.key)])
        inodes = {path: folder_inode(numbers[keys[path]]) if path in keys else _FIXED[path] for path in folders}
        tree = _Tree(inodes)
        shown = {}
        for space, (path, sid, snapshot) in places.items():
            tree.add(path, inode_of(space, 0), snapshot.time_ns, is_folder=True)
            shown[space] = Shown(space, sid, snapshot, inodes[path.rpartition(b"/")[0]], path)
        for link in links:
            inode = folder_inode(numbers[link.key]) if link.key else link.inode
            target, _, snapshot = places[link.space]
            tree.link(link.path, ViewLink(inode, b"../" * link.path.count(b"/") + target, snapshot.time_ns))
        aliases = _aliases(shown.values(), self._aliases, one_profile=self._one_profile)
        return Views(tree.nodes() | _zfs(aliases.values()), shown, shown | aliases)


def _aliases(shown: Iterable[Shown], paths: Paths, *, one_profile: bool) -> dict[int, Shown]:
    """Return the snapshots as shown below `.zfs/snapshot`: PROFILE@TIME, or TIME where there is one profile."""
    found = {}
    for each in shown:
        profile = b"" if one_profile else each.path.split(b"/")[1]
        name = paths.of(profile, each.id, each.snapshot).replace(b"/", b"@")
        space = each.space + ALIASES
        found[space] = Shown(space, each.id, each.snapshot, ZFS_SNAPSHOTS, b".zfs/snapshot/" + name)
    return found


def _zfs(aliases: Collection[Shown]) -> dict[Inode, ViewFolder | ViewLink]:
    """Return the folders of `.zfs`, which is in no listing."""
    children = {alias.path.rpartition(b"/")[2]: inode_of(alias.space, 0) for alias in aliases}
    newest = max((alias.snapshot.time_ns for alias in aliases), default=0)
    return {
        ZFS: ViewFolder(ZFS, ROOT, newest, {b"snapshot": ZFS_SNAPSHOTS}, 1),
        ZFS_SNAPSHOTS: ViewFolder(ZFS_SNAPSHOTS, ZFS, newest, dict(sorted(children.items())), len(children)),
    }


def _links(places: Mapping[int, _Place], paths: Paths, labels: Mapping[SnapshotId, Label]) -> list[_Link]:
    links = []
    for space, (_, sid, snapshot) in places.items():
        links.append(_Link(b"ids/" + sid.hex().encode(), space, link_inode(space)))
        host = b"hosts/" + file_name(snapshot.host) + b"/" + file_name(snapshot.profile)
        links.append(_Link(paths.of(host, sid, snapshot), space, host_link_inode(space)))
        for tag in map(file_name, labels[sid].tags if sid in labels else ()):
            links.append(_Link(paths.of(b"tags/" + tag, sid, snapshot), space, key=f"tag {tag.hex()} {sid.hex()}"))
    return links


def _latest_space(places: Mapping[int, _Place]) -> int | None:
    """The newest complete snapshot; the newest partial one only when there is no complete one."""

    def weight(space: int) -> tuple[bool, int, SnapshotId]:
        _, sid, snapshot = places[space]
        return not snapshot.partial, snapshot.time_ns, sid

    return max(places, key=weight, default=None)


def _above(paths: Iterable[bytes]) -> Iterable[bytes]:
    """Yield the folders above each path, but for the root."""
    for path in paths:
        while b"/" in path:
            path = path.rpartition(b"/")[0]
            yield path


def _key(path: bytes) -> str:
    """The name under which a folder is numbered. A profile's folder is its name alone, as it was from the beginning."""
    top, _, name = path.partition(b"/")
    if top == b"snapshots" and b"/" not in name:
        return name.hex()
    return (path if top in _FIXED else b"/" + path).hex()


class _Tree:
    """The folders while they are being filled."""

    def __init__(self, inodes: Mapping[bytes, Inode]) -> None:
        """`inodes` has all folders by path, those above before those below."""
        self._inodes = inodes
        self._children: dict[bytes, dict[bytes, Inode]] = {path: {} for path in inodes}
        self._folders = dict.fromkeys(inodes, 0)
        self._newest = dict.fromkeys(inodes, 0)
        self._links: list[ViewLink] = []
        for path, inode in inodes.items():
            if path:
                self._put(path, inode, is_folder=True)

    def _put(self, path: bytes, inode: Inode, *, is_folder: bool) -> bytes:
        above, _, name = path.rpartition(b"/")
        self._children[above][name] = inode
        self._folders[above] += is_folder
        return above

    def add(self, path: bytes, inode: Inode, time_ns: int, *, is_folder: bool) -> None:
        """Put a snapshot or a link into its folder; all folders above are as young as what came last."""
        above = self._put(path, inode, is_folder=is_folder)
        while True:
            self._newest[above] = max(self._newest[above], time_ns)
            if not above:
                return
            above = above.rpartition(b"/")[0]

    def link(self, path: bytes, link: ViewLink) -> None:
        """Put a link into its folder."""
        self._links.append(link)
        self.add(path, link.inode, link.time_ns, is_folder=False)

    def nodes(self) -> dict[Inode, ViewFolder | ViewLink]:
        """Return everything by number."""
        nodes: dict[Inode, ViewFolder | ViewLink] = {link.inode: link for link in self._links}
        for path, inode in self._inodes.items():
            parent = self._inodes[path.rpartition(b"/")[0]]
            children = dict(sorted(self._children[path].items()))
            nodes[inode] = ViewFolder(inode, parent, self._newest[path], children, self._folders[path])
        return nodes
