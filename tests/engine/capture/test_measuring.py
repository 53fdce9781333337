import os
from pathlib import Path

import pytest

from yester.engine.capture.filters import CACHE_TAG, CACHE_TAG_SIGNATURE, Filter
from yester.engine.capture.measuring import Measure, measured, surroundings_of
from yester.engine.places import Places
from yester.engine.profiles.profile import FilterSpec


@pytest.fixture
def top(tmp_path: Path) -> bytes:
    """Files of 10, 200 and 3,000 bytes, a cache of 40,000 and what a pattern takes."""
    sizes = {"a/one": 10, "a/b/two": 200, "big": 3000, ".cache/x/y": 40_000, "c/z": 500_000, "a/no.o": 7}
    for name, size in sizes.items():
        path = tmp_path / "top" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    (tmp_path / "top/c" / os.fsdecode(CACHE_TAG)).write_bytes(CACHE_TAG_SIGNATURE)
    return os.fsencode(tmp_path / "top")


def counted(top: bytes, *more: bytes, most: int = 1000, **spec: object) -> Measure:
    places = Places.under(Path(os.fsdecode(top)).parent / "places")
    sources = (top, *more)
    rules = Filter(FilterSpec(**spec))  # type: ignore[arg-type]
    *_, last = measured(sources, rules, surroundings_of(sources, places), most)
    return last


def test_what_is_taken_and_what_is_left_out_and_why(top: bytes) -> None:
    found = counted(top, excludes=("*.o",))
    tag = len(CACHE_TAG_SIGNATURE)
    assert (found.files, found.size, found.folders) == (4, 3210 + tag, 4)
    assert found.sources == {top: 3210 + tag}
    assert found.heaviest() == [(top + b"/big", 3000), (top + b"/a", 210), (top + b"/c", tag)]
    left = [(each.path[len(top) :], each.why, each.size) for each in found.heaviest_left_out()]
    assert left == [(b"/c", "cache", 500_000 + tag), (b"/.cache", "pattern", 40_000), (b"/a/no.o", "pattern", 7)]
    assert (found.left_out, found.is_whole) == (3, True)


def test_files_that_are_too_large_and_folders_that_are_marked(top: bytes) -> None:
    found = counted(top, larger_than=2999, if_present=("one",), caches=False, defaults=False)
    left = {each.path[len(top) :]: each.why for each in found.heaviest_left_out()}
    assert left == {b"/big": "large", b"/c/z": "large", b"/.cache/x/y": "large", b"/a": "marked"}


def test_a_source_in_another_one_counts_once_and_one_that_is_gone_not_at_all(top: bytes) -> None:
    once = counted(top)
    assert counted(top, top + b"/a", top).size == once.size
    assert counted(top, top + b"-gone").unreadable == 1
    assert counted(top + b"/big").size == 3000


def test_it_ends_where_there_is_no_end(top: bytes) -> None:
    found = counted(top, most=3)
    assert not found.is_whole
    assert found.entries < 10


def test_it_can_be_left_at_any_time(top: bytes) -> None:
    rules, places = Filter(FilterSpec()), Places.under(Path(os.fsdecode(top)).parent)
    counting = measured((top,), rules, surroundings_of((top,), places))
    assert next(counting).folders == 1
    counting.close()  # type: ignore[attr-defined]  # it is a generator


def test_the_repository_and_what_cannot_be_listed_are_not_entered(top: bytes) -> None:
    places, rules = Places.under(Path(os.fsdecode(top)).parent), Filter(FilterSpec(defaults=False, caches=False))
    *_, found = measured((top,), rules, surroundings_of((top,), places, top + b"/c"))
    assert found.size == 43_217
    assert [each.why for each in found.heaviest_left_out()] == ["elsewhere"]
