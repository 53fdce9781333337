"""`yester backend test` leaves nothing, over any backend and however it ends: real processes, really killed."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
from tests.places import PLACES, Making, azure, gcs, making, moto, sshd, webdav  # noqa: F401 - fixtures
from tests.tui.cli.conftest import Ended, finish, start

MOMENTS = ("empty object", "list while changing")
"""Lines after which it is killed: while a large object is put, and while thousands are."""


def killed(url: str, moment: str, *, with_guardian: bool = False) -> Ended:
    """Kill a test; return once the guardian, which has its standard error, has ended as well."""
    process = start("backend", "test", url)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(moment.encode()):
            break
    if with_guardian:
        subprocess.run(["kill", "-KILL", *guardians(process.pid)], check=True)
    process.send_signal(signal.SIGKILL)
    done = finish(process)
    assert done.code == -signal.SIGKILL
    return done


def guardians(pid: int) -> list[str]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [child for child in children if b"guardian" in Path(f"/proc/{child}/cmdline").read_bytes()]
    assert len(found) == 1
    return found


KINDS = [pytest.param(kind, marks=[] if kind == "file" else pytest.mark.servers) for kind in PLACES]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_test_leaves_nothing(kind: str, moment: str, making: Making) -> None:  # noqa: F811
    place = PLACES[kind](making)
    assert place.everything() == []
    done = killed(place.url, moment)
    assert place.everything() in ([], [*place.made])
    assert "the test was killed;" in done.err and "nothing of it is left" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_test_left_that_was_killed_with_its_guardian_goes_with_the_next(
    kind: str,
    making: Making,  # noqa: F811
) -> None:
    place = PLACES[kind](making)
    killed(place.url, MOMENTS[1], with_guardian=True)
    done = finish(start("backend", "test", "--quick", "--json", place.url))
    assert len(json.loads(done.out)["removed"]) > 10
    # That these folders were made by that test nobody knows any more.
    assert set(place.everything()) <= {"new", "one", "two"}
