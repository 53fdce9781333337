"""Many runs at once, some of them killed: every journal tells the truth afterwards."""

import json
import os
import random
import signal
from pathlib import Path

from tests.tui.cli.conftest import Yester, finish, start

from yester.engine.places import Places
from yester.engine.runs.following import follow
from yester.engine.runs.history import active_runs, journaled
from yester.engine.runs.sockets import control_folders

ROUNDS = 3


def test_runs_at_once_with_kills(yester: Yester, plain: Path, docs: Path) -> None:
    dice = random.Random(3)
    names = ("one", "two")
    for name in names:
        assert yester("profile", "add", name, docs).code == 0
    killed, ended = 0, []
    for _ in range(ROUNDS):
        for index in range(100):
            (docs / f"{index}").write_bytes(os.urandom(20_000))
        runs = [start("snap", name, "--events") for name in (*names, *names)]
        victim = dice.choice(runs)
        assert victim.stdout is not None
        assert b"run.begin" in victim.stdout.readline()
        assert yester("runs").code == 0
        victim.send_signal(signal.SIGKILL)
        ended += [finish(process).code for process in runs]
        killed += victim.returncode == -signal.SIGKILL
    state = Places.default().state
    assert active_runs(state) == []
    found = list(journaled(state))
    assert sum(run.state == "died" for run in found) <= killed
    assert set(ended) <= {0, 4, -signal.SIGKILL}
    assert sum(run.state == "complete" for run in found) >= ended.count(0)
    # A run may be killed after it wrote its end.
    assert ended.count(4) <= sum(run.exit_code == 4 for run in found) <= ended.count(4) + killed
    for run in found:
        following = follow(Places.default(), run.run)
        lines = list(following)
        assert following.ended == (run.state != "died")
        assert json.loads(lines[0])["type"] == "run.begin"
    for name in names:
        assert yester("snap", name).code == 0
    assert yester("status").code == 0
    assert [path.name for path in control_folders(Places.default())[0].iterdir() if path.suffix == ".sock"] == []
