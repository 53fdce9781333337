"""Numbers for what the versions of paths are shown in: given out as the kernel learns of them, and never used again.

Unlike all else in a mount these are no numbers of anything: paths have none, and a table of all that were ever visited
would grow without end. A node is kept as long as the kernel knows it, which it says by `forget`; so a handle of one
does not outlive that.
"""

from collections.abc import Callable
from dataclasses import dataclass

from yester.fs.inodes import ORDINAL_BITS, SPACES, Inode
from yester.fs.versions.history import Dated, Question

FIRST = Inode(SPACES >> 1 << ORDINAL_BITS)
"""The upper half of all numbers: no client ever numbers a million snapshots."""


@dataclass(frozen=True, slots=True)
class PathNode:
    """A folder of what a path was."""

    question: Question
    parent: Inode
    depth: int
    """How many folders it takes to go up to the root of the mount."""
    time_ns: int


@dataclass(frozen=True, slots=True)
class TimesNode:
    """A folder of when a folder changed."""

    question: Question
    parent: Inode
    depth: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class VersionNode:
    """A version: of a file, a link or the like itself, of a folder a link to it."""

    path: bytes
    version: Dated
    parent: Inode
    target: bytes = b""
    """Where the link to a folder leads."""


Node = PathNode | TimesNode | VersionNode


class Nodes:
    """The nodes that the kernel knows, and those being told to it."""

    def __init__(self) -> None:
        self._nodes: dict[Inode, Node] = {}
        self._counts: dict[Inode, int] = {}
        self._numbers: dict[tuple[Inode, bytes], Inode] = {}
        self._keys: dict[Inode, tuple[Inode, bytes]] = {}
        self._next = FIRST

    def get(self, inode: Inode) -> Node | None:
        """Return what a number is; None when the kernel has forgotten it, or never heard of it."""
        return self._nodes.get(inode)

    def tell(self, name: bytes, node: Node, told: Callable[[Inode], bool]) -> bool:
        """Tell the kernel of a node, called `name` in its parent: by a number of its own, or the one that it has.

        `told` says whether the kernel took it. What is called so now may be another version than before, of which the
        kernel keeps pages: it has another number.
        """
        key = (node.parent, name)
        inode = self._numbers.get(key)
        if inode is None or not _is_same(self._nodes[inode], node):
            inode, self._next = self._next, Inode(self._next + 1)
        is_new = inode not in self._nodes
        self._nodes[inode] = node
        if told(inode):
            self._numbers[key], self._keys[inode] = inode, key
            self._counts[inode] = self._counts.get(inode, 0) + 1
            return True
        if is_new:
            del self._nodes[inode]
        return False

    def forget(self, inode: Inode, count: int) -> None:
        """The kernel was told of a number so many times that it forgets now."""
        left = self._counts.get(inode, 0) - count
        if left > 0:
            self._counts[inode] = left
        elif inode in self._counts:
            del self._counts[inode], self._nodes[inode]
            key = self._keys.pop(inode)
            if self._numbers[key] == inode:
                del self._numbers[key]

    def __len__(self) -> int:
        return len(self._nodes)


def _is_same(one: Node, other: Node) -> bool:
    """Whether two nodes of one name are the same thing; which snapshot has a version may differ."""
    if isinstance(one, VersionNode) and isinstance(other, VersionNode):
        return one.version.state == other.version.state and bool(one.target) == bool(other.target)
    return type(one) is type(other)
