import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.test_bad_input import remount, small_disk

from yester.engine.errors import BusyError, YesterError
from yester.engine.profiles.profile import Profile
from yester.engine.runlock import run_lock

PROFILE = Profile("photos", bytes(16), (b"/",))
OTHER = Profile("music", bytes(15) + b"\1", (b"/",))

HOLD = """
import sys
from pathlib import Path
from yester.engine.profiles.profile import Profile
from yester.engine.runlock import run_lock
with run_lock(Path(sys.argv[1]), Profile("photos", bytes(16), (b"/",))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_runs_of_one_profile(tmp_path: Path) -> None:
    with run_lock(tmp_path, PROFILE):
        busy = pytest.raises(BusyError, match=f"photos is active: process {os.getpid()}$")
        with busy as caught, run_lock(tmp_path, PROFILE):
            pass
        assert caught.value.exit_code == 4
        with run_lock(tmp_path, OTHER):
            pass
    with run_lock(tmp_path, PROFILE):
        pass


def test_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "locks").touch()
    with pytest.raises(YesterError, match="cannot be written") as caught, run_lock(tmp_path, PROFILE):
        pass
    assert "XDG_STATE_HOME" in caught.value.hint


def test_a_spare_folder_stands_in_for_one_that_cannot_be_written(tmp_path: Path) -> None:
    state, spare = tmp_path / "state", tmp_path / "runtime"
    state.touch()
    with run_lock(state, PROFILE, spare):
        state.unlink()  # and now it can be
        with pytest.raises(BusyError), run_lock(state, PROFILE, spare):
            pass
    with run_lock(state, PROFILE, spare):
        pass
    spare.rename(tmp_path / "away")
    spare.touch()
    with run_lock(state, PROFILE, spare), pytest.raises(BusyError), run_lock(state, PROFILE):
        pass


@pytest.mark.usefixtures("as_root")
def test_a_lock_that_is_there_is_held_where_nothing_can_be_written(tmp_path: Path) -> None:
    with run_lock(tmp_path, PROFILE):
        pass
    with small_disk(tmp_path / "disk", "64k") as disk:
        with run_lock(disk, PROFILE):
            pass
        remount(disk, "ro")
        with run_lock(disk, PROFILE), pytest.raises(BusyError), run_lock(disk, PROFILE):
            pass


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=f"process {holder.pid}"), run_lock(tmp_path, PROFILE):
            pass
        holder.kill()
        holder.wait()
        with run_lock(tmp_path, PROFILE):
            pass


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
