from datetime import UTC, datetime

import pytest

from yester.engine.profiles.profile import RetentionSpec, ScheduleSpec
from yester.tui.state.text import ASCII, plain
from yester.tui.state.wizard.draft import KEEPING, SCHEDULES
from yester.tui.state.wizard.foreseeing import Taken, judged, kept_lines, made_up, time_lines
from yester.tui.state.wizard.strength import strength_of
from yester.tui.state.wizard.sums import LeftOut, Sum, Sums, lines

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9


def test_the_next_five_times() -> None:
    said = list(map(plain, time_lines(ScheduleSpec(when="weekly", at="07:30"), NOW)))
    assert said[0] == "every Sunday at 07:30"
    assert said[1] == "next  Sun 2026-11-22 07:30"
    assert len(said) == 6
    assert "no time of the day" in plain(time_lines(ScheduleSpec(when="daily", at="x"), NOW)[0])
    assert len(time_lines(ScheduleSpec(when="boot"), NOW)) == 2


@pytest.mark.parametrize("kind", [name for name, _, _ in SCHEDULES])
@pytest.mark.parametrize("keeping", [name for name, _, _ in KEEPING])
def test_every_choice_can_be_foreseen(kind: str, keeping: str) -> None:
    schedule = next(spec for name, _, spec in SCHEDULES if name == kind)
    spec = next(spec for name, _, spec in KEEPING if name == keeping)
    taken = made_up(schedule, NOW)
    assert 50 <= len(taken) <= 2000
    assert max(each.time_ns for each in taken) <= NOW_NS
    said = kept_lines(taken, spec, NOW_NS, ASCII, 40, UTC)
    assert "stay" in plain(said[0])
    assert ("days" if kind == "hours" else "in a year") in plain(said[0])
    assert len(plain(said[1])) == 40


def test_what_is_kept_is_what_forget_would_keep() -> None:
    taken = made_up(ScheduleSpec(when="daily", at="12:00"), NOW)
    kept = [each for each in judged(taken, RetentionSpec(keep_daily=7, keep_weekly=4), NOW_NS, UTC) if each.kept]
    assert len(kept) == 9
    pinned = (Taken(NOW_NS - 400 * 86400 * 10**9, pinned=True), *taken)
    assert sum(each.kept for each in judged(pinned, RetentionSpec(keep_last=1), NOW_NS, UTC)) == 2
    assert "no snapshot" in plain(kept_lines((), RetentionSpec(), NOW_NS, ASCII, 40)[0])


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("", "a"),
        ("password", "pxqmzwvt"),
        ("aaaaaaaaaaaa", "akwmtzbaqpxu"),
        ("abcdefgh", "hcfagdbe"),
        ("tulip", "tulip anvil"),
        ("tulip tulip tulip", "tulip anvil fog"),
        ("tulip anvil fog", "tulip anvil fog seven river"),
        ("12345678", "1x!7Ru#k"),
    ],
)
def test_what_is_harder_to_guess_is_called_stronger(weaker: str, stronger: str) -> None:
    assert strength_of(weaker).bits < strength_of(stronger).bits


def test_words_of_strength() -> None:
    assert strength_of("password1").tone == "bad"
    assert strength_of("tulip anvil fog").tone == "warn"
    assert strength_of("tulip anvil fog seven river").tone == "good"
    assert strength_of("ß" * 3).bits < 32
    assert "together" in strength_of("").words


def test_sums_are_shown_in_the_room_that_there_is() -> None:
    sums = Sums(
        files=3, size=1000, left_out=9, left_out_size=5, is_over=False,
        heaviest=tuple(Sum(f"/a{at}", None, 10) for at in range(8)),
        examples=tuple(LeftOut(f"/b{at}\x1b", None, 1, is_folder=True, why="cache") for at in range(8)),
    )  # fmt: skip
    for room in range(4, 20):
        said = list(map(plain, lines(sums, "", ASCII, room)))
        assert len(said) <= max(room, 4)
        assert "counting" in said[0]
        assert not any("\x1b" in each for each in said)
    assert plain(lines(None, "", ASCII, 9)[0]) == "nothing is chosen yet"
    assert plain(lines(None, "", ASCII, 9, is_asked=True)[0]).endswith("counting…")
    assert "x bad" in plain(lines(sums, "bad", ASCII, 9)[0])
