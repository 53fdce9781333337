"""Two processes of one client at once: no number is given twice, and the witness neither misses nor invents a loss."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.rig import write
from tests.tui.cli.conftest import Yester, environment

from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.plugins.backends.folder import FolderStore

ROUNDS = 6


@pytest.fixture
def profiles(yester: Yester, plain: Path, home: Path) -> list[str]:
    for name in ("one", "two"):
        write(home / name / "file", name.encode())
        assert yester("profile", "add", name, home / name).code == 0
    return ["one", "two"]


_LOOP = """
import sys
from yester.tui.cli.program import run
name, rounds = sys.argv[1], int(sys.argv[2])
for _ in range(rounds):
    code = run(["snap", name])
    assert code == 0, code
    assert run(["list"]) == 0
"""


def test_two_profiles_of_one_writer_never_get_one_number(yester: Yester, plain: Path, profiles: list[str]) -> None:
    loops = [
        subprocess.Popen(
            [sys.executable, "-c", _LOOP, name, str(ROUNDS)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        for name in profiles
    ]
    ended = [loop.communicate() for loop in loops]
    assert [loop.returncode for loop in loops] == [0, 0], ended
    assert [complaints for _, complaints in ended] == [b"", b""], "nothing was missed"
    assert yester("list").err == ""
    repository = Repository.open(FolderStore(plain), None, places=Places.default())
    snapshots = [snapshot for _, snapshot in repository.snapshots()]
    assert len({snapshot.writer for snapshot in snapshots}) == 1
    assert sorted(snapshot.sequence for snapshot in snapshots) == list(range(1, 2 * ROUNDS + 1))
    by_number = {snapshot.sequence: (sid, snapshot) for sid, snapshot in repository.snapshots()}
    for number in range(2, 2 * ROUNDS + 1):
        assert by_number[number][1].previous == by_number[number - 1][0]
    assert len(json.loads(yester("list", "--json").out)) == 2 * ROUNDS
