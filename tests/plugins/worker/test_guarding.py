"""The guardian's last duty, with what may be in its way."""

import subprocess
import sys

ENDS = """
import os, subprocess
from yester.plugins.worker import guarding

theirs, ours = (subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL) for _ in range(2))
kill = os.kill

def may_kill(pid, number):
    if pid == theirs.pid:
        raise PermissionError
    kill(pid, number)

guarding._ROUNDS, os.kill = 100, may_kill
try:
    guarding._end_the_rest(os.getpid(), "")
    print(os.path.exists(f"/proc/{theirs.pid}"), os.path.exists(f"/proc/{ours.pid}"))
finally:
    kill(theirs.pid, 9)
    if os.path.exists(f"/proc/{ours.pid}"):
        kill(ours.pid, 9)
"""


def test_who_may_not_be_killed_keeps_nobody_else_alive() -> None:
    """A program with the rights of root, such as sudo, that a plugin of somebody else's started."""
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True False\n", "")
