from typing import Any

from tests.tui.fake import NOW_NS

from yester.tui.state import browse
from yester.tui.state.browse import (
    Arranged,
    BrowseState,
    DeletedShown,
    Entered,
    Failed,
    HiddenShown,
    Listed,
    Marked,
    Opened,
    Paged,
    Stepped,
    Unmarked,
    about,
    apply,
)
from yester.tui.state.entries import Entry
from yester.tui.state.pages import KEPT, PAGE, Pages
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import ASCII
from yester.tui.state.versions import Seen

SNAPSHOTS = tuple(Snapshot(snapshot=f"{at}", time_ns=NOW_NS - at, host="desk") for at in range(3))


def opened(**more: Any) -> BrowseState:
    return apply(BrowseState(), Opened(SNAPSHOTS, "0", b"/home", **{"host": "desk", **more}))


def after(state: BrowseState, *events: browse.Happening) -> BrowseState:
    for event in events:
        state = apply(state, event)
    return state


def test_now_stands_before_the_newest() -> None:
    state = opened()
    assert [each.snapshot for each in state.snapshots] == ["now", "0", "1", "2"]
    assert (about(state).snapshot, state.against, browse.position(state)) == ("0", "now", "1 of 3")
    now = after(state, Stepped(-1), Stepped(-1))
    assert (now.is_now, now.against, about(now).folder) == (True, "0", b"/home")
    assert about(after(now, *[Stepped(1)] * 9)).snapshot == "2"
    assert after(BrowseState(), Opened((), "", b"/")).snapshots == ()


def test_what_is_hidden_stays_so_in_other_folders_and_profiles() -> None:
    state = after(opened(), HiddenShown())
    assert (about(state).hidden, browse.position(state)) == (False, "1 of 3, hidden left out")
    assert not about(after(state, Entered(b"/"), Opened((), "", b"/"))).hidden
    assert about(after(state, HiddenShown())).hidden


def test_what_another_machine_took_is_held_against_nothing() -> None:
    assert opened(host="laptop").against == ""
    assert opened(host="").against == "now"


def test_pages_of_another_folder_snapshot_order_or_with_others_come_too_late() -> None:
    state = opened()
    page = Paged(about(state), 0, (Entry(path="a"),), 1)
    assert after(state, page).pages.at(0) == Entry(path="a")
    for event in (Stepped(1), Entered(b"/"), DeletedShown(), HiddenShown(), Arranged(None), browse.Filtered("x")):
        gone = after(state, page, event)
        assert gone.pages == Pages()
        if event != Arranged(None):
            assert after(gone, page).pages.total is None
    assert after(state, Failed(about(state), "why")).problem == "why"
    assert after(state, Failed(about(after(state, Stepped(1))), "why")).problem == ""


def test_pages_are_bounded_and_fresh_ones_are_alone() -> None:
    state, some = opened(), (Entry(path="a"),) * PAGE
    for number in range(KEPT + 3):
        state = after(state, Paged(about(state), number, some, 10**6))
    assert len(state.pages.by_number) == KEPT
    assert [*after(state, Paged(about(state), 5, some, 10**6, is_fresh=True)).pages.by_number] == [5]
    assert state.pages.missing(0, 20) == 0
    assert state.pages.missing(3 * PAGE, 3 * PAGE + 20) is None
    assert state.row(b"a", 4) == 4 * PAGE
    assert state.row(b"none", 4) is None


def test_marks_keep_where_they_come_from() -> None:
    state = opened()
    there, gone = Entry(path="a"), Entry(path="b", last=Seen(snapshot="2"))
    assert (state.source(there), state.source(gone)) == ("0", "2")
    now = after(state, Stepped(-1))
    assert (now.source(there), now.source(gone)) == ("", "2")
    marked = after(state, Marked(b"/home/a", "0"), Stepped(1), Marked(b"/home/b", "1"), Entered(b"/"))
    assert marked.marked == {b"/home/a": "0", b"/home/b": "1"}
    assert "2 marked" in browse.position(marked)
    assert after(marked, Marked(b"/home/a", "1")).marked == {b"/home/b": "1"}
    assert after(marked, Unmarked()).marked == {}
    assert apply(marked, Opened(SNAPSHOTS, "0", b"/")).marked == marked.marked


def test_the_same_snapshot_is_looked_into_when_others_come_and_go() -> None:
    state = after(opened(), Stepped(1), Paged(about(after(opened(), Stepped(1))), 0, (Entry(path="a"),), 1))
    newer = (Snapshot(snapshot="new", time_ns=NOW_NS + 1, host="desk"), *SNAPSHOTS)
    listed = after(state, Listed(newer))
    assert (about(listed), listed.pages.total) == (about(state), 1)
    forgotten = after(state, Listed((SNAPSHOTS[0], SNAPSHOTS[2])))
    assert (about(forgotten).snapshot, forgotten.pages.total) == ("2", None)


def test_rows_say_what_differs_by_a_word() -> None:
    state = opened()
    entries = (
        Entry(path="a", there="missing"),
        Entry(path="b", there="changed"),
        Entry(path="c", there="attributes"),
        Entry(path="d", there="same"),
        Entry(path="e", last=Seen(snapshot="2")),
    )
    state = after(state, Paged(about(state), 0, entries, 6))
    words = [browse.row_of(state, at, ASCII).cells[2].text for at in range(6)]
    assert words == ["gone", "changed", "rights", "", "deleted", ""]
    now = after(state, Stepped(-1))
    now = after(now, Paged(about(now), 0, entries, 5))
    assert browse.row_of(now, 0, ASCII).cells[2].text == "new"
