"""The socket of a run: what followers get, and what they cannot do to it."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket as Connection

import pytest

from yester.engine.events import Message, RunBegin, RunEnd, RunProgress, decode
from yester.engine.journal import JournalFile, Recorder
from yester.engine.progress import Counters
from yester.engine.runs import serving
from yester.engine.runs.control import RunControl
from yester.engine.runs.requests import sequence_of
from yester.engine.runs.serving import MAX_FOLLOWERS, RunSocket
from yester.engine.runs.sockets import connected

LIMIT_S = 30.0


@dataclass
class Run:
    """A run without work."""

    recorder: Recorder
    control: RunControl
    listening: RunSocket
    journal: Path

    def connect(self) -> Connection:
        assert self.listening.path is not None
        client = connected(self.listening.path)
        client.settimeout(LIMIT_S)
        return client

    def says(self, text: str) -> None:
        self.recorder.event(Message(text=text))

    def ends(self) -> None:
        self.recorder.event(RunEnd("r1", "complete"))
        self.recorder.close()


def start(folder: Path, journal: Path | None = None) -> Run:
    journal = journal or folder / "r1.jsonl"
    control = RunControl(lambda event: recorder.event(event))
    listening = RunSocket("r1", [folder / "run"], journal, control)
    recorder = Recorder([JournalFile(journal), listening])
    recorder.event(RunBegin("r1", "docs", ""))
    return Run(recorder, control, listening, journal)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = start(tmp_path)
    yield run
    run.recorder.close()


def everything(client: Connection) -> list[bytes]:
    """Read to the end; the lines of the journal."""
    with client, client.makefile("rb") as lines:
        return [line for line in lines if sequence_of(line)]


def ask(client: Connection, **request: object) -> None:
    client.sendall(json.dumps(request).encode() + b"\n")


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_follower_gets_what_was_and_what_comes(run: Run) -> None:
    run.says("before")
    client = run.connect()
    ask(client, subscribe=0)
    assert json.loads(client.recv(1 << 16).split(b"\n")[0]) == {
        "answer": "subscribe",
        "run": "r1",
        "newest": 2,
        "paused": False,
    }
    run.says("after")
    run.ends()
    assert [sequence_of(line) for line in everything(client)][-2:] == [3, 4]
    assert b"".join(run.journal.read_bytes().splitlines(keepends=True)).count(b"\n") == 4


def test_the_lines_are_those_of_the_journal_from_where_one_wants(run: Run) -> None:
    for number in range(5):
        run.says(str(number))
    clients = [run.connect() for _ in range(4)]
    for first, client in enumerate(clients):
        ask(client, subscribe=first + 2)
    run.ends()
    lines = run.journal.read_bytes().splitlines(keepends=True)
    assert [everything(client) for client in clients] == [lines[first + 1 :] for first in range(4)]


def test_at_the_seam_no_line_is_lost_and_none_comes_twice(run: Run) -> None:
    """Followers come at all moments while lines are written as fast as can be, more than any queue holds."""
    count = 6000
    got: list[list[bytes]] = []

    def follow(first: int) -> None:
        client = run.connect()
        ask(client, subscribe=first)
        got.append(everything(client))

    threads = []
    for number in range(count):
        run.says("x" * (number % 200))
        if number % 500 == 250:
            threads.append(threading.Thread(target=follow, args=(number,)))
            threads[-1].start()
    wait_for(lambda: len(run.listening._followers) == len(threads))
    run.says("last")
    wait_for(lambda: all(each.next >= count + 2 for each in run.listening._followers))
    run.ends()
    for thread in threads:
        thread.join(LIMIT_S)
    lines = run.journal.read_bytes().splitlines(keepends=True)
    assert len(got) == 12
    for each in got:
        first = sequence_of(each[0])
        assert each == lines[first - 1 :]


def test_progress_comes_live_though_the_journal_leaves_it_out(run: Run) -> None:
    client = run.connect()
    ask(client, subscribe=1)
    wait_for(lambda: [each for each in run.listening._followers if each.is_live])
    for files in range(3):
        run.recorder.update(Counters(files=files))
        wait_for(lambda: not any(each.queue for each in run.listening._followers))
    run.ends()
    told = [decode(line).event for line in everything(client)]
    assert [event.files for event in told if isinstance(event, RunProgress)] == [0, 1, 2]
    assert run.journal.read_bytes().count(b"run.progress") == 1


def test_one_who_does_not_read_costs_nothing_and_misses_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    client = run.connect()
    ask(client, subscribe=1)
    for number in range(5000):
        run.says(f"{number} " + "x" * 500)
    [follower] = run.listening._followers
    assert len(follower.queue) <= serving._MAX_QUEUE
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.extend(everything(client)))
    reader.start()
    wait_for(lambda: follower.next > 5001 and not follower.outbox)
    run.ends()
    reader.join(LIMIT_S)
    assert got == run.journal.read_bytes().splitlines(keepends=True)


def test_the_end_does_not_wait_for_one_who_never_reads(run: Run) -> None:
    client = run.connect()
    ask(client, subscribe=1)
    for _ in range(3000):
        run.says("x" * 1000)
    run.ends()
    assert run.listening._followers == []
    client.close()


def test_lines_that_the_journal_could_not_take(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").touch()
    run = start(tmp_path, tmp_path / "in-the-way" / "r1.jsonl")
    run.says("no room for this")
    client = run.connect()
    ask(client, subscribe=1)
    run.says("nor this")
    run.ends()
    assert [sequence_of(line) for line in everything(client)] == [1, 2, 3, 4]


def test_cancel_pause_and_resume(run: Run) -> None:
    client = run.connect()
    ask(client, pause=True)
    wait_for(lambda: run.control.is_paused)
    ask(client, resume=True)
    wait_for(lambda: not run.control.is_paused)
    ask(client, cancel=True)
    wait_for(lambda: run.control.signal)
    assert run.control.signal == signal.SIGINT
    with client.makefile("rb") as lines:
        answers = [json.loads(lines.readline()) for _ in range(3)]
    assert [(each["answer"], each["paused"]) for each in answers] == [
        ("pause", True),
        ("resume", False),
        ("cancel", False),
    ]
    client.close()
    assert b'"type":"run.pause"' in run.journal.read_bytes()


RUDE = {
    "garbage": b"\x00\xff\n",
    "a request that is none": b'{"format":"c:"}\n',
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a megabyte without a line end": b"x" * (1 << 20),
    "a long line": b" " * 5000 + b'{"cancel":true}\n',
    "half a line": b'{"subscribe":',
    "nothing": b"",
    "empty lines": b"\n" * 100_000,
    "deep": b"[" * 4000 + b"\n",
    "negative": b'{"subscribe":-5}\n',
    "far away": b'{"subscribe":%d}\n' % (1 << 62),
    "a number beyond all": b'{"subscribe":%d}\n' % (1 << 80),
}


@pytest.mark.parametrize("what", RUDE.values(), ids=list(RUDE))
@pytest.mark.parametrize("vanishes", [True, False])
def test_a_rude_client_does_no_harm(run: Run, what: bytes, vanishes: bool) -> None:
    client = run.connect()
    with suppress(OSError):
        client.sendall(what)
    if vanishes:
        client.close()
    good = run.connect()
    ask(good, subscribe=1)
    run.says("still here")
    run.ends()
    assert everything(good) == run.journal.read_bytes().splitlines(keepends=True)
    assert run.control.signal == 0
    client.close()


def test_one_who_floods_and_reads_no_answer_is_dropped(run: Run) -> None:
    client = run.connect()
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        while True:
            client.sendall(b'{"resume":true}\n' * 1000)
    client.close()
    wait_for(lambda: not run.listening._followers)


def test_more_followers_than_are_served_are_turned_away(run: Run) -> None:
    clients = [run.connect() for _ in range(MAX_FOLLOWERS)]
    wait_for(lambda: len(run.listening._followers) == MAX_FOLLOWERS)
    with run.connect() as late, late.makefile("rb") as lines:
        assert json.loads(lines.readline()) == {"refused": "there are 32 followers already"}
        assert lines.readline() == b""
    clients.pop().close()
    wait_for(lambda: len(run.listening._followers) == MAX_FOLLOWERS - 1)
    ask(clients[0], subscribe=1)
    run.ends()
    assert len(everything(clients[0])) == 2
    for client in clients:
        client.close()


def test_a_socket_that_is_gone_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's folder is removed when the person logs out; the run goes on, and so must its socket."""
    monkeypatch.setattr(serving, "_LOOK_S", 0.01)
    session, state = tmp_path / "session", tmp_path / "state"
    session.mkdir()
    journal = tmp_path / "r1.jsonl"
    control = RunControl()
    run = Run(Recorder([]), control, RunSocket("r1", [session / "runs", state], journal, control), journal)
    os.rename(session, tmp_path / "away")
    session.write_text("in the way")
    wait_for((state / "r1.sock").exists)
    wait_for(lambda: run.listening.path == state / "r1.sock")
    run.connect().close()
    run.listening.close()
    assert os.listdir(state) == []


def test_where_no_socket_can_be_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    run = start(tmp_path)
    assert run.listening.path is None
    run.says("on")
    run.recorder.event(RunEnd("r1", "complete"))
    [problem] = run.recorder.close()
    assert problem.startswith("Nobody can follow or cancel this run")
