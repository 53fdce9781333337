"""What hooks want of a run, and what the snapshot then is."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rig import Recorder, Rig, write

from yester.engine.capture.labelling import RunLabel
from yester.engine.capture.wishes import Wishes, both, wished
from yester.engine.errors import UsageError
from yester.engine.events import Message, RunBegin, RunEnd
from yester.engine.hooks import StopRun
from yester.engine.ids import WriterId
from yester.engine.labels import LabelChange, changed, merged
from yester.engine.profiles.profile import FilterSpec, Profile

pytestmark = pytest.mark.usefixtures("settled")

PROFILE = Profile("docs", bytes(16), (b"/a", b"/b"), filters=FilterSpec(excludes=("*.o", "*.tmp"), larger_than=500))

texts = st.sampled_from(("x", "y", "z"))
changes = st.builds(
    LabelChange,
    name=st.none() | texts,
    add_tags=st.lists(texts, max_size=2).map(tuple),
    remove_tags=st.lists(texts, max_size=2).map(tuple),
    pinned=st.none() | st.booleans(),
    note=st.none() | texts,
)


@dataclass
class Wishful(Recorder):
    """Hooks that wish something each time they are asked."""

    answers: Iterator[Wishes] = field(default_factory=lambda: iter(()))

    def __post_init__(self) -> None:
        super().__init__()

    def wishes(self) -> Wishes:
        return next(self.answers, Wishes())

    def warnings(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Message) and event.level == "warning"]


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    write(folder / "one" / "a.txt")
    write(folder / "one" / "b.o", b"b" * 50)
    write(folder / "two" / "c.txt")
    return Rig.of(home, folder / "one")


def wish(rig: Rig, *answers: Wishes) -> Wishful:
    rig.hooks = hooks = Wishful(iter(answers))
    return hooks


def test_nothing_wished_leaves_the_profile() -> None:
    assert wished(PROFILE, Wishes(label=LabelChange(name="x"))) is PROFILE


def test_sources_and_filters() -> None:
    wishes = Wishes((b"/c", b"/a"), (b"/b", b"/none"), ("*.log",), ("*.o", "*.none"), (".no",), 900)
    changed_profile = wished(PROFILE, wishes)
    assert changed_profile.sources == (b"/a", b"/c")
    assert changed_profile.filters == FilterSpec(excludes=("*.tmp", "*.log"), if_present=(".no",), larger_than=500)
    assert wished(PROFILE, Wishes(larger_than=0)).filters.larger_than == 0
    with pytest.raises(UsageError, match="Plugins removed every source of the profile docs"):
        wished(PROFILE, Wishes(remove_sources=(b"/a", b"/b")))


def test_of_two_wishes_the_smaller_limit_and_the_first_reason_count() -> None:
    first, then = Wishes((b"/a",), larger_than=9, abort="one"), Wishes((b"/b",), larger_than=4, abort="two")
    assert both(first, then) == Wishes((b"/a", b"/b"), larger_than=4, abort="one")
    assert both(Wishes(), first) == both(first, Wishes()) == first


@given(changes, changes)
def test_merged_changes_do_what_each_does_after_the_other(first: LabelChange, then: LabelChange) -> None:
    sid, writer = bytes(32), bytes(16)
    one = changed(changed(None, first, sid, writer), then, sid, writer)  # type: ignore[arg-type]
    both_ = changed(None, merged(first, then), sid, writer)  # type: ignore[arg-type]
    assert (one.name, one.tags, one.pinned, one.note) == (both_.name, both_.tags, both_.pinned, both_.note)


def test_the_snapshot_has_what_was_wished(rig: Rig, folder: Path) -> None:
    two = str(folder / "two").encode()
    wish(rig, Wishes(add_sources=(two,), excludes=("*.o",), label=LabelChange(name="n", add_tags=("t",), note="why")))
    done = rig.snap(tags=("mine",))
    taken = rig.taken(done.snapshot)
    assert taken.record.sources == (*rig.profile.sources, two)
    assert folder / "two" / "c.txt" in taken and folder / "one" / "b.o" not in taken
    assert done.snapshot is not None
    label = rig.open().labels()[done.snapshot]
    assert (label.name, label.tags, label.note, label.pinned) == ("n", ("mine", "t"), "why", False)


def test_what_was_left_out_for_one_run_is_taken_by_the_next(rig: Rig, folder: Path) -> None:
    object_file = folder / "one" / "b.o"
    for wishes, is_there in ((Wishes(excludes=("*.o",)), False), (Wishes(), True), (Wishes(larger_than=10), False)):
        wish(rig, wishes)
        assert (object_file in rig.taken(rig.snap().snapshot)) is is_there
    wish(rig)
    done = rig.snap()
    assert object_file in rig.taken(done.snapshot)
    assert done.statistics.changed == 0


def test_a_source_removed_is_not_read(rig: Rig, folder: Path) -> None:
    rig.profile = replace(rig.profile, sources=(*rig.profile.sources, str(folder / "two").encode()))
    hooks = wish(rig, Wishes(remove_sources=(rig.profile.sources[0], b"/no/such")))
    taken = rig.taken(rig.snap().snapshot)
    assert taken.record.sources == rig.profile.sources[1:]
    assert folder / "one" not in taken
    assert hooks.warnings() == ["a plugin wants this source removed, which is none"]


def test_a_wish_to_abort_ends_the_run_and_everybody_hears_it(rig: Rig) -> None:
    for answers in ((Wishes(abort="no"),), (Wishes(), Wishes(abort="no"))):
        hooks = wish(rig, *answers)
        with pytest.raises(StopRun, match="no"):
            rig.snap()
        assert isinstance(hooks.events[0], RunBegin)
        assert isinstance(end := hooks.events[-1], RunEnd) and end.result == "failed"
        assert rig.open().snapshots() == []


def test_the_label_may_be_wished_until_the_run_has_ended(rig: Rig) -> None:
    during, after = Wishes(label=LabelChange(add_tags=("seen",))), Wishes(label=LabelChange(note="done"), abort="late")
    wish(rig, Wishes(), during, Wishes(), after)
    done = rig.snap()
    assert done.snapshot is not None
    label = rig.open().labels()[done.snapshot]
    assert (label.tags, label.note) == (("seen",), "done")


def test_a_partial_snapshot_is_neither_pinned_nor_named() -> None:
    label, writer = RunLabel(("mine",)), WriterId(bytes(16))
    label.change(LabelChange(name="n", add_tags=("t",), pinned=True, note="why"))
    partial, complete = label.record(writer, partial=True), label.record(writer)
    assert partial is not None and complete is not None
    assert (partial.name, partial.pinned, partial.tags, partial.note) == (None, False, ("mine", "t"), "why")
    assert (complete.name, complete.pinned) == ("n", True)
    only_pin = RunLabel(())
    only_pin.change(LabelChange(pinned=True))
    assert only_pin.record(writer, partial=True) is None


def test_a_run_that_finds_nothing_new_leaves_a_snapshot_when_something_is_to_be_said_of_it(rig: Rig) -> None:
    rig.profile = replace(rig.profile, when_unchanged="skip")
    rig.snap()
    wish(rig)
    assert rig.snap().result == "unchanged"
    wish(rig, Wishes(), Wishes(label=LabelChange(pinned=True)))
    assert rig.snap().result == "complete"


def test_what_can_be_no_source_is_a_failure_and_the_rest_is_taken(rig: Rig, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    os.symlink("round", folder / "round")
    for name, words in (
        ("fifo", "is a fifo"),
        ("round", "go round"),
        ("one/a.txt/x", "cannot be reached: Not a dir"),
        ("none", "does not exist"),
    ):
        wish(rig, Wishes(add_sources=(os.fsencode(folder / name),)))
        done = rig.snap()
        [failure] = done.failures
        assert failure.path == os.fsencode(folder / name) and words in failure.what
        assert done.result == "errors" and folder / "one" / "a.txt" in rig.taken(done.snapshot)
    wish(rig, Wishes(add_sources=(os.fsencode(folder / "fifo"),), remove_sources=rig.profile.sources))
    with pytest.raises(UsageError, match=f"No source of the profile docs exists: {folder}/fifo"):
        rig.snap()


def test_a_source_that_is_never_entered_is_a_failure_too(rig: Rig) -> None:
    wish(rig, Wishes(add_sources=(os.fsencode(rig.places.state),)))
    assert [failure.path for failure in rig.snap().failures] == [os.fsencode(rig.places.state)]


@pytest.mark.parametrize(
    ("excludes", "added", "is_taken"),
    [
        ((), "one/d/dump", True),
        (("dump",), "one/d/dump", False),
        (("one/d/",), "one/d/dump", False),
        (("two",), "two", True),
        (("*.o",), "one/b.o", False),
        (("d",), "one", True),
    ],
)
def test_an_added_source_that_the_filters_leave_out_is_told_of(
    rig: Rig, folder: Path, excludes: tuple[str, ...], added: str, is_taken: bool
) -> None:
    write(folder / "one" / "d" / "dump")
    rig.profile = replace(rig.profile, filters=FilterSpec(excludes=excludes, defaults=False))
    hooks = wish(rig, Wishes(add_sources=(os.fsencode(folder / added),)))
    assert (folder / added in rig.taken(rig.snap().snapshot)) is is_taken
    words = "a plugin wants this taken as well, but the filters leave it out of the source that it is in"
    assert hooks.warnings() == ([] if is_taken else [words])
