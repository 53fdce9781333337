"""From what plugins return to answers: nothing is trusted, and everything odd is said."""

from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.archive.port import Answer, FileSet, Refusal
from yester.engine.errors import ArchiveError
from yester.plugins.portal.answers import LONGEST_ID, MOST_IDS, answer_of
from yester.plugins.portal.returned import told

ONE, TWO, THREE = (FileSet((f"/online/{name}",), name, name * 4) for name in ("a", "b", "c"))
ASKED = (ONE, TWO, THREE)
Own = namedtuple("Own", "item_id sha1 external_ids")


def placed(file_set: FileSet, *ids: str) -> FileSet:
    return file_set._replace(external_ids=ids)


def answered(returned: Any, *, keeps_ids: bool = False) -> Answer:
    """Send what was returned as a worker does, and read it."""
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(told(returned, 100)))
    return answer_of(ASKED, sent, keeps_ids=keeps_ids)


@pytest.mark.parametrize(
    ("returned", "answer"),
    [
        (None, Answer(ASKED)),
        ([*ASKED], Answer(ASKED)),
        ((*ASKED,), Answer(ASKED)),
        ((each for each in ASKED), Answer(ASKED)),
        ([placed(ONE, "t1"), placed(TWO, "t2", "\udcff"), THREE],
         Answer((placed(ONE, "t1"), placed(TWO, "t2", "\udcff"), THREE))),
        (([placed(ONE, "t1")], [TWO, THREE], "no tape", {"barcodes": ["A1"]}),
         Answer((placed(ONE, "t1"),), (Refusal("b", "no tape"), Refusal("c", "no tape")), "no tape",
                {"barcodes": ["A1"]})),
        ((None, [TWO], None, None), Answer((ONE, THREE), (Refusal("b", "the archive says that it failed"),))),
        ((None, None, "", {}), Answer(ASKED)),
        (([ONE], [TWO, THREE], "some failed", {"reasons": {"c": "tape A7 is torn"}}),
         Answer((ONE,), (Refusal("b", "some failed"), Refusal("c", "tape A7 is torn")), "some failed")),
        (([ONE], [], "", {"pending": {"b": "4 h", "c": 5, "a": "done already", "x": "?"}}),
         Answer((ONE,), pending=(Refusal("b", "4 h"), Refusal("c", "5")))),
        ([Own("a", "aaaa", "t1"), Own("b", "bbbb", b"\xff"), SimpleNamespace(item_id="c", sha1="cccc")],
         Answer((placed(ONE, "t1"), placed(TWO, "\udcff"), THREE))),
    ],
)  # fmt: skip
def test_each_form_says_the_same(returned: Any, answer: Answer) -> None:
    assert answered(returned) == answer


ALL_BUT_ONE = "It did not speak of 2 of 3 file sets"


@pytest.mark.parametrize(
    ("returned", "done", "remarks"),
    [
        (ONE, (ONE,), (ALL_BUT_ONE,)),
        ([], (), ("It did not speak of 3 of 3 file sets",)),
        ([*ASKED, ONE], ASKED, ("It spoke of some twice: a",)),
        ([*ASKED, FileSet((), "x", "")], ASKED, ("It spoke of file sets that it was not asked about: x",)),
        ([ONE, TWO._replace(sha1="aaaa"), THREE], (ONE, THREE),
         ("It spoke of other content than it was asked about: b", "It did not speak of 1 of 3 file sets")),
        (([*ASKED], [TWO], "", {}), (ONE, THREE), ("It said of some that they are done and that they failed: b",)),
        ([ONE, "b", None], (ONE,), ("It returned what is no file set: str 'b'; NoneType None", ALL_BUT_ONE)),
        (True, (), ("It returned what is no file set: bool True", "It did not speak of 3 of 3 file sets")),
        ("abc", (), ("It returned what is no file set: str 'abc'", "It did not speak of 3 of 3 file sets")),
        ({"a": ONE}, (), None),
        (([*ASKED], [], ""), (), None),
        ((FileSet((), str(n), "") for n in iter(int, 1)), (), None),
        ([placed(ONE, "x" * LONGEST_ID), placed(TWO, "x" * (LONGEST_ID + 1)), placed(THREE, *["x"] * (MOST_IDS + 1))],
         (placed(ONE, "x" * LONGEST_ID),),
         ("It said of some that they lie in more places, or longer ones, than can be kept: b, c",)),
        (([*ASKED], [], "", {"much": "x" * 70_000}), ASKED, ("It said more beside than can be kept",)),
    ],
)  # fmt: skip
def test_what_is_odd_is_said_and_does_not_count(
    returned: Any, done: tuple[FileSet, ...], remarks: tuple[str, ...] | None
) -> None:
    answer = answered(returned)
    assert answer.done == done
    assert remarks is None or answer.remarks == remarks
    assert not answer.extra


def test_where_things_are_stays_where_nothing_is_taken() -> None:
    asked = tuple(placed(each, "here") for each in ASKED)
    said = told([placed(each, "elsewhere") for each in ASKED], 100)
    assert answer_of(asked, said, keeps_ids=True).done == asked


THINGS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.sampled_from([*ASKED, placed(ONE, "x")]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner, inner, inner)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.builds(Own, inner, inner, inner)
    ),
    max_leaves=8,
)


@given(THINGS)
def test_whatever_is_returned_only_what_was_asked_about_is_done(returned: Any) -> None:
    answer = answered(returned)
    names = [each.item_id for each in answer.done]
    assert len(names) == len(set(names)) and {*names} <= {"a", "b", "c"}
    assert not {*names} & {each.item_id for each in answer.refused}
    assert all(each.files == (f"/online/{each.item_id}",) and each.sha1 == each.item_id * 4 for each in answer.done)
    spoken = {*names} | {each.item_id for each in (*answer.refused, *answer.pending)}
    assert len(spoken) == 3 or answer.remarks


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=5)
)
def test_a_worker_that_talks_nonsense_is_found_out(said: object) -> None:
    with pytest.raises(ArchiveError, match="makes no sense"):
        answer_of(ASKED, said, keeps_ids=True)
