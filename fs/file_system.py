"""The mount as a tree of values: views above, snapshots below, inode numbers throughout; knows nothing of FUSE.

Every method answers from memory or a local store, or raises: NotAtHand (fetch that blob and call again), NotLooked
(call `look` and `show`, then again), an OSError that says which errno a program gets, or a YesterError, which means
that the content cannot be had as it was.
Nothing here waits or is called from two threads.
"""

import errno
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Generic, NamedTuple, NoReturn, Protocol

from yester.engine.entries import Entry
from yester.engine.errors import YesterError
from yester.engine.ids import BlobKind, SnapshotId
from yester.engine.restore.ownership import Ids, OwnerMode
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.trees.pages import Page
from yester.engine.trees.xattrs import decode_set
from yester.fs.attributes import FOREVER, VIEW_SECONDS, A, AttributeFiller
from yester.fs.file_reading import Desk, OpenFile
from yester.fs.inodes import ORDINAL_BITS, ORDINAL_MASK, ROOT, ZFS, Inode, inode_of
from yester.fs.listing import DOT, DOTS, Listing, Reply, TreeListing, ViewListing
from yester.fs.names import NAME_MAX
from yester.fs.snapshot_tree import Folder, FolderCache, Place, SnapshotTree, find
from yester.fs.sources import NodeSource
from yester.fs.views import Shown, ViewBuilder, ViewFolder, ViewLink, Views
from yester.fs.xattr_view import PREFIX, hidden_value, shown_value

KEPT_TREES = 64
KEPT_GONE = 256
"""Forgotten snapshots in which programs may still stand."""
POLL_SECONDS = {True: 0.5, False: 60.0}
"""How often the list of snapshots is looked at again, at most: in a local store, and in another. Together with the
second for which the kernel keeps what views show, what happens on this machine is seen within two."""
BLOCK_SIZE = 4096
LONGEST_TARGET = 4095
"""What the kernel takes as the target of a link; Linux has no longer ones, but the format has."""
UNLISTED = b".zfs"
"""In the root, for programs that look for snapshots there."""
ID_SHOWN = 8
_TRUSTED = b"trusted."
_KINDS = (b"user.", b"security.", b"system.", _TRUSTED)


class SnapshotList(Protocol):
    """Who knows the snapshots: the repository."""

    def snapshot_ids(self) -> set[SnapshotId]:
        """Return the ids of all snapshots."""
        ...

    def snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        """Return all snapshots, oldest first."""
        ...

    def labels(self) -> Mapping[SnapshotId, Label]:
        """Return what is said of snapshots."""
        ...


class NotLooked(Exception):
    """The list of snapshots is due to be looked at, in a store that may let one wait: call `look` on a thread."""


class Seen(NamedTuple):
    """The snapshots of a repository, as they were at one moment."""

    snapshots: Sequence[tuple[SnapshotId, Snapshot]]
    ids: Set[SnapshotId]
    labels: Mapping[SnapshotId, Label]


class Space(NamedTuple):
    """What statfs tells: blocks of BLOCK_SIZE in all snapshots shown, and their entries."""

    blocks: int
    entries: int


class FileSystem(Generic[A]):
    """One mount's tree. Methods that return attributes fill in the one object that was given and return it."""

    def __init__(
        self,
        snapshots: SnapshotList,
        builder: ViewBuilder,
        desk: Desk,
        attributes: A,
        *,
        owner: OwnerMode,
        me: Ids,
        poll_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._snapshots = snapshots
        self._builder = builder
        self._desk = desk
        self._nodes = NodeSource(desk.source)
        self._fill = AttributeFiller(attributes, owner, me)
        self._owner = owner
        self._clock = clock
        self._folders = FolderCache()
        self._placed = -1
        self._last: Place
        self._trees: OrderedDict[int, SnapshotTree] = OrderedDict()
        self._gone: dict[int, Shown] = {}
        self._seen = Seen((), frozenset(), {})
        self._looked = clock()
        self._is_local = desk.source.local
        self._poll_seconds = POLL_SECONDS[self._is_local] if poll_seconds is None else poll_seconds
        self._views = Views({}, {})
        self.show(self.look())

    @property
    def attributes_object(self) -> A:
        """The object that attributes are filled in to."""
        return self._fill.attributes

    # Views

    def look(self) -> Seen:
        """Look at the list of snapshots; on any thread. YesterError when the store fails."""
        ids = self._snapshots.snapshot_ids()
        is_known = ids == self._seen.ids
        return Seen(self._seen.snapshots if is_known else self._snapshots.snapshots(), ids, self._snapshots.labels())

    def show(self, seen: Seen) -> None:
        """Show what was seen. YesterError when new inode numbers cannot be kept."""
        if self._views.nodes and seen.ids == self._seen.ids and seen.labels == self._seen.labels:
            return
        before = self._views.places
        self._views = self._builder.build(seen.snapshots, seen.labels)
        self._seen = seen
        # Who has a file or a folder of a forgotten snapshot open goes on, as long as its packs are there.
        self._gone.update((space, item) for space, item in before.items() if space not in self._views.places)
        while len(self._gone) > KEPT_GONE:
            del self._gone[next(iter(self._gone))]

    def _current(self) -> Views:
        now = self._clock()
        if now - self._looked >= self._poll_seconds:
            self._looked = now
            if not self._is_local:
                raise NotLooked
            try:
                self.show(self.look())
            except YesterError:
                # The store is away for now: what was listed last stays visible, and reading it says what is wrong.
                return self._views
        return self._views

    def _view(self, inode: Inode) -> ViewFolder | ViewLink:
        node = self._current().nodes.get(inode)
        if node is None:
            stale()
        return node

    def _tree(self, space: int) -> SnapshotTree:
        tree = self._trees.get(space)
        if tree is None:
            shown = self._shown(space)
            if shown is None:
                stale()
            tree = self._trees[space] = SnapshotTree(space, shown.snapshot, self._nodes, self._folders)
            if len(self._trees) > KEPT_TREES:
                self._trees.popitem(last=False)
        return tree

    def _shown(self, space: int) -> Shown | None:
        return self._views.places.get(space) or self._gone.get(space) or self._current().places.get(space)

    def _place(self, inode: Inode) -> Place:
        """Return where an entry is kept. Programs ask several things of one entry in a row, so the last is kept."""
        if inode != self._placed:
            try:
                self._last = self._tree(inode >> ORDINAL_BITS).place(inode & ORDINAL_MASK)
            except KeyError:
                stale()
            self._placed = inode
        return self._last

    def _folder(self, inode: Inode) -> tuple[SnapshotTree, Folder]:
        tree = self._tree(inode >> ORDINAL_BITS)
        try:
            return tree, tree.folder(inode & ORDINAL_MASK)
        except KeyError:
            stale()

    def forget(self, forgotten: Iterable[tuple[Inode, int]]) -> None:
        """The kernel forgets numbers, each of which it was told so many times: nothing is kept for any."""

    # Names and attributes

    def lookup(self, parent: Inode, name: bytes) -> A:
        """Return the attributes of a name in a folder; with `st_ino` 0 when there is no such name."""
        if name == DOT:
            return self.attributes(parent)
        if name == DOTS:
            return self.attributes(self._parent(parent))
        space = parent >> ORDINAL_BITS
        if not space:
            return self._lookup_view(parent, name)
        tree, folder = self._folder(parent)
        found = find(folder, name)
        if found is None:
            return self._no_name(name, FOREVER)
        page, row, ordinal = found
        if page.nlinks[row] > 1 and not S_ISDIR(page.modes[row]):
            ordinal = tree.first_link(ordinal)
        return self._fill.row(page, row, inode_of(space, ordinal))

    def _lookup_view(self, parent: Inode, name: bytes) -> A:
        node = self._view(parent)
        if isinstance(node, ViewLink):
            raise NotADirectoryError(errno.ENOTDIR, name)
        child = node.children.get(name)
        if child is None and name == UNLISTED and parent == ROOT:
            child = ZFS
        if child is None:
            return self._no_name(name, VIEW_SECONDS)
        found = self.attributes(child)
        found.entry_timeout = VIEW_SECONDS
        return found

    def _no_name(self, name: bytes, seconds: float) -> A:
        # FUSE asks for names of up to 1024 bytes, which other systems may have; here most programs expect a refusal.
        if len(name) > NAME_MAX:
            raise OSError(errno.ENAMETOOLONG, name)
        return self._fill.nothing(seconds)

    def attributes(self, inode: Inode) -> A:
        """Return the attributes of an entry or a view's node."""
        if not inode >> ORDINAL_BITS:
            return self._fill.view(self._view(inode))
        page, row, _ = self._place(inode)
        return self._fill.row(page, row, inode)

    def _parent(self, inode: Inode) -> Inode:
        space = inode >> ORDINAL_BITS
        if not space:
            node = self._view(inode)
            return node.parent if isinstance(node, ViewFolder) else ROOT
        folder = self._place(inode).folder
        if folder is not None:
            return inode_of(space, folder.ordinal)
        shown = self._views.places.get(space) or self._gone.get(space)
        return shown.folder if shown and shown.folder in self._views.nodes else ROOT

    def _number(self, inode: Inode) -> Inode:
        """Return the number by which the kernel knows a folder."""
        return inode

    def readlink(self, inode: Inode) -> bytes:
        """Return a symlink's target."""
        if not inode >> ORDINAL_BITS:
            node = self._view(inode)
            if isinstance(node, ViewLink):
                return node.target
        else:
            page, row, _ = self._place(inode)
            if S_ISLNK(page.modes[row]):
                return _fitting(page.target(row))
        raise OSError(errno.EINVAL, "not a link")

    # Folders

    def open_listing(self, inode: Inode) -> Listing:
        """Open a folder for reading its names."""
        space = inode >> ORDINAL_BITS
        if not space:
            node = self._view(inode)
            if isinstance(node, ViewLink):
                raise NotADirectoryError(errno.ENOTDIR, "a link")
            return ViewListing(inode, node.parent, list(node.children.items()))
        tree, folder = self._folder(inode)
        parent = inode_of(space, folder.parent.ordinal) if folder.parent else self._parent(inode)
        return TreeListing(inode, parent, tree, folder)

    def list_from(self, listing: Listing, position: int, reply: Reply) -> None:
        """Reply with the names from `position` on until there is no more room.

        An error comes only when nothing was replied; else the next call meets it.
        """
        if isinstance(listing, ViewListing):
            # Now, since after the first reply nothing may begin anew.
            self._current()
        if not self.list_dots(listing, position, reply):
            return
        if isinstance(listing, TreeListing):
            listing.rows(self._fill, position, reply)
        elif isinstance(listing, ViewListing):
            for after, (child, inode) in listing.after(position):
                if self._fill_child(inode) and not reply(child, after):
                    return

    def list_dots(self, listing: Listing, position: int, reply: Reply) -> bool:
        """Reply with what every folder begins with, from `position` on; False when there is no more room."""
        for at, name in enumerate((DOT, DOTS)[position:], position):
            self._fill.dot(self._number(listing.parent if at else listing.inode))
            if not reply(name, at + 1):
                return False
        return True

    def _fill_child(self, inode: Inode) -> bool:
        """Fill in what a view folder shows; False when it is gone: a snapshot was forgotten since it was opened."""
        space = inode >> ORDINAL_BITS
        if space:
            if space in self._views.places:
                self.attributes(inode).entry_timeout = VIEW_SECONDS
            return space in self._views.places
        node = self._views.nodes.get(inode)
        if node is not None:
            self._fill.view(node)
        return node is not None

    # Content

    def open_file(self, inode: Inode) -> OpenFile:
        """Open a regular file for reading."""
        if inode >> ORDINAL_BITS:
            page, row, _ = self._place(inode)
            if S_ISREG(page.modes[row]):
                return OpenFile(inode, page, row, self._desk)
        raise OSError(errno.EINVAL, "not a file")

    def entry(self, inode: Inode) -> Entry:
        """Return all that is stored of an entry; OSError ENODATA for what is not in a snapshot."""
        if not inode >> ORDINAL_BITS:
            raise OSError(errno.ENODATA, "in no snapshot")
        page, row, _ = self._place(inode)
        return page.entry(row)

    def called(self, inode: Inode) -> bytes:
        """Return by what snapshot and path a person names an entry to commands: ID:PATH."""
        shown = self._shown(inode >> ORDINAL_BITS)
        if shown is None:
            stale()
        return b"%s:%s" % (shown.id.hex()[:ID_SHOWN].encode(), self._path(inode) or b"/")

    def above(self, inode: Inode) -> list[Inode]:
        """Return the folders that an entry of a snapshot lies in, its root first."""
        folder, found = self._place(inode).folder, []
        while folder is not None:
            found.append(inode_of(inode >> ORDINAL_BITS, folder.ordinal))
            folder = folder.parent
        return found[::-1]

    def _path(self, inode: Inode) -> bytes:
        """Return the path of an entry in its snapshot; empty for its root."""
        names = []
        place = self._place(inode)
        tree = self._tree(inode >> ORDINAL_BITS)
        while place.folder is not None:
            names.append(place.page.names()[place.row])
            place = tree.place(place.folder.ordinal)
        return b"".join(b"/" + name for name in reversed(names))

    # Extended attributes

    def list_xattrs(self, inode: Inode, uid: int) -> Sequence[bytes]:
        """Return the names of the attributes that this user may see."""
        if not inode >> ORDINAL_BITS:
            return ()
        page, row, _ = self._place(inode)
        if page.xattrs_column is None:
            return ()
        return [name for name in self._xattrs(page, row) if uid == 0 or not name.startswith(_TRUSTED)]

    def xattr(self, inode: Inode, name: bytes) -> bytes:
        """Return the value of an attribute; OSError ENODATA when there is none, ENOTSUP when none could be."""
        value = None
        if inode >> ORDINAL_BITS:
            page, row, _ = self._place(inode)
            if page.xattrs_column is not None:
                value = self._xattrs(page, row).get(name)
            if value is not None:
                return shown_value(name, value, self._owner, page.modes[row])
            if name.startswith(PREFIX):
                value = hidden_value(page.entry(row), name)
        if value is None:
            raise OSError(errno.ENODATA if name.startswith(_KINDS) else errno.ENOTSUP, name)
        return value

    def _xattrs(self, page: Page, row: int) -> Mapping[bytes, bytes]:
        found, stored = page.xattrs(row)
        return decode_set(self._nodes.blob(BlobKind.XATTRS, found) if stored else found)

    # The whole

    def space(self) -> Space:
        """Return what the snapshots hold."""
        held = [item.snapshot.statistics for item in self._current().shown.values()]
        return Space(sum(-(-one.size // BLOCK_SIZE) for one in held), sum(one.entries for one in held))


def _fitting(target: bytes) -> bytes:
    if len(target) > LONGEST_TARGET:
        raise OSError(errno.ENAMETOOLONG, "the target of a link")
    return target


def stale() -> NoReturn:
    """Raise the OSError for a number that nothing has."""
    raise OSError(errno.ESTALE, "no such inode")
