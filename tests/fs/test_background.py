"""A server that goes to the background."""

import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from yester.engine.errors import YesterError
from yester.fs.background import run_in_background

SCRIPT = """
import os
import signal
import sys
import time
from pathlib import Path
from yester.fs.background import run_in_background

def end(number, frame):
    sys.exit("ended")

def server(ready):
    print("begun", flush=True)
    time.sleep(60)
    ready()

signal.signal(signal.SIGTERM, end)
if sys.argv[2] == "at once":
    os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
run_in_background(server, Path(sys.argv[1]))
"""


@pytest.mark.parametrize("when", ["waiting", "at once"])
def test_who_stops_waiting_for_a_server_gets_none(tmp_path: Path, when: str) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "log"), when]
    waiting = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert waiting.stdout is not None
    if when == "at once":
        # At its end when nobody has it open any more; the server has, too.
        waiting.communicate(timeout=20)
        assert waiting.returncode == 1
        return
    assert waiting.stdout.readline() == "begun\n"
    [child] = Path(f"/proc/{waiting.pid}/task/{waiting.pid}/children").read_text().split()
    server = os.pidfd_open(int(child))
    try:
        waiting.terminate()
        assert waiting.wait(20) == 1
        assert select.select([server], [], [], 20)[0], "it would mount once it is ready, with nobody waiting"
    finally:
        os.close(server)
        waiting.stdout.close()


def test_one_that_ends_before_it_is_ready_says_so(tmp_path: Path) -> None:
    with pytest.raises(YesterError, match="unmounted before it was ready"):
        run_in_background(lambda _: None, tmp_path / "log")


def test_what_has_the_pipes_number_once_it_is_ready_is_left_alone(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "abcdefgh"]

    def server(ready: Callable[[], None]) -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        ready()
        for file in files:
            os.open(file, os.O_WRONLY | os.O_CREAT)
        raise YesterError("Something went wrong later")

    run_in_background(server, tmp_path / "log")
    os.waitpid(int((tmp_path / "pid").read_text()), 0)
    assert [file.read_bytes() for file in files] == [b""] * len(files)
