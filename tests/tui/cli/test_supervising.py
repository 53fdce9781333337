import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tui.cli.conftest import environment

from yester.engine.errors import CancelledError, YesterError
from yester.engine.runs.history import journaled
from yester.tui.cli.failures import Terminated
from yester.tui.cli.supervising import supervise

LIMIT_S = 20.0


def wait_until_cancelled(number: int) -> Callable[[Callable[[], bool]], None]:
    """Return work that sends its own process a signal and waits to be asked to stop."""

    def work(cancelled: Callable[[], bool]) -> None:
        os.kill(os.getpid(), number)
        end = time.monotonic() + LIMIT_S
        while not cancelled():
            assert time.monotonic() < end
        raise CancelledError("stopped")

    return work


def test_the_value_comes_back_from_a_thread() -> None:
    assert supervise(lambda cancelled: threading.current_thread() is threading.main_thread(), None) is False


def test_errors_come_back_as_they_are() -> None:
    def work(cancelled: object) -> None:
        raise YesterError("no", hint="try")

    with pytest.raises(YesterError, match=r"^no$") as caught:
        supervise(work, None)
    assert caught.value.hint == "try"


def test_an_interrupt_asks_the_work_to_stop() -> None:
    with pytest.raises(CancelledError):
        supervise(wait_until_cancelled(signal.SIGINT), None)


def test_a_termination_too() -> None:
    with pytest.raises(Terminated):
        supervise(wait_until_cancelled(signal.SIGTERM), None)


def test_the_tick_comes_while_the_work_goes_on() -> None:
    ticked = threading.Event()
    assert supervise(lambda cancelled: ticked.wait(LIMIT_S), ticked.set)


def test_the_second_signal_ends_it_at_once() -> None:
    code = (
        "import time\nfrom yester.tui.cli.supervising import supervise\n"
        "def work(cancelled):\n    print('working', flush=True)\n"
        "    while not cancelled(): time.sleep(0.01)\n    print('asked', flush=True)\n    time.sleep(60)\n"
        "supervise(work, None)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"working\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b"yester: Stopped at once; the repository is in order\n"


def test_a_record_has_an_end_also_when_the_process_is_ended_at_once(tmp_path: Path) -> None:
    """Else the run would be said to have died."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom yester.engine.places import Places\n"
        "from yester.tui.cli.running import Work, recorded\n"
        "def work(cancelled):\n    print('working', flush=True)\n"
        "    while not cancelled(): time.sleep(0.01)\n    print('asked', flush=True)\n    time.sleep(60)\n"
        "with recorded(Places.under(Path(sys.argv[1])), Work('prune'), quiet=True) as run:\n    run.supervise(work)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        for word in (b"working\n", b"asked\n"):
            assert process.stdout.readline() == word
            process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 130
    [run] = journaled(tmp_path / "state")
    assert (run.state, run.exit_code, run.action) == ("cancelled", 130, "prune")
