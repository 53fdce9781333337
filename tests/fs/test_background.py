"""A server that goes to the background."""

import os
import select
import subprocess
import sys
from pathlib import Path

SCRIPT = """
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
run_in_background(server, Path(sys.argv[1]))
"""


def test_who_stops_waiting_for_a_server_gets_none(tmp_path: Path) -> None:
    waiting = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path / "log"], stdout=subprocess.PIPE, text=True)
    assert waiting.stdout is not None
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
