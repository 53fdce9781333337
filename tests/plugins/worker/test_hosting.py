"""Real workers, and plugins that do what plugins do."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from yester.plugins.options.layers import Layer
from yester.plugins.worker import hosting
from yester.plugins.worker.frames import ProtocolError
from yester.plugins.worker.hosting import WorkerProcess
from yester.plugins.worker.messages import PluginFile
from yester.plugins.worker.problems import AskRefused, PluginBrokenOff, PluginError, PluginTimedOut, WorkerDied

ROOT = Path(__file__).parents[3]
WORLD = "tests.plugins.worker.trial"
SHORT_S = 0.5

Started = Callable[..., WorkerProcess]


class Said:
    """What plugins printed."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def __call__(self, plugin: str, stream: str, line: str) -> None:
        self.lines.append((plugin, stream, line))


@pytest.fixture
def said() -> Said:
    return Said()


def answers(plugin: str, method: str, arguments: Sequence[Any]) -> Any:
    if method == "who":
        return plugin
    if method == "sum":
        return sum(arguments)
    raise AskRefused(f"nobody knows {method}")


@pytest.fixture
def started(said: Said) -> Iterator[Started]:
    workers = []

    def start(*paths: str, threads: int = 1, **more: Any) -> WorkerProcess:
        worker = WorkerProcess(WORLD, printed=said, answers=answers, folder=str(ROOT), **more)
        workers.append(worker)
        worker.load([PluginFile(f"p{row}", path) for row, path in enumerate(paths or ("fine",))], {"threads": threads})
        return worker

    yield start
    for worker in workers:
        worker.close()


@pytest.fixture(autouse=True)
def _little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "GRACE_S", 0.3)


def is_there(pid: int) -> bool:
    """Whether a process lives; one that only waits to be reaped does not."""
    try:
        return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return False


def test_a_call_comes_back_with_its_value(started: Started) -> None:
    worker = started()
    values = [1, -2.5, "text", b"\xff", None, True, [1, [2]], {"a": {"b": b""}}]
    assert worker.call("p0", "echo", values, None) == values
    with pytest.raises(PluginError, match="p0: fail failed: KeyError: 'why'") as caught:
        worker.call("p0", "fail", ["why"], None)
    assert caught.value.kind == "builtins.KeyError"
    assert "raise KeyError(text)" in caught.value.trace
    assert worker.call("p0", "echo", [], None) == []


def test_plugins_say_how_they_loaded(said: Said) -> None:
    worker = WorkerProcess(WORLD, printed=said, answers=answers, folder=str(ROOT))
    try:
        loaded = worker.load([PluginFile("a", "fine", (Layer("file", "", {"x": 1}),)), PluginFile("b", "broken")], {})
    finally:
        worker.close()
    assert [(each.name, each.problem, each.facts["got"]) for each in loaded] == [
        ("a", "", {"x": 1}),
        ("b", "it is broken", {}),
    ]


def test_a_call_that_nobody_wants_any_more_is_broken_off(started: Started) -> None:
    worker = started()
    with pytest.raises(PluginBrokenOff, match="p0: wait_for_cancel was broken off") as caught:
        worker.call("p0", "wait_for_cancel", [], None, lambda: True)
    assert caught.value.is_over
    assert worker.call("p0", "echo", [1], None, lambda: True) == [1]
    with pytest.raises(PluginBrokenOff) as caught:
        worker.call("p0", "loop_in_c", [], 600, lambda: True)
    assert not caught.value.is_over


def test_leaving_is_no_way_out(started: Started) -> None:
    worker = started()
    with pytest.raises(PluginError, match="SystemExit: 7"):
        worker.call("p0", "leave", [], None)
    assert worker.call("p0", "echo", [], None) == []


@pytest.mark.parametrize(
    ("method", "how"), [("exit_at_once", "exit code 5"), ("close_descriptors", "exit code|killed by")]
)
def test_a_plugin_that_ends_its_worker_is_named(started: Started, method: str, how: str) -> None:
    worker = started()
    with pytest.raises(WorkerDied, match=f"p0: it ended the worker process of .* plugins: ({how})") as caught:
        worker.call("p0", method, [], None)
    assert caught.value.plugin == "p0"
    with pytest.raises(WorkerDied):
        worker.call("p0", "echo", [], None)


@pytest.mark.parametrize("method", ["loop_in_c", "stop_itself"])
def test_a_plugin_that_never_comes_back_is_ended(started: Started, method: str) -> None:
    worker = started()
    with pytest.raises(PluginTimedOut, match=f"p0: {method} took longer than 0.5 s") as caught:
        worker.call("p0", method, [], SHORT_S)
    assert (caught.value.plugin, caught.value.is_over) == ("p0", False)
    assert not is_there(worker._process.pid)


def test_a_call_may_notice_that_it_is_cancelled(started: Started) -> None:
    worker = started()
    with pytest.raises(PluginTimedOut) as caught:
        worker.call("p0", "wait_for_cancel", [], SHORT_S)
    assert caught.value.is_over
    assert worker.call("p0", "echo", [1], None) == [1]


def test_children_of_a_fork_do_not_answer(started: Started) -> None:
    worker = started()
    pid = worker.call("p0", "fork_often", [], None)
    assert pid > 0
    assert [worker.call("p0", "echo", [number], None) for number in range(100)] == [[number] for number in range(100)]
    worker.close()
    assert not is_there(pid)


def test_nothing_is_left_when_a_worker_ends(started: Started, tmp_path: Path) -> None:
    """Not even what left the session and lost its parent."""
    worker = started()
    pids = []
    for name in ("a", "b"):
        assert worker.call("p0", "slip_away", [str(tmp_path / name)], None) == 0
        while not (tmp_path / name).exists() or not (tmp_path / name).read_text():
            os.sched_yield()
        pids.append(int((tmp_path / name).read_text()))
    assert all(map(is_there, pids))
    worker.kill()
    assert not any(map(is_there, pids))


@pytest.mark.parametrize("ends", ["close", "kill"])
@pytest.mark.parametrize(
    ("leaves", "speaks", "stays"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_who_serves_a_mounted_file_system_is_left_alone(
    started: Started, tmp_path: Path, fuse: None, ends: str, leaves: bool, speaks: bool, stays: bool
) -> None:
    """Unless it is of the worker's session, or could speak in its name."""
    worker, file = started(), tmp_path / "pid"
    assert worker.call("p0", "serve_files", [str(file), leaves, speaks], None) == 0
    while not file.exists() or not file.read_text():
        os.sched_yield()
    pid = int(file.read_text())
    getattr(worker, ends)()
    assert is_there(pid) == stays
    if stays:
        os.kill(pid, signal.SIGKILL)


def test_memory_has_a_limit(started: Started) -> None:
    worker = started()
    with pytest.raises(PluginError, match="MemoryError"):
        worker.call("p0", "allocate", [4 << 30], None)
    assert worker.call("p0", "allocate", [1 << 20], None) == 1 << 20


def test_a_flood_of_output_is_cut(started: Started, said: Said) -> None:
    worker = started()
    worker.call("p0", "print_much", [1 << 27], None)
    worker.call("p0", "echo", [], None)
    assert len(said.lines) == 1001
    assert said.lines[0] == ("p0", "stdout", "x" * 99)
    assert said.lines[-1][2].startswith("… and 1,34")


def test_output_is_told_by_plugin_and_stream(started: Started, said: Said) -> None:
    worker = started("fine", "fine")
    worker.call("p1", "say", ["hello", "oh"], None)
    worker.call("p0", "say", ["a\nb", ""], None)
    assert sorted(said.lines) == [
        ("p0", "stderr", ""), ("p0", "stdout", "a"), ("p0", "stdout", "b"),
        ("p1", "stderr", "oh"), ("p1", "stdout", "hello"),
    ]  # fmt: skip


def test_a_plugin_asks_the_host(started: Started) -> None:
    worker = started("fine", "fine")
    assert worker.call("p1", "ask", ["who"], None) == "p1"
    assert worker.call("p1", "ask", ["sum", 1, 2], None) == 3
    with pytest.raises(PluginError, match="AskError: nobody knows the way"):
        worker.call("p1", "ask", ["the way"], None)


def test_calls_run_at_once_where_the_world_says_so(started: Started) -> None:
    worker = started(threads=3)
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(worker.call, "p0", "meet", [], 30.0) for _ in range(3)]
        assert sorted(call.result() for call in calls) == [0, 1, 2]


def test_all_calls_end_with_their_worker(started: Started) -> None:
    worker = started(threads=2)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(worker.call, "p0", "meet", [], None)
        worker.call("p0", "echo", [], None)
        with pytest.raises(WorkerDied):
            worker.call("p0", "exit_at_once", [], None)
        assert isinstance(waiting.exception(), WorkerDied)


@pytest.mark.parametrize(("path", "problem", "limit_s"), [("dies", WorkerDied, 60.0), ("hangs", PluginTimedOut, 4.0)])
def test_a_plugin_that_cannot_even_be_loaded_is_named(
    said: Said, monkeypatch: pytest.MonkeyPatch, path: str, problem: type[Exception], limit_s: float
) -> None:
    # The start of the worker counts as the first plugin's time.
    monkeypatch.setattr(hosting, "LOAD_TIMEOUT_S", limit_s)
    worker = WorkerProcess(WORLD, printed=said, answers=answers, folder=str(ROOT))
    with pytest.raises(problem) as caught:
        worker.load([PluginFile("good", "fine"), PluginFile("bad", path), PluginFile("late", "fine")], {})
    assert getattr(caught.value, "plugin", "") == "bad"
    worker.close()


def test_each_plugin_has_its_own_time_to_load(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "LOAD_TIMEOUT_S", 4.0)
    worker = WorkerProcess(WORLD, printed=said, answers=answers, folder=str(ROOT))
    loaded = worker.load([PluginFile(f"p{row}", "slow") for row in range(9)], {})
    assert [each.problem for each in loaded] == [""] * 9
    worker.close()


@pytest.mark.parametrize("method", ["return_what_cannot_be_sent", "return_too_much"])
def test_a_result_that_cannot_be_sent(started: Started, method: str) -> None:
    worker = started()
    with pytest.raises(PluginError, match="its result: "):
        worker.call("p0", method, [], None)
    assert worker.call("p0", "echo", [], None) == []


def test_arguments_that_cannot_be_sent(started: Started) -> None:
    worker = started()
    with pytest.raises(ProtocolError, match="a message of"):
        worker.call("p0", "big_one_way", [bytes(20 << 20)], None)
    assert worker.call("p0", "big_one_way", [bytes(10 << 20)], None) == 10 << 20


def test_a_worker_that_does_not_read_is_given_up(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "SEND_TIMEOUT_S", SHORT_S)
    worker = started()
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(worker.call, "p0", "stop_itself", [], None)
        while not worker.culprit:
            os.sched_yield()
        with pytest.raises(WorkerDied):
            worker.call("p0", "big_one_way", [bytes(10 << 20)], None)
        assert isinstance(stopped.exception(), WorkerDied)


def test_it_ends_with_its_host(tmp_path: Path) -> None:
    """Also when the host is killed."""
    code = f"""
import os, signal, sys
from yester.plugins.worker.hosting import WorkerProcess
from yester.plugins.worker.messages import PluginFile
worker = WorkerProcess({WORLD!r}, printed=print, answers=print, folder={str(ROOT)!r})
worker.load([PluginFile("p0", "fine")], {{}})
pids = [worker._process.pid, worker.call("p0", "fork_often", [], None)]
worker.call("p0", "slip_away", [{str(tmp_path / "slipped")!r}], None)
while not os.path.exists({str(tmp_path / "slipped")!r}) or not open({str(tmp_path / "slipped")!r}).read(): pass
print(*pids, open({str(tmp_path / "slipped")!r}).read(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 3, done.stderr
    for pid in pids:
        while is_there(pid):
            os.sched_yield()


def test_no_thread_and_no_descriptor_stays(started: Started) -> None:
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for method in ("echo", "exit_at_once"):
        worker = started()
        with suppress(WorkerDied):
            worker.call("p0", method, [], None)
        worker.close()
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before
