from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.tui import stage

from yester.engine.events import Line as EventLine
from yester.engine.events import decode
from yester.engine.runs.records import RunRecord
from yester.tui.state import running
from yester.tui.state.live import HANDS, WORDS, LiveRun, with_event
from yester.tui.state.text import ASCII, plain

RECORD = msgspec.convert(stage.RUNS[0], RunRecord)


def told(seq: int, type: str, **more: Any) -> EventLine:
    line = {"v": 1, "seq": seq, "time": "2026-11-21T05:59:00Z", "type": type, **more}
    return decode(msgspec.json.encode(line))


def test_what_plugins_say_stands_in_line_with_what_they_offer() -> None:
    live = with_event(LiveRun(RECORD), told(1, "message", text="nearly full\x1b", source="usb", action="free"))
    live = with_event(live, told(2, "message", text="plain words"))
    first, second = live.words
    assert first.words.text == "usb: nearly full\\x1b"
    assert (first.source, first.action, first.offer) == ("usb", "free", "  a does free")
    assert (second.source, second.offer) == ("", "")
    assert plain(first.line).endswith("usb: nearly full\\x1b  a does free")


def test_a_thousand_messages_a_second_are_not_kept_for_ever() -> None:
    live = LiveRun(RECORD)
    for seq in range(1, 3 * WORDS):
        live = with_event(live, told(seq, "message", text=str(seq)))
    assert len(live.words) == WORDS
    assert live.words[-1].words.text == str(3 * WORDS - 1)


def test_files_in_hand_are_the_newest() -> None:
    live = LiveRun(RECORD)
    for seq, name in enumerate(("a", "b", "b", "c", "a", "d"), 1):
        live = with_event(live, told(seq, "run.progress", path=f"/{name}"))
    assert [each.path for each in live.in_hand] == ["/c", "/a", "/d"]
    assert len(live.in_hand) == HANDS
    said = [plain(each) for each in running.panel(RECORD, live, 0, 80, ASCII)]
    assert "in hand  /d" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"path": "/film.mkv", "path_done": 3 << 20, "path_size": 4 << 20}, "in hand  75% of 4.0 MiB  /film.mkv"),
        ({"path": "/dump.sql", "path_done": 3 << 20}, "in hand  3.0 MiB  /dump.sql"),
        ({"path": "/mails/1"}, "in hand  /mails/1"),
        ({"path": f"/{'deep/' * 20}note"}, "in hand  …deep/deep/deep/deep/note"),
    ],
)
def test_how_far_a_file_in_hand_is_stands_before_it(more: dict[str, Any], words: str) -> None:
    live = with_event(LiveRun(RECORD), told(1, "run.progress", **more))
    assert words in [plain(each) for each in running.panel(RECORD, live, 0, 34, ASCII)]


def test_a_large_file_counts_before_it_is_whole() -> None:
    live = with_event(LiveRun(RECORD), told(1, "run.progress", size=50, total_files=1, total_size=100))
    assert live.share == 0.25
    more = {"path": "/film", "path_done": 50, "path_size": 100}
    assert with_event(live, told(2, "run.progress", size=50, total_files=1, total_size=100, **more)).share == 0.5


def test_folders_and_what_is_done_with_are_not_in_hand() -> None:
    live = LiveRun(RECORD)
    for seq, path in enumerate(("/docs/", "/docs/a", "/docs/", "/mails/"), 1):
        live = with_event(live, told(seq, "run.progress", path=path))
    assert [each.path for each in live.in_hand] == ["/docs/a", "/mails/"]
    assert with_event(live, told(9, "run.progress", files=3)).in_hand == ()  # also of a journal of an older version
    assert with_event(live, told(9, "run.phase", phase="store")).in_hand == ()


def test_what_stands_still_has_no_pace() -> None:
    paused = LiveRun(msgspec.structs.replace(RECORD, state="paused", eta_s=60), rates=(5.0, 5.0))
    said = " ".join(plain(each) for each in running.panel(paused.record, paused, 0, 80, ASCII))
    assert "paused" in said
    assert "/s" not in said
    assert "left" not in said


def test_deduplication_in_words() -> None:
    over = msgspec.structs.replace(RECORD, state="complete", size=12 << 30, stored_size=84 << 20)
    assert running.deduplication(over) == "wrote 84.0 MiB of 12.0 GiB"
    nothing = msgspec.structs.replace(over, stored_size=0)
    assert running.deduplication(nothing) == "wrote nothing: all of the 12.0 GiB was there already"
    assert running.deduplication(msgspec.structs.replace(nothing, state="running")) == ""
    assert running.deduplication(msgspec.structs.replace(over, action="check")) == ""


def test_what_goes_on_is_said_when_the_program_is_left() -> None:
    live = LiveRun(RECORD)
    assert running.left_words([]) == ""
    assert running.left_words([live]) == "snap of photos goes on. To see how: yester, or yester log --follow 0a4f"
    check = replace(live, record=msgspec.structs.replace(RECORD, action="check", profile=""))
    assert running.left_words([live, check]).startswith("snap of photos, check go on.")


def test_a_report_has_all_that_is_known() -> None:
    over = msgspec.convert(stage.REPORTED, RunRecord)
    said = "\n".join(plain(each) for each in running.report(over, ASCII))
    for words in ("snap of documents", over.run, "took        8 min 00 s", "usb                  2.0 s", "412 new"):
        assert words in said
    assert "wrote 211.0 MiB of 48.0 GiB" in said
    died = running.report(msgspec.structs.replace(over, state="died"), ASCII)
    assert any("It was killed" in plain(each) for each in died)


def test_what_is_passed_on_of_a_run_is_why_it_failed() -> None:
    failed = msgspec.structs.replace(RECORD, error="no repository", hint="Make one.", suspicions=("half is gone",))
    assert running.to_copy(failed) == "no repository\nMake one.\nhalf is gone"
    assert running.to_copy(RECORD) == RECORD.run


def test_runs_are_found_by_several_words() -> None:
    said = running.searched(msgspec.convert(stage.RUNS[1], RunRecord))
    for word in ("mail", "failed", "77c1", "2026-11-21", "no repository"):
        assert word in said
