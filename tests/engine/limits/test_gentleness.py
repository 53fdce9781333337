"""Priorities and sleep, with programs that only note how they were called; in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import said, stand_in

from yester.engine.limits.gentleness import awake

CODE = """
import json, os, sys, threading
from yester.engine.limits.gentleness import gentle
from yester.engine.profiles.profile import LimitSpec, Profile
notes = []
profile = Profile("docs", b"", (), limits=LimitSpec(**json.loads(sys.argv[1])))
with gentle(profile, notes.append):
    pass
niceness = []
thread = threading.Thread(target=lambda: niceness.append(os.getpriority(os.PRIO_PROCESS, 0)))
thread.start(); thread.join()
print(json.dumps([os.getpriority(os.PRIO_PROCESS, 0), niceness[0], notes]))
"""
NOTES = '#!/bin/sh\necho "$(basename "$0") $*" >>"$STAND_IN/said"\n'
INHIBIT = NOTES + 'while [ "${1#--}" != "$1" ]; do shift; done\n"$@"; echo "end" >>"$STAND_IN/said"\n'
REFUSED = NOTES + "echo Access denied >&2; exit 1\n"


def in_a_process(
    folder: Path, limits: dict[str, object], programs: dict[str, str], nice: int = 0
) -> tuple[int, int, list[str]]:
    path = stand_in(folder, **programs)
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(limits)],
        env={**os.environ, "PATH": f"{path}:/bin" if programs else str(path), "STAND_IN": str(folder)},
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=lambda: os.nice(max(0, nice - os.nice(0))) and None,  # the tests may have been started nicer
    )
    first, second, notes = json.loads(done.stdout)
    return first, second, notes


def test_a_run_steps_back(tmp_path: Path) -> None:
    limits: dict[str, object] = {"nice": 11, "ionice": "best-effort:6", "inhibit_suspend": False}
    process, thread, notes = in_a_process(tmp_path, limits, {"ionice": NOTES})
    assert (process, thread, notes) == (11, 11, [])
    assert said(tmp_path)[0].startswith("ionice -c 2 -n 6 -p ")


def test_who_is_nicer_stays_so(tmp_path: Path) -> None:
    process, _, notes = in_a_process(tmp_path, {"nice": 5, "ionice": "idle"}, {"ionice": NOTES}, nice=15)
    assert process == 15
    assert said(tmp_path)[0].startswith("ionice -c 3 -p ")
    assert len(notes) <= 1  # of systemd-inhibit, where there is none


def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    _, _, notes = in_a_process(tmp_path, {"ionice": "idle"}, {})
    assert notes == [
        "ionice is not here, so that ionice = idle has no effect",
        "The machine may go to sleep during the run: systemd-inhibit: No such file or directory",
    ]
    _, _, notes = in_a_process(tmp_path, {"ionice": "idle"}, {"ionice": REFUSED, "systemd-inhibit": REFUSED})
    assert notes == [
        "ionice = idle cannot be set: Access denied",
        "The machine might have gone to sleep during the run: Access denied",
    ]


def test_the_machine_stays_awake_for_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stand_in(tmp_path, **{"systemd-inhibit": INHIBIT})
    monkeypatch.setenv("PATH", f"{path}:/bin")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    notes: list[str] = []
    with awake("a snapshot of docs", notes.append):
        pass
    assert said(tmp_path) == [
        "systemd-inhibit --what=sleep --mode=block --who=yester --why=a snapshot of docs cat",
        "end",
    ]
    assert notes == []


def test_a_killed_run_lets_the_machine_sleep(tmp_path: Path) -> None:
    """The child ends with its input: nobody has to tell it."""
    path = stand_in(tmp_path, **{"systemd-inhibit": INHIBIT})
    os.mkfifo(tmp_path / "said")
    code = (
        "import os\nfrom yester.engine.limits.gentleness import awake\n"
        "with awake('x', print):\n    os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, "PATH": f"{path}:/bin", "STAND_IN": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    with open(tmp_path / "said") as lines:
        assert lines.readline().startswith("systemd-inhibit")
        process.wait()
        while (line := lines.readline()) != "end\n":
            assert line == ""
