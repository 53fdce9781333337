"""Which wishes plugins may have, and until when."""

from typing import Any

import pytest

from yester.engine.capture.wishes import Wishes
from yester.engine.labels import LabelChange
from yester.plugins.wishing import WISHES, Stage, WishBook
from yester.plugins.worker.problems import AskRefused


@pytest.fixture
def book() -> WishBook:
    return WishBook()


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        ("add_source", b"/a/../b/", Wishes(add_sources=(b"/b",))),
        ("add_source", "//a", Wishes(add_sources=(b"/a",))),
        ("remove_source", b"/\xff", Wishes(remove_sources=(b"/\xff",))),
        ("exclude", "*.o", Wishes(excludes=("*.o",))),
        ("drop_exclude", "*.o", Wishes(drop_excludes=("*.o",))),
        ("exclude_if_present", ".no", Wishes(if_present=(".no",))),
        ("exclude_larger", 0, Wishes(larger_than=0)),
        ("read_from", ["/a/", b"/b\xff"], Wishes(read_from=((b"/a", b"/b\xff"),))),
        ("abort", "", Wishes(abort="p ends the run: it gives no reason")),
        ("tag", "t", Wishes(label=LabelChange(add_tags=("t",)))),
        ("name", "n", Wishes(label=LabelChange(name="n"))),
        ("note", "a\nb", Wishes(label=LabelChange(note="a\nb"))),
        ("pin", False, Wishes(label=LabelChange(pinned=False))),
    ],
)
def test_a_wish(book: WishBook, kind: str, value: Any, meant: Wishes) -> None:
    book.add("p", kind, value)
    assert book.take() == meant
    assert book.take() == Wishes()


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("ad_source", b"/", "there is no wish ad_source. Did you mean add_source or remove_source?"),
        ("add_source", "a", "add_source: a source is an absolute path"),
        ("add_source", 5, "add_source: a source is an absolute path"),
        ("add_source", b"/a\0", "add_source: a source is an absolute path"),
        ("read_from", ["/a"], "read_from takes a source and where it is read, two absolute paths, not"),
        ("read_from", ["/a", "b"], "is an absolute path"),
        ("exclude", "", "exclude takes a pattern as in .gitignore, not ''"),
        ("exclude", "!", "exclude: An exclude pattern cannot be read"),
        ("exclude_larger", True, "exclude_larger takes a number of bytes, not True"),
        ("exclude_larger", -1, "exclude_larger takes a number of bytes, not -1"),
        ("exclude_if_present", "a/b", "takes the name of a file"),
        ("tag", "two words", "tag: 'two words' cannot be a tag"),
        ("name", "latest", "name: latest names the newest snapshot already"),
        ("note", "x" * 5000, "note: This note is too long"),
        ("pin", "yes", "pin takes true or false, not 'yes'"),
    ],
)
def test_nonsense_is_refused_with_words(book: WishBook, kind: str, value: Any, words: str) -> None:
    with pytest.raises(AskRefused) as refused:
        book.add("p", kind, value)
    assert words in str(refused.value)
    assert book.take() == Wishes()


PATHS = {"add_source": b"/a", "remove_source": b"/a", "read_from": [b"/a", b"/b"]}
GOOD = {"exclude_larger": 5, "pin": True, **PATHS}


@pytest.mark.parametrize("stage", Stage)
def test_a_wish_after_its_stage_is_refused(book: WishBook, stage: Stage) -> None:
    book.turn(stage)
    for kind, wish in WISHES.items():
        if stage <= wish.until:
            book.add("p", kind, GOOD.get(kind, "text"))
        else:
            with pytest.raises(AskRefused, match=f"{kind} comes too late: "):
                book.add("p", kind, GOOD.get(kind, "text"))


def test_with_the_first_question_the_plan_is_made(book: WishBook) -> None:
    book.take()
    with pytest.raises(AskRefused, match="until on_run_begin has ended"):
        book.add("p", "add_source", b"/a")
    book.add("p", "abort", "no")
