import threading
import time
from pathlib import Path

import pytest
from tests.engine.runs.made import run_id, write_journal

from yester.engine.errors import YesterError
from yester.engine.events import Message, RunBegin, RunEnd, RunPause, shown
from yester.engine.journal import JournalFile, Recorder, journal_path
from yester.engine.places import Places
from yester.engine.runs.control import RunControl
from yester.engine.runs.following import ask, follow, sockets_of
from yester.engine.runs.requests import Request, sequence_of
from yester.engine.runs.serving import RunSocket
from yester.engine.runs.sockets import control_folders

LIMIT_S = 30.0
ID = run_id(1)


class Run:
    """A run without work, in these places."""

    def __init__(self, places: Places, *, has_socket: bool = True) -> None:
        self.control = RunControl(lambda event: self.recorder.event(event))
        journal = journal_path(places.state, ID)
        self.file = JournalFile(journal)
        folders = control_folders(places) if has_socket else ()
        self.listening = RunSocket(ID, folders, journal, self.control)
        self.recorder = Recorder([self.file, self.listening])
        self.recorder.event(RunBegin(ID, "docs", "", control=shown(bytes(self.listening.path or Path("")))))

    def says(self, text: str) -> None:
        self.recorder.event(Message(text=text))

    def ends(self) -> None:
        self.recorder.event(RunEnd(ID, "complete"))
        self.recorder.close()

    def dies(self) -> None:
        """Stop without an end, as the kernel does it: socket and lock are gone."""
        self.listening.close()
        self.file.close()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path)


class Reader(threading.Thread):
    """Follows on a thread of its own."""

    def __init__(self, places: Places, first: int = 1) -> None:
        super().__init__()
        self.following = follow(places, ID, first)
        self.lines: list[bytes] = []
        self.start()

    def run(self) -> None:
        for line in self.following:
            self.lines.append(line)

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + LIMIT_S
        while len(self.lines) < count:
            assert time.monotonic() < end
            time.sleep(0.001)

    def numbers(self) -> list[int]:
        self.join(LIMIT_S)
        assert not self.is_alive()
        return [sequence_of(line) for line in self.lines]


def test_a_run_that_is_over_is_read_from_its_journal(places: Places) -> None:
    write_journal(places.state, ID, RunBegin(ID, "docs", ""), Message(text="x"), RunEnd(ID, "complete"))
    following = follow(places, ID, 2)
    assert [sequence_of(line) for line in following] == [2, 3]
    assert following.ended


@pytest.mark.parametrize("has_socket", [True, False])
def test_a_run_that_lasts_is_followed_to_its_end(places: Places, has_socket: bool) -> None:
    run = Run(places, has_socket=has_socket)
    reader = Reader(places)
    reader.wait_for(1)
    run.says("live")
    reader.wait_for(2)
    run.ends()
    assert reader.numbers() == [1, 2, 3]
    assert reader.following.ended


@pytest.mark.parametrize("has_socket", [True, False])
def test_a_run_that_dies_is_told_from_one_that_ends(places: Places, has_socket: bool) -> None:
    run = Run(places, has_socket=has_socket)
    reader = Reader(places)
    reader.wait_for(1)
    run.says("last words")
    run.dies()
    assert reader.numbers() == [1, 2]
    assert not reader.following.ended


def test_one_who_comes_back_goes_on_where_he_was(places: Places) -> None:
    run = Run(places)
    first = Reader(places)
    first.wait_for(1)
    run.says("one")
    first.wait_for(2)
    first.following.close()
    assert first.numbers() == [1, 2]
    run.says("two")
    second = Reader(places, first.following.next)
    second.wait_for(1)
    run.ends()
    assert second.numbers() == [3, 4]


def test_a_half_written_line_is_not_told(places: Places) -> None:
    path = write_journal(places.state, ID, RunBegin(ID, "docs", ""))
    path.write_bytes(path.read_bytes() + b'{"v":1,"seq":2,"ti')
    assert [sequence_of(line) for line in follow(places, ID)] == [1]


def test_no_journal_is_no_lines(places: Places) -> None:
    assert list(follow(places, ID)) == []


def test_asking(places: Places) -> None:
    run = Run(places)
    assert ask(places, ID, Request(pause=True)).paused
    assert run.control.is_paused
    assert not ask(places, ID, Request(resume=True)).paused
    ask(places, ID, Request(cancel=True))
    assert run.control.cancelled()
    run.ends()
    with pytest.raises(YesterError, match="is over"):
        ask(places, ID, Request(cancel=True))
    assert RunPause().type_name().encode() in journal_path(places.state, ID).read_bytes()


def test_a_run_without_a_socket_says_so(places: Places) -> None:
    run = Run(places, has_socket=False)
    with pytest.raises(YesterError, match="has no socket"):
        ask(places, ID, Request(cancel=True))
    run.ends()


def test_the_socket_is_where_the_journal_says_whatever_the_session(places: Places, tmp_path: Path) -> None:
    """A timer's run has no session; the terminal program has one."""
    run = Run(places)
    elsewhere = Places(places.config, places.data, places.state, places.cache, tmp_path / "another session")
    assert sockets_of(elsewhere, ID)[0] == run.listening.path
    assert ask(elsewhere, ID, Request(pause=True)).paused
    run.ends()
