"""What Snapshots, Differences, Storage and Mounts show, without a terminal."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tui.fake import DAY_NS, HOUR_NS, NOW_NS

from yester.engine.events import Shown
from yester.engine.runs.records import RunRecord
from yester.tui.dialogs.asking import completed
from yester.tui.screens.labelling import changed_tags, words_in
from yester.tui.state import differences, health, letting_go, mounts, snapshots, storage
from yester.tui.state.differences import Difference, DifferencesState
from yester.tui.state.growth import Point, chart
from yester.tui.state.health import Known
from yester.tui.state.letting_go import Judged, LettingGo, Plan
from yester.tui.state.live import LiveRun, Told
from yester.tui.state.snapshots import Inverted, Listed, Marked, Snapshot, SnapshotsState, Statistics
from yester.tui.state.storage import GoingPack, Leftovers, Planned, PrunePlan, StorageState, Usage
from yester.tui.state.text import ASCII, UNICODE, Column, Span, fitted, laid_out, plain


def taken(id: str, ago_ns: int, new: int, changed: int, unchanged: int, parent: str | None = None) -> Snapshot:
    done = Statistics(new=new, changed=changed, unchanged=unchanged, stored_size=1000)
    return Snapshot(snapshot=id, time_ns=NOW_NS - ago_ns, profile="p", host="h", parent=parent, statistics=done)


FIRST = taken("a", 3 * DAY_NS, 10, 0, 0)
SECOND = taken("b", 2 * DAY_NS, 2, 1, 6, "a")
THIRD = taken("c", DAY_NS, 0, 0, 5, "gone")
ELSEWHERE = Snapshot(snapshot="d", time_ns=NOW_NS - HOUR_NS, profile="p", host="other")


def told(*found: Snapshot) -> SnapshotsState:
    return snapshots.apply(SnapshotsState(), Listed(found))


def test_names_are_gone_that_were_there_and_are_neither_changed_nor_as_before() -> None:
    assert told(THIRD, SECOND, FIRST).gone == {"b": 3}
    assert told(SECOND).gone == {}
    assert snapshots.names_gone([FIRST, taken("x", 0, 0, 9, 9, "a")]) == {"x": 0}


def test_two_are_compared_the_older_first() -> None:
    state = told(ELSEWHERE, THIRD, SECOND, FIRST)
    assert state.pair(SECOND) == (FIRST, SECOND)
    assert state.pair(ELSEWHERE) == "There is none before it: mark two"
    assert state.pair(None) == "There is none before it: mark two"
    for id in ("d", "a"):
        state = snapshots.apply(state, Marked(id))
    assert state.pair(SECOND) == (FIRST, ELSEWHERE)
    assert state.meant(SECOND) == (ELSEWHERE, FIRST)
    state = snapshots.apply(state, Inverted())
    assert state.marked == {"b", "c"}
    assert snapshots.apply(state, Listed((FIRST, SECOND))).marked == {"b"}


@given(st.integers(0, 10**10 - 1))
def test_a_number_of_names_has_room_in_its_column(number: int) -> None:
    assert len(snapshots._few(number)) <= 6


def test_tags_are_words_and_only_what_differs_is_changed() -> None:
    assert words_in(" a, b  a c,") == ["a", "b", "c"]
    assert changed_tags(("a", "b"), "b c") == (["c"], ["a"])
    assert changed_tags((), " ") == ([], [])


@pytest.mark.parametrize(
    ("line", "found"),
    [("be", "before"), ("a be", "a before"), ("before be", "before best"), ("x", None), ("", None), ("a ", None)],
)
def test_the_last_word_is_completed(line: str, found: str | None) -> None:
    assert completed(line, ("before", "best")) == found


def test_the_end_of_a_path_is_kept() -> None:
    assert fitted("/home/me/letter", 8, keeps_end=True) == "…/letter"
    assert fitted("/a", 8, keeps_end=True) == "/a      "
    assert fitted("/home", 0, keeps_end=True) == ""
    columns = (Column("", keeps_end=True),)
    assert [each.text for each in laid_out([Span("/one/two")], columns, (4,))] == ["…two"]


def test_differences_are_told_with_sign_and_word() -> None:
    state = DifferencesState(FIRST, SECOND)
    assert differences.nothing(state) == "comparing…"
    page = differences.Paged("", 0, (Difference(path="/x", happened="removed"),), 1, {"removed": 1}, True)
    state = differences.apply(state, page)
    assert [plain(each) for each in differences.headline(state, UNICODE)][1] == "1 gone"
    assert differences.row_of(state.pages.at(0), UNICODE).cells[0].text == "- gone"
    for origin, was in (("/x", "x"), ("/b/y", "/b/y")):
        moved = Difference(path="/z", happened="renamed", origin=Shown(origin))
        assert differences.row_of(moved, UNICODE).cells[1].text == f"/z (was {was})"
    assert differences.apply(state, differences.Paged("old", 0, (), 9, {}, True)) == state
    assert state.pages.missing(0, 1) is None and state.pages.at(5) is None
    state = differences.apply(state, differences.Filtered("y"))
    assert (state.pages.total, state.pages.missing(0, 5)) == (None, 0)
    assert differences.nothing(differences.apply(state, differences.Failed("why"))) == "why"


GOING = Judged(snapshot="a" * 64, time_ns=1)
KEPT = Judged(snapshot="b" * 64, time_ns=2)


def test_letting_go_wants_the_number() -> None:
    asked = LettingGo(Plan((KEPT,), (GOING,)), "docs")
    assert asked.rows == (KEPT, GOING)
    assert LettingGo(asked.plan).rows == (GOING,)
    assert letting_go.wrong_word(asked, "") == "Type 1 to let it go"
    assert letting_go.wrong_word(asked, "2") == "It is 1 that would go"
    assert letting_go.wrong_word(asked, " 1 ") == ""
    assert plain(letting_go.command(asked)) == "$ yester forget docs"
    assert plain(letting_go.command(LettingGo(asked.plan))) == "$ yester forget --snapshot aaaaaaaa"


def test_a_chart_is_as_large_as_it_is_told_and_ends_full() -> None:
    points = [Point(0, 0), Point(50 * DAY_NS, 1 << 30), Point(100 * DAY_NS, 4 << 30)]
    drawn = [plain(each) for each in chart(points, 100 * DAY_NS, 40, 4, UNICODE)]
    assert len(drawn) == 5 and all(len(each) == 40 for each in drawn)
    assert drawn[0].startswith("   4.0 GiB") and drawn[0].endswith("█") and drawn[0][12] == " "
    assert drawn[3][-5:] == "█████"
    assert chart([], 0, 40, 4, UNICODE) == chart(points, 0, 10, 4, UNICODE) == chart(points, 0, 40, 0, UNICODE) == []
    assert "#" in plain(chart(points, 0, 40, 1, ASCII)[0])


@given(
    st.lists(st.tuples(st.integers(0, 10**18), st.integers(0, 10**15)), max_size=20),
    st.integers(0, 10**18),
    st.integers(0, 100),
    st.integers(0, 8),
)
def test_any_growth_is_drawn(found: list[tuple[int, int]], now_ns: int, width: int, height: int) -> None:
    points = [Point(*each) for each in sorted(found)]
    for each in chart(points, now_ns, width, height, UNICODE):
        assert len(plain(each)) <= width


def checked(percent: int, ago_ns: int, state: str = "complete", **more: object) -> RunRecord:
    return RunRecord(
        run=f"r{ago_ns}", action="check", state=state, repository="/srv", began_ns=NOW_NS - ago_ns,  # type: ignore[arg-type]
        read_data_percent=percent, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def fares(state: StorageState, *runs: RunRecord, width: int = 40, live: tuple[LiveRun, ...] = ()) -> list[str]:
    known = Known("/srv", runs, live, NOW_NS)
    return [plain(each).rstrip() for each in health.panel(state, known, width, 40, UNICODE)]


def test_coverage_is_what_was_read_last_and_when_all_was() -> None:
    empty = StorageState()
    assert fares(empty)[0] == "checked  never on this machine"
    assert fares(empty, checked(10, HOUR_NS), checked(100, 50 * DAY_NS))[:2] == [
        "checked  ✓ complete 60 min ago",
        "read     10 % of the content (all: 50 days ago)",
    ]
    assert fares(empty, checked(100, HOUR_NS))[1] == "read     100 % of the content"
    assert fares(empty, checked(0, HOUR_NS, "failed"), checked(0, DAY_NS))[:2] == [
        "checked  ✗ failed 60 min ago",
        "read     no content (all: never)",
    ]


def test_what_is_missing_and_what_nobody_needs() -> None:
    state = storage.added_up(StorageState(), Usage(size=50, plain_size=100, missing=2), ())
    assert "missing  2 pieces: c says of which files" in fares(state)
    assert "orphaned P looks for what nothing needs" in fares(state)
    going = (GoingPack(5, unused_size=5, why="unused"), GoingPack(5, unused_size=4, why="new"))
    plan = PrunePlan(freed_size=10, unused_size=20, delete=going, repack=(GoingPack(9, 3, 6, "sparse"),))
    found = Planned(plan, Leftovers(snapshots=1), writers=("snapshot on vm",))
    planned = StorageState(planned=found, whole=Usage())
    lines = fares(planned)
    for words in (
        "missing  nothing",
        "orphaned 35 B and 1 small object",
        "to free  10 B (P)",
        "held by  snapshot on vm: a prune waits for it",
    ):
        assert words in lines
    asked = [plain(each) for each in storage.plan_lines(found)]
    assert "  wait for snapshot on vm to end, or to be silent for ten minutes" in asked
    assert "  delete 1 pack of 5 B: nothing in it is needed" in asked and "  delete 1 pack of 5 B: new" in asked
    two = fares(state, width=100)
    assert any("dedup" in line and "compress" in line for line in two)


def test_that_nothing_is_missing_is_said_only_where_somebody_looked() -> None:
    state, found = (
        storage.added_up(StorageState(), Usage(), ()),
        "damage   found by the check: 4 tells, `yester repair` mends",
    )
    assert "missing  nobody looked: c does" in fares(state)
    assert "missing  nothing" in fares(state, checked(0, HOUR_NS))
    damaged = checked(0, HOUR_NS, "errors", exit_code=5)
    assert found in fares(state, damaged, checked(100, DAY_NS), width=60)
    assert "missing  nothing" in fares(state, checked(0, 1), damaged)
    repair = RunRecord(run="r", action="repair", state="complete", repository="/srv", began_ns=NOW_NS)
    assert "damage   repaired since it was found: c looks again" in fares(state, repair, damaged)
    met = fares(replace(state, damage=("3 pieces can be found in no pack", "Run `yester check`.")))
    assert met[:2] == ["✗ 3 pieces can be found in no pack", "  Run `yester check`."]
    assert "damage   c says what is hit" in met
    assert "damage" not in str(fares(storage.outdated(replace(state, damage=("x",)))))


def test_a_dry_run_that_met_damage_is_no_prune() -> None:
    dry = RunRecord(run="r", action="prune", state="errors", dry_run=True, exit_code=5, repository="/srv", began_ns=1)
    assert "pruned   never on this machine" in fares(StorageState(), dry)
    assert Known("/srv", (dry,)).last_change == ""


def test_who_is_waited_for_is_said() -> None:
    record = RunRecord(run="r", action="prune", state="running", repository="/srv", began_ns=1)
    run = LiveRun(record, phase="wait", words=(Told("12:00:00", Span("Waiting for snapshot on vm to end")),))
    lines = fares(StorageState(), live=(run, LiveRun(record, phase="plan", words=run.words)))
    assert lines[:3] == ["prune    0 files  0 B", "         Waiting for snapshot on vm to end", "prune    0 files  0 B"]


def test_what_all_of_it_takes_is_kept_while_a_folder_is_looked_at() -> None:
    top, below = Usage(size=9, folder=Shown("/a")), Usage(size=4, folder=Shown("/a/b"))
    state = storage.added_up(StorageState(), top, ())
    assert state.at_top and StorageState().at_top
    state = storage.added_up(state, below, ())
    assert (state.whole, state.at_top) == (top, False)
    assert storage.added_up(state, below, (), Usage(size=5)).whole == Usage(size=5)


def test_a_newer_run_of_another_kind_may_have_changed_what_takes_the_room() -> None:
    prune = RunRecord(run="r9", action="prune", state="complete", repository="/srv", began_ns=1)
    other = RunRecord(run="r8", action="prune", state="complete", repository="/else", began_ns=1)
    assert Known("/srv", (checked(0, 1), other, prune)).last_change == "r9"
    assert Known("/srv", (checked(0, 1), other)).last_change == ""


@pytest.mark.parametrize(
    ("typed", "share"), [("", 0), (" 5 ", 5), ("100%", 100), ("101", None), ("x", None), ("-1", None), ("٣", None)]
)
def test_a_share_is_a_number_of_percent(typed: str, share: int | None) -> None:
    assert storage.share_of(typed) == share


def test_a_mount_of_all_that_one_made_is_used_again() -> None:
    live = mounts.Mount(path="/a", shows="all", repository="/srv", pid=1)
    others = [
        mounts.Mount(path="/b", shows="all", repository="/srv", state="dead", pid=1),
        mounts.Mount(path="/c", shows="profile p", repository="/srv", pid=1),
        mounts.Mount(path="/d", shows="all", repository="/else", pid=1),
        mounts.Mount(path="/e", repository="/srv", user="ada"),
    ]
    assert mounts.showing_all([*others, live], "/srv") == live
    assert mounts.showing_all(others, "/srv") is None
    assert "by      ada" in plain(mounts.panel(others[3], NOW_NS, UNICODE)[2])
    assert [each.path for each in mounts.wanted(others, "DEAD")] == ["/b"]
