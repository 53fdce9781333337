import io

import pytest

from yester.engine.events import Phase
from yester.engine.progress import Counters
from yester.tui.cli.progress import WORDS, Bar, Watch, terminal_bar, time_left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0, "1 s left"), (59, "59 s left"), (540, "9 min left"), (32400, "9.0 h left")],
)
def test_time_left(seconds: int | None, words: str) -> None:
    assert time_left(seconds) == words


def test_every_phase_has_a_word() -> None:
    assert set(WORDS) == set(Phase)


class Follower:
    def __init__(self) -> None:
        self.seen: list[object] = []

    def phase(self, phase: Phase) -> None:
        self.seen.append(phase)

    def update(self, counters: Counters, eta_s: int | None = None) -> None:
        self.seen.append((counters.files, eta_s))


def test_progress_is_told_when_it_ticks_and_phases_at_once() -> None:
    follower = Follower()
    watch = Watch(follower, None, left_s=lambda counters: 100 - counters.files)
    watch.tick()
    watch.phase(Phase.READ)
    counters = Counters(files=1)
    watch.update(counters)
    counters.files = 2
    watch.tick()
    assert follower.seen == [Phase.READ, (2, 98)]


def test_followers_are_told_nothing_while_the_work_stands_still() -> None:
    follower = Follower()
    watch = Watch(follower, None, is_paused=lambda: True)
    watch.update(Counters(files=1))
    watch.tick()
    assert follower.seen == []


def test_what_is_to_be_said_is_said_when_it_ticks_and_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(None, Bar())
    watch.tell("Waiting: tape \x1b[2J is not loaded")
    assert capsys.readouterr().err == ""
    watch.tick()
    watch.tick()
    assert capsys.readouterr().err == "Waiting: tape \\x1b[2J is not loaded\n"


def test_the_bar_draws_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    bar = terminal_bar(quiet=False)
    assert isinstance(bar, Bar)
    bar.show(Phase.READ, Counters(files=1234, size=1 << 20, failed=1, total_files=5000))
    bar.is_paused = True
    bar.show(Phase.READ, Counters(files=2000, total_files=1999, size=2, total_size=1), 5)
    bar.close()
    drawn = terminal.getvalue()
    assert "paused" in drawn and "2,000 files" in drawn and "5 s left" not in drawn
    assert "reading" in drawn
    assert "1,234 files  1.0 MiB" in drawn
    assert "1 failure" in drawn


def test_no_bar_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert terminal_bar(quiet=False) is None
    assert terminal_bar(quiet=True) is None
