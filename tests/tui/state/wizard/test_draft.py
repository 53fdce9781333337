from dataclasses import replace
from datetime import UTC

import pytest

from yester.engine.profiles.profile import RetentionSpec, ScheduleSpec
from yester.tui.state.wizard.draft import KEEPING, Draft, Looked, name_for, problem_on, scheduled
from yester.tui.state.wizard.foreseeing import Taken, judged
from yester.tui.state.wizard.wizard import Drive, Suggested, Wizard, ahead, back, suggested, turned, typed

GOOD = Draft(name="home", sources=(b"/home/me",), place="/srv/x", passphrase="a b", again="a b")


@pytest.mark.parametrize(
    ("draft", "page", "words"),
    [
        (replace(GOOD, name=""), "sources", "needs a name"),
        (replace(GOOD, name="../x"), "sources", "cannot name a profile"),
        (replace(GOOD, name="docs"), "sources", "already"),
        (replace(GOOD, sources=()), "sources", "at least one folder"),
        (replace(GOOD, larger_than="many"), "sources", "no size"),
        (replace(GOOD, place=""), "target", "where the snapshots go"),
        (replace(GOOD, passphrase=""), "passphrase", "Type a passphrase"),
        (replace(GOOD, again="b"), "passphrase", "differ"),
        (replace(GOOD, schedule=ScheduleSpec(when="daily", at="25:00")), "schedule", "no time of the day"),
    ],
)
def test_a_page_says_why_it_cannot_be_left(draft: Draft, page: str, words: str) -> None:
    assert words in problem_on(page, draft, None, ("docs",))  # type: ignore[arg-type]  # one of the pages
    assert problem_on(page, GOOD, None, ("docs",)) == ""  # type: ignore[arg-type]


def test_a_passphrase_is_asked_for_where_one_is_needed() -> None:
    nothing = replace(GOOD, passphrase="", again="")
    assert problem_on("passphrase", replace(nothing, is_encrypted=False), None) == ""
    assert problem_on("passphrase", nothing, Looked("/srv/x", "/srv/x", is_repository=True)) == ""
    locked = Looked("/srv/x", "/srv/x", is_repository=True, is_encrypted=True)
    assert problem_on("passphrase", nothing, locked) == "Type a passphrase"
    assert problem_on("passphrase", replace(nothing, passphrase="x"), locked) == ""


def test_names_are_free() -> None:
    assert name_for((b"/home/me",), b"/home/me", ()) == "home"
    assert name_for((b"/home/me",), b"/home/me", ("home", "home-2")) == "home-3"
    assert name_for((b"/srv/My Caf\xe9!",), b"/home/me", ()) == "my-caf"
    assert name_for((), b"", ()) == "home"


def test_patterns_and_filters() -> None:
    draft = replace(GOOD, excludes=" *.o,, Downloads/ ", default_excludes=False, larger_than="2G")
    assert draft.patterns == ("*.o", "Downloads/")
    assert draft.filters["excludes"] == ["*.o", "Downloads/"]
    assert draft.filters["default_excludes"] is False
    assert "caches" not in draft.filters


def test_a_choice_of_schedule_keeps_the_time_of_day() -> None:
    assert scheduled(GOOD, "weekly", "07:30").schedule == ScheduleSpec(when="weekly", at="07:30")
    assert scheduled(GOOD, "hours", "07:30").schedule.at == "00:00"
    assert scheduled(GOOD, "off", "").schedule == ScheduleSpec()


def told() -> Wizard:
    from yester.engine.events import Shown

    drive = Drive("/media/me/STICK", None, 5)
    return suggested(Wizard(names=("home",)), Suggested(home=Shown("/home/me"), drives=(drive,), repository="/r"))


@pytest.mark.parametrize("spec", [spec for _, _, spec in KEEPING])
def test_what_was_taken_today_and_yesterday_stays(spec: RetentionSpec) -> None:
    """Whatever is chosen: somebody may miss this afternoon what was there this morning."""
    taken = [Taken((100 * 24 + hour) * 3600 * 10**9) for hour in (0, 20, 30, 40, 47)]
    assert all(each.kept for each in judged(taken, spec, taken[-1].time_ns, UTC))


def test_what_is_suggested_is_no_touch_and_typing_is() -> None:
    state = told()
    assert (state.draft.name, state.draft.place) == ("home-2", "/media/me/STICK/yester")
    assert not state.is_touched
    state = typed(state, replace(state.draft, sources=(b"/srv/music",)))
    assert state.draft.name == "music"
    assert state.is_touched
    state = typed(state, replace(state.draft, name="mine"))
    state = typed(state, replace(state.draft, sources=(b"/srv/x",)))
    assert state.draft.name == "mine"


def test_pages_are_turned_only_as_far_as_they_are_in_order() -> None:
    state = replace(told(), draft=GOOD)
    assert turned(replace(state, names=()), "keep").page == "target"
    looked = replace(state, names=(), looked=Looked("/srv/x", "/srv/x"))
    assert turned(looked, "begin").page == "begin"
    assert turned(replace(looked, draft=replace(GOOD, name="")), "begin").problem == "The profile needs a name"
    assert ahead(looked).page == "target"
    assert back(ahead(looked)).page == back(looked).page == "sources"
