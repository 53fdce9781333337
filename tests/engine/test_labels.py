"""Labels: what one client says, and what two say at once."""

from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path

import pytest
from tests.rig import Rig, write

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId, WriterId
from yester.engine.labels import LabelChange, changed, counting, rival
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label
from yester.engine.store import Buffer
from yester.plugins.backends.memory import MemoryStore

SID, WRITER = SnapshotId(bytes(32)), WriterId(bytes(16))


def label(counter: int, writer: int = 0, name: str | None = None) -> Label:
    return Label(snapshot=SID, counter=counter, writer=bytes([writer]) * 16, name=name)


def test_a_change_leaves_the_rest() -> None:
    first = changed(None, LabelChange(name="name", add_tags=("b", "a"), pinned=True, note="n"), SID, WRITER)
    assert (first.counter, first.name, first.tags, first.pinned, first.note) == (1, "name", ("a", "b"), True, "n")
    second = changed(first, LabelChange(add_tags=("c",), remove_tags=("a", "z")), SID, WRITER)
    assert (second.counter, second.name, second.tags, second.pinned, second.note) == (2, "name", ("b", "c"), True, "n")
    third = changed(second, LabelChange(name="", pinned=False, note=""), SID, WRITER)
    assert (third.name, third.tags, third.pinned, third.note) == (None, ("b", "c"), False, "")


@pytest.mark.parametrize(
    "change",
    [
        *(LabelChange(add_tags=(tag,)) for tag in ("", "two words", "a,b", "x" * 65, "a\x1b", " a", "a\n")),
        *(LabelChange(name=name) for name in ("a\nb", "x" * 201, " a", "a ", "\x1b[2J")),
        *(LabelChange(note=note) for note in ("x" * 4001, "\x1b[2J", "a\0b")),
    ],
)
def test_what_cannot_be_said(change: LabelChange) -> None:
    with pytest.raises(UsageError):
        changed(None, change, SID, WRITER)


def test_the_highest_counter_counts_then_the_highest_writer_then_the_digest() -> None:
    ranked = [(b"d", label(1, 9)), (b"c", label(2, 1)), (b"a", label(2, 3, "x")), (b"b", label(2, 3, "y"))]
    for order in permutations(ranked):
        assert counting(order)[SID] is ranked[-1][1]


def test_a_rival_stands_beside_and_says_otherwise() -> None:
    own = label(2, 1, "mine")
    assert rival([(b"o", own), (b"a", label(1, 5, "before"))], b"o", own) is None
    assert rival([(b"o", own), (b"a", label(2, 0, "mine"))], b"o", own) is None
    other = label(2, 0, "other")
    assert rival([(b"o", own), (b"a", other)], b"o", own) is other


class Meanwhile(MemoryStore):
    """A store in which something happens right before a label is put."""

    def __init__(self) -> None:
        super().__init__()
        self.happens: list[Callable[[], object]] = []

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if name.startswith("label.") and self.happens:
            self.happens.pop()()
        super().put(name, buffers, if_absent=if_absent, group=group)


@pytest.fixture
def store() -> Meanwhile:
    return Meanwhile()


@pytest.fixture
def hosts(home: Path, folder: Path, store: Meanwhile) -> tuple[Repository, Repository, SnapshotId]:
    """Two clients of one repository, and a snapshot in it."""
    write(folder / "a")
    rig = Rig.of(home, folder)
    rig.store = store
    sid = rig.snap(tags=("first",)).snapshot
    assert sid is not None
    other = Repository.open(store, None, places=Places.under(home / "other"))
    assert other.writer != rig.open().writer
    return rig.open(), other, sid


def test_what_two_say_one_after_the_other(hosts: tuple[Repository, Repository, SnapshotId]) -> None:
    one, other, sid = hosts
    one.set_label(sid, name="name")
    other.set_label(sid, pinned=True)
    said = one.set_label(sid, remove_tags=["first"])
    assert (said.counter, said.name, said.pinned, said.tags) == (4, "name", True, ())
    assert other.labels() == {sid: said}


def test_saying_the_same_again_writes_nothing(
    hosts: tuple[Repository, Repository, SnapshotId], store: Meanwhile
) -> None:
    one, other, sid = hosts
    one.set_label(sid, pinned=True)
    before = set(store.list())
    other.set_label(sid, pinned=True, add_tags=["first"])
    assert set(store.list()) == before


@pytest.mark.parametrize("first", [0, 1])
def test_what_two_say_at_once_is_kept_where_it_does_not_contradict(
    hosts: tuple[Repository, Repository, SnapshotId], store: Meanwhile, first: int
) -> None:
    """Both read the same label, then both write; whichever writer id is the higher, nothing is lost."""
    sid = hosts[2]
    one, other = hosts[first], hosts[1 - first]
    assert isinstance(one, Repository) and isinstance(other, Repository)
    store.happens = [lambda: other.set_label(sid, pinned=True, add_tags=["b"])]
    said = one.set_label(sid, name="name", remove_tags=["first"])
    assert (said.name, said.tags, said.pinned) == ("name", ("b",), True)
    assert one.labels() == other.labels() == {sid: said}


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_names_at_once_one_is_left_and_both_see_the_same(
    hosts: tuple[Repository, Repository, SnapshotId], store: Meanwhile, first: int
) -> None:
    sid = hosts[2]
    one, other = hosts[first], hosts[1 - first]
    assert isinstance(one, Repository) and isinstance(other, Repository)
    store.happens = [lambda: other.set_label(sid, name="theirs")]
    said = one.set_label(sid, name="mine")
    assert said.name == "mine"
    assert one.labels() == other.labels() == {sid: said}
