from yester.engine.catalogue.states import State
from yester.engine.entries import Owner
from yester.engine.ids import SnapshotId
from yester.fs.inodes import VERSIONS, Inode
from yester.fs.versions.history import Dated, Question
from yester.fs.versions.nodes import FIRST, Node, Nodes, PathNode, VersionNode


def node(path: bytes, parent: Inode = VERSIONS) -> PathNode:
    return PathNode(Question("docs", "box", path), parent, 2, 0)


def told(nodes: Nodes, name: bytes, what: Node) -> Inode:
    numbers: list[Inode] = []
    assert nodes.tell(name, what, lambda inode: not numbers.append(inode))  # type: ignore[func-returns-value]
    return numbers[0]


def test_a_name_keeps_its_number_as_long_as_the_kernel_knows_it() -> None:
    nodes = Nodes()
    one, other = told(nodes, b"a", node(b"/a")), told(nodes, b"b", node(b"/b"))
    assert FIRST <= one < other < 1 << 53
    assert told(nodes, b"a", node(b"/a")) == one
    nodes.forget(one, 1)
    assert nodes.get(one) == node(b"/a")
    nodes.forget(one, 1)
    assert nodes.get(one) is None
    assert told(nodes, b"a", node(b"/a")) > other, "a number is never used again"
    assert len(nodes) == 2


def test_one_that_there_was_no_room_for_leaves_nothing() -> None:
    nodes = Nodes()
    assert not nodes.tell(b"a", node(b"/a"), lambda inode: False)
    assert len(nodes) == 0
    known = told(nodes, b"a", node(b"/a"))
    assert not nodes.tell(b"a", node(b"/a"), lambda inode: False)
    assert nodes.get(known) is not None


def test_what_was_never_told_can_be_forgotten() -> None:
    Nodes().forget(FIRST, 3)


def test_a_name_in_two_folders_is_two() -> None:
    nodes = Nodes()
    assert told(nodes, b"a", node(b"/a")) != told(nodes, b"a", node(b"/a", Inode(1 << 32)))


def version(mtime_ns: int, last: bytes = b"1", target: bytes = b"") -> VersionNode:
    state = State(0o100644, 0, 3, mtime_ns, b"", None)
    return VersionNode(b"/a", Dated(state, Owner(0, 0), SnapshotId(last * 32)), VERSIONS, target)


def test_another_version_of_the_same_name_has_another_number() -> None:
    nodes = Nodes()
    one = told(nodes, b"a", version(1))
    assert told(nodes, b"a", version(1, last=b"2")) == one, "the same as a later snapshot has it"
    two = told(nodes, b"a", version(2))
    assert two != one, "the kernel has pages of the other"
    assert nodes.get(one) == version(1, last=b"2")
    folder = told(nodes, b"a", node(b"/a"))
    assert folder not in (one, two)
    nodes.forget(one, 2)
    assert told(nodes, b"a", node(b"/a")) == folder
    nodes.forget(two, 1)
    nodes.forget(folder, 2)
    assert len(nodes) == 0
    assert told(nodes, b"a", node(b"/a")) > folder
