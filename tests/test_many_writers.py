"""Many writers, prunes, checks, mounts and kills at once, on hosts whose clocks disagree: nothing is lost.

For minutes: give YESTER_STRESS_SECONDS=300 to pytest with this file.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.prune.rigging import assert_holds, assert_sound, fill, forget, kept_files, pruned
from tests.rig import Rig

from yester.engine.places import Places

# Read now: the tests' own environment has no variable of yester's.
SECONDS = int(os.environ.get("YESTER_STRESS_SECONDS", "15"))
SHORT = 3
"""Seconds in `make test`; it goes on until everything has happened at least once."""
SEED = os.environ.get("YESTER_STRESS_SEED", str(time.time_ns()))
ROOT = Path(__file__).parents[1]


@pytest.mark.timeout(SECONDS * 2 + 120)
@pytest.mark.parametrize("seconds", [SHORT, pytest.param(SECONDS, marks=pytest.mark.long)])
def test_ten_processes_at_once_lose_nothing(fuse: None, tmp_path: Path, seconds: int) -> None:
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "tests/many_writers.py"), str(tmp_path / "world"), str(seconds), SEED],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )
    assert done.returncode == 0, f"seed {SEED}\n{done.stderr}"
    counts = json.loads(done.stdout.splitlines()[-1])
    print(counts)
    assert counts["taken"] - counts["forgotten"] <= counts["left"]
    for action in ("snap", "forget", "prune", "check", "read", "mount", "snap killed", "prune killed"):
        assert counts["processes"].get(action), f"too short a time for any {action}"


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set this machine's clock wrong by so many hours."""
    real = time.time_ns

    def wrong(hours: float) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: real() + int(hours * 3600e9))

    return wrong


@pytest.mark.usefixtures("settled")
def test_a_clock_that_is_wrong_by_hours_changes_nothing(
    home: Path, tmp_path: Path, wrong: Callable[[float], None]
) -> None:
    """Two hosts, one a day behind: neither's packs are taken for old, nor its sessions or marks for dead."""
    (tmp_path / "here").mkdir()
    here = Rig.of(home, tmp_path / "here", name="docs")
    there = replace(here, places=Places.under(tmp_path / "there"), made=True)
    fill(tmp_path / "here", 20, 1)
    here.open()
    wrong(-24)
    behind = there.snap().snapshot
    old = kept_files(tmp_path / "here")
    wrong(0)
    gone = here.snap().snapshot
    fill(tmp_path / "here", 30, 2)
    wrong(-24)
    newer = there.snap().snapshot
    files = kept_files(tmp_path / "here")
    forget(there, gone)
    assert pruned(there).is_sound
    wrong(0)
    assert pruned(here).is_sound
    assert_holds(here, behind, old)
    assert_holds(there, newer, files)
    assert_sound(here)
    assert here.open().warnings() == there.open().warnings() == []
    assert [snapshot.sequence for _, snapshot in here.open().snapshots()] == [1, 2]


@pytest.mark.usefixtures("settled")
def test_two_laptops_with_copies_of_one_profile_are_two_series(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    here = Rig.of(home, tmp_path / "here", name="docs")
    there = replace(here, places=Places.under(tmp_path / "there"), made=True)
    fill(tmp_path / "here", 5, 1)
    here.open()
    monkeypatch.setattr(
        "yester.engine.capture.context.host_id", lambda places: places.state.parent.name.encode().ljust(16)
    )
    first, second = here.snap().snapshot, there.snap().snapshot
    third, fourth = there.snap().snapshot, here.snap().snapshot
    assert first is not None and second is not None and third is not None and fourth is not None
    repository = here.open()
    assert [repository.snapshot(sid).parent for sid in (first, second, third, fourth)] == [None, None, second, first]
