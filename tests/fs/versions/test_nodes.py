from yester.fs.inodes import VERSIONS, Inode
from yester.fs.versions.history import Question
from yester.fs.versions.nodes import FIRST, Nodes, PathNode


def node(path: bytes, parent: Inode = VERSIONS) -> PathNode:
    return PathNode(Question("docs", "box", path), parent, b"versions", 0)


def told(nodes: Nodes, name: bytes, what: PathNode) -> Inode:
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
