"""The whole of it once: a real engine, a real repository, a real run, and a terminal program that is killed."""

import asyncio
import os
import signal
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, docs, finish, plain, start, yester
from tests.tui.cli.test_terminals import at_terminal, wait_for
from tests.tui.fake import on_asyncio, text_of
from textual.pilot import Pilot

from yester.engine.events import RunProgress, decode
from yester.engine.journal import is_alive, journal_path
from yester.engine.places import Places
from yester.engine.runs.history import read_run, run_ids
from yester.engine.runs.records import RunRecord, with_line
from yester.tui import app
from yester.tui.app import TerminalProgram
from yester.tui.settings import Settings
from yester.tui.state.world import Happening, RunTold

__all__ = ["docs", "plain", "yester"]

LIMIT_S = 60.0


@pytest.fixture
def slow(yester: Yester, plain: Path, docs: Path) -> Iterator[None]:
    """A profile whose run lasts longer than any test: several packs, and little that it may send in a second."""
    for index in range(80):
        (docs / f"{index:02}").write_bytes(os.urandom(1_000_000))
    assert yester("profile", "add", "docs", docs, "--set", "limits.upload=20K").code == 0
    yield
    for run in run_ids(Places.default().state):
        yester("cancel", run)


def newest() -> RunRecord | None:
    """Return what the newest run is known by."""
    runs = run_ids(Places.default().state)
    return read_run(Places.default().state, max(runs)) if runs else None


def reads() -> bool:
    """Whether the newest run has begun to read."""
    run = newest()
    return run is not None and b'"phase":"read"' in journal_path(Places.default().state, run.run).read_bytes()


async def until(pilot: Pilot[None], what: Callable[[], object]) -> None:
    """Let the program go on until something is so."""
    end = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < end, text_of(pilot)
        await pilot.pause(0.02)


def drawn(terminal: int) -> bytearray:
    """Read what a program draws, so that it never waits for its terminal, and return what it has drawn by now."""
    seen = bytearray()

    def read() -> None:
        try:
            while piece := os.read(terminal, 65536):
                seen.extend(piece)
        except OSError:
            return  # the other end is closed

    threading.Thread(target=read, daemon=True).start()
    return seen


def test_a_run_of_another_terminal_is_there_when_the_program_was_killed_and_is_opened_again(slow: None) -> None:
    process, terminal = at_terminal("tui")
    try:
        termios.tcsetwinsize(terminal, (24, 80))
        seen = drawn(terminal)
        wait_for(lambda: b"never ran" in seen)
        elsewhere = start("snap", "docs")
        wait_for(reads)
        wait_for(lambda: b"1 running" in seen)  # it is shown without a key
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    run = newest()
    assert run is not None
    assert not run.is_over
    asyncio.run(_opened_again(run.run))
    finish(elsewhere)
    ended = read_run(Places.default().state, run.run)
    assert ended is not None
    assert ended.state == "cancelled"


Counts = tuple[int, int, int, int]


def counts(record: RunRecord) -> Counts:
    """Return what a run had counted."""
    return record.files, record.size, record.new, record.stored_size


def journaled_counts(run: str) -> dict[int, Counts]:
    """Return what the journal says at each number at which it says anything about it."""
    lines = journal_path(Places.default().state, run).read_bytes().splitlines(keepends=True)
    told = [decode(line) for line in lines if line.endswith(b"\n")]
    begun = RunRecord(run=run, state="running", began_ns=0)
    return {each.seq: counts(with_line(begun, each)) for each in told if isinstance(each.event, RunProgress)}


class Watched(TerminalProgram):
    """Remembers what it counted at each line that it was told."""

    CSS_PATH = str(Path(app.__file__).with_name("app.tcss"))

    def __init__(self) -> None:
        super().__init__(Settings())
        self.counted: dict[int, Counts] = {}

    def happened(self, event: Happening) -> None:
        """Remember it."""
        super().happened(event)
        if isinstance(event, RunTold):
            self.counted[event.line.seq] = counts(self.world.live[event.run].record)


async def _opened_again(run: str) -> None:
    program = Watched()
    async with program.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: run in program.world.live and program.world.live[run].seq > 0)
        stored = journaled_counts(run)
        assert stored
        await until(pilot, lambda: program.world.live[run].seq >= max(stored))
        assert {seq: program.counted[seq] for seq in stored} == stored
        paused = await asyncio.to_thread(finish, start("pause", run))  # from where it was started, or anywhere
        assert paused.code == 0
        await until(pilot, lambda: program.world.live[run].record.state == "paused")
        live = {seq: each for seq, each in journaled_counts(run).items() if seq in program.counted}
        assert live == {seq: program.counted[seq] for seq in live}
        await pilot.press("4")
        await until(pilot, lambda: "paused" in text_of(pilot))
        await pilot.press("x", "y")
        await until(pilot, lambda: program.world.live[run].record.state == "cancelled")
        await _dies(program, pilot, run)


async def _dies(program: TerminalProgram, pilot: Pilot[None], before: str) -> None:
    """Start another one elsewhere, and kill it."""
    await until(pilot, lambda: not is_alive(journal_path(Places.default().state, before)))
    other = start("snap", "docs")
    try:
        await until(pilot, lambda: [each for each in program.world.running if each.record.pid == other.pid])
    finally:
        other.kill()
        finish(other)
    await until(pilot, lambda: "died" in text_of(pilot))
    assert not program.world.running


@on_asyncio
async def test_an_engine_that_is_killed_is_replaced(yester: Yester, plain: Path, docs: Path) -> None:
    assert yester("profile", "add", "docs", docs).code == 0
    program = TerminalProgram(Settings())
    async with program.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: program.world.statuses)
        os.kill(program.engine.pid, signal.SIGKILL)  # type: ignore[attr-defined]  # a real one
        await until(pilot, lambda: "no engine" in text_of(pilot))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "no engine" not in text_of(pilot) and "never ran" in text_of(pilot))
