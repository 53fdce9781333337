"""A mount in which each path is also a folder of what it was: below `versions/`, and as `.versions/` in any folder.

    versions/PROFILE/home/me/letter.odt/2026-11-20T16-03-12.odt    a version, with its own attributes
    versions/PROFILE/home/me/.times/2026-11-20T16-03-12            a link to the folder as it was then
    snapshots/PROFILE/TIME/home/me/.versions/letter.odt/…          the same; found by name, never listed

What is listed comes from the catalogue (history.py), and costs no look into any snapshot; content and attributes beyond
stat(2) do, by the path. The folders are the mounter's alone: what a folder shows now of a time when it was not to be
entered by others would otherwise be open to them.
"""

import errno
from collections.abc import Callable, Iterable, Sequence
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from yester.engine.entries import Entry
from yester.engine.ids import SnapshotId
from yester.fs.attributes import A
from yester.fs.file_reading import OpenFile
from yester.fs.file_system import ID_SHOWN, FileSystem, Seen, stale
from yester.fs.inodes import ORDINAL_BITS, VERSIONS, Inode
from yester.fs.listing import DOT, DOTS, Listing, NamesListing, Reply
from yester.fs.snapshot_tree import ROOT_ORDINAL, Place, find
from yester.fs.versions.history import Dated, History, NotAsked, Question
from yester.fs.versions.nodes import FIRST, Node, Nodes, PathNode, TimesNode, VersionNode
from yester.fs.view_paths import folder_names
from yester.fs.views import Shown, Views

HERE = b".versions"
TIMES = b".times"


class VersionedFileSystem(FileSystem[A]):
    """The whole mount, or that of one profile."""

    def __init__(self, *arguments: Any, history: History, one_profile: bool, **named: Any) -> None:
        """All but `history` and `one_profile` is as for FileSystem."""
        self.history = history
        self._one_profile = one_profile
        self._known = Nodes()
        self._series: dict[bytes, PathNode] = {}
        self._by_id: dict[SnapshotId, Shown] = {}
        self._built: Views | None = None
        self._newest_ns = 0
        super().__init__(*arguments, **named)

    def show(self, seen: Seen) -> None:
        """Show what was seen."""
        super().show(seen)
        if self._views is self._built:
            return
        self._built = self._views
        self._by_id = {shown.id: shown for shown in self._views.shown.values()}
        newest: dict[tuple[str, str], int] = {}
        ids: dict[tuple[str, str], set[SnapshotId]] = {}
        for sid, snapshot in seen.snapshots:
            series = snapshot.profile, snapshot.host
            newest[series] = snapshot.time_ns
            ids.setdefault(series, set()).add(sid)
        self.history.changed(ids)
        self._newest_ns = max(newest.values(), default=0)
        names = folder_names(snapshot for _, snapshot in seen.snapshots)
        self._series = {
            name: PathNode(Question(*series, b"/"), VERSIONS, 2, newest[series])
            for series, name in sorted(names.items(), key=lambda each: each[1])
        }

    def forget(self, forgotten: Iterable[tuple[Inode, int]]) -> None:
        """The kernel forgets numbers, each of which it was told so many times."""
        for inode, count in forgotten:
            if inode >= FIRST:
                self._known.forget(inode, count)

    # Names and attributes

    def lookup(self, parent: Inode, name: bytes) -> A:
        """Return the attributes of a name in a folder; with `st_ino` 0 when there is no such name."""
        is_here = parent >= FIRST or parent == VERSIONS
        if not is_here or name in (DOT, DOTS):
            found = super().lookup(parent, name)
            if found.st_ino or name != HERE or not parent >> ORDINAL_BITS:
                return found
            child: Node | None = self._here(parent)
        else:
            self._current()
            child = self._child(parent, name)
        if child is None:
            return self._no_name(name, 0.0)
        self._told(name, child, lambda: True)
        return self._fill.attributes

    def attributes(self, inode: Inode) -> A:
        """Return the attributes of an entry, a view's node or a version's."""
        if inode >= FIRST:
            self._filled(inode, self._node(inode))
        elif inode == VERSIONS:
            # Views know nothing of what is in it. One link: how many folders it has is not known.
            found = super().attributes(inode)
            found.st_nlink = 1
            found.st_atime_ns = found.st_mtime_ns = found.st_ctime_ns = self._newest_ns
        else:
            return super().attributes(inode)
        return self._fill.attributes

    def _node(self, inode: Inode) -> Node:
        node = self._known.get(inode)
        if node is None:
            stale()
        return node

    def _filled(self, inode: Inode, node: Node) -> bool:
        if not isinstance(node, VersionNode):
            self._fill.own_folder(inode, node.time_ns)
        elif node.target:
            self._fill.own_link(inode, node.target, node.version.state.mtime_ns)
        else:
            self._fill.version(inode, node.version.state, node.version.owner)
        return True

    def _parent(self, inode: Inode) -> Inode:
        return super()._parent(inode) if inode < FIRST else self._node(inode).parent

    def readlink(self, inode: Inode) -> bytes:
        """Return a symlink's target."""
        if inode < FIRST:
            return super().readlink(inode)
        node = self._node(inode)
        if isinstance(node, VersionNode):
            if node.target:
                return node.target
            if S_ISLNK(node.version.state.st_mode):
                return node.version.state.content
        raise OSError(errno.EINVAL, "not a link")

    # What is in a folder

    def _here(self, inode: Inode) -> PathNode | None:
        """Return the folder of versions that a folder of a snapshot has; None when it is no folder."""
        page, row, _ = self._place(inode)
        shown = self._shown(inode >> ORDINAL_BITS)
        if shown is None or not S_ISDIR(page.modes[row]):
            return None
        path = self._path(inode)
        question = Question(shown.snapshot.profile, shown.snapshot.host, path or b"/")
        depth = len(shown.path.split(b"/")) + path.count(b"/") + 1
        return PathNode(question, inode, depth, page.mtime_ns(row))

    def _question(self, inode: Inode) -> Question | None:
        """Return what a folder's path is asked by; None of the folder of all profiles."""
        if inode == VERSIONS:
            one = next(iter(self._series.values()), None) if self._one_profile else None
            return None if one is None else one.question
        node = self._node(inode)
        if isinstance(node, VersionNode):
            raise NotADirectoryError(errno.ENOTDIR, "a version")
        return node.question

    def _is_times(self, inode: Inode) -> bool:
        return inode != VERSIONS and isinstance(self._node(inode), TimesNode)

    def _names(self, inode: Inode) -> list[bytes]:
        """Return what is in a folder. NotAsked."""
        question = self._question(inode)
        if question is None:
            return [] if self._one_profile else [*self._series]
        history = self.history.known(question)
        if self._is_times(inode):
            return sorted(history.folders)
        names = self.history.known(question._replace(names=True)).names if history.folders else {}
        return sorted({*names, *history.files, *([TIMES] if history.folders else [])})

    def _require(self, inode: Inode) -> None:
        """NotAsked now if ever: after the first name that was replied nothing may begin anew."""
        question = self._question(inode)
        if question is not None and self.history.known(question).folders and not self._is_times(inode):
            self.history.known(question._replace(names=True))

    def _child(self, inode: Inode, name: bytes) -> Node | None:
        """Return what a name in a folder is. Names that are in the source win over those that are not. NotAsked."""
        question = self._question(inode)
        if question is None:
            return None if self._one_profile else self._series.get(name)
        history = self.history.known(question)
        depth, time_ns = self._depth(inode)
        if self._is_times(inode):
            return self._time(inode, question.path, depth, history.folders.get(name))
        if history.folders:
            newest_ns = self._newest(question, name)
            if newest_ns is not None:
                return PathNode(question.below(name), inode, depth + 1, newest_ns)
        if name in history.files:
            return VersionNode(question.path, history.files[name], inode)
        if name == TIMES and history.folders:
            return TimesNode(question, inode, depth + 1, time_ns)
        return None

    def _newest(self, question: Question, name: bytes) -> int | None:
        """Return the newest time of a name in a folder; None when there never was one. NotAsked."""
        try:
            return self.history.known(question._replace(names=True)).names.get(name)
        except NotAsked:
            # Of one name alone it is known at once, of all that are in a large folder is not.
            found = self.history.known(question.below(name))
            return found.newest_ns if found.files or found.folders else None

    def _depth(self, inode: Inode) -> tuple[int, int]:
        """Return how deep a folder lies in the mount, and its time."""
        if inode == VERSIONS:
            return 1, self._newest_ns
        found = self._node(inode)
        assert not isinstance(found, VersionNode)
        return found.depth, found.time_ns

    def _time(self, inode: Inode, path: bytes, depth: int, version: Dated | None) -> VersionNode | None:
        if version is None or version.last not in self._by_id:
            return None
        target = b"../" * depth + self._by_id[version.last].path + path.rstrip(b"/")
        return VersionNode(path, version, inode, target)

    # Folders

    def open_listing(self, inode: Inode) -> Listing:
        """Open a folder for reading its names."""
        if inode < FIRST and inode != VERSIONS:
            return super().open_listing(inode)
        self._current()
        return NamesListing(inode, self._parent(inode), self._names(inode))

    def list_from(self, listing: Listing, position: int, reply: Reply) -> None:
        """Reply with the names from `position` on until there is no more room."""
        if not isinstance(listing, NamesListing):
            super().list_from(listing, position, reply)
            return
        self._require(listing.inode)
        if not self.list_dots(listing, position, reply):
            return
        for after, name in listing.after(position):
            child = self._child(listing.inode, name)
            if child is not None and not self._told(name, child, lambda: reply(name, after)):  # noqa: B023  called now
                return

    def _told(self, name: bytes, node: Node, reply: Callable[[], bool]) -> bool:
        return self._known.tell(name, node, lambda inode: self._filled(inode, node) and reply())

    # Content

    def open_file(self, inode: Inode) -> OpenFile:
        """Open a regular file for reading."""
        if inode < FIRST:
            return super().open_file(inode)
        node = self._node(inode)
        if isinstance(node, VersionNode) and S_ISREG(node.version.state.st_mode):
            page, row, _ = self._found(node)
            return OpenFile(inode, page, row, self._desk)
        raise OSError(errno.EINVAL, "not a file")

    def _place(self, inode: Inode) -> Place:
        if inode < FIRST:
            return super()._place(inode)
        node = self._node(inode)
        assert isinstance(node, VersionNode)
        return self._found(node)

    def _found(self, node: VersionNode) -> Place:
        """Return where a version is kept, by its path."""
        shown = self._by_id.get(node.version.last)
        if shown is None:
            stale()
        tree = self._tree(shown.space)
        place, ordinal = tree.place(ROOT_ORDINAL), ROOT_ORDINAL
        for name in filter(None, node.path.split(b"/")):
            folder = tree.folder(ordinal)
            found = find(folder, name)
            if found is None:
                stale()
            page, row, ordinal = found
            place = Place(page, row, folder)
        return place

    def entry(self, inode: Inode) -> Entry:
        """Return all that is stored of an entry, or of a version."""
        if not self._has_attributes(inode):
            raise OSError(errno.ENODATA, "in no snapshot")
        return super().entry(inode)

    def called(self, inode: Inode) -> bytes:
        """Return by what snapshot and path a person names an entry to commands: ID:PATH."""
        if inode < FIRST:
            return super().called(inode)
        node = self._node(inode)
        assert isinstance(node, VersionNode)
        return b"%s:%s" % (node.version.last.hex()[:ID_SHOWN].encode(), node.path)

    def above(self, inode: Inode) -> list[Inode]:
        """Return the folders that an entry of a snapshot lies in; a version lies in none."""
        return super().above(inode) if inode < FIRST else []

    def list_xattrs(self, inode: Inode, uid: int) -> Sequence[bytes]:
        """Return the names of the attributes that this user may see."""
        return super().list_xattrs(inode, uid) if self._has_attributes(inode) else ()

    def xattr(self, inode: Inode, name: bytes) -> bytes:
        """Return the value of an attribute; OSError ENODATA when the entry has none of that name."""
        if not self._has_attributes(inode):
            raise OSError(errno.ENODATA, name)
        return super().xattr(inode, name)

    def _has_attributes(self, inode: Inode) -> bool:
        if inode < FIRST:
            return True
        node = self._node(inode)
        return isinstance(node, VersionNode) and not node.target
