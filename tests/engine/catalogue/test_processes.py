"""Real processes at one catalogue: killed while it is written, and several at once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.rig import Rig, write
from tests.tui.cli.conftest import environment

from yester.engine.catalogue.catalogue import Catalogue
from yester.plugins.backends.folder import FolderStore

UPDATE = """
import os, signal, sys
from yester.engine.catalogue import intake
from yester.engine.catalogue.catalogue import Catalogue
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.plugins.backends.registry import open_store

die_at = int(sys.argv[2])
flush = intake.SnapshotIntake._flush

def flush_and_die(self):
    global die_at
    flush(self)
    die_at -= 1
    if die_at == 0:
        os.kill(os.getpid(), signal.SIGKILL)

intake.SnapshotIntake._flush = flush_and_die
intake._BATCH = 20
repository = Repository.open(open_store(sys.argv[1]), None, places=Places.default())
with Catalogue.open(repository) as catalogue:
    catalogue.update()
    print(sum(1 for _ in catalogue.held()), flush=True)
"""


def rig_in(home: Path) -> tuple[Rig, Path]:
    top = home / "top"
    place = home / "repository"
    place.mkdir()
    top.mkdir()
    rig = Rig.of(home, top)
    rig.store = FolderStore(place, create=True)
    for snapshot in range(4):
        for number in range(30):
            write(top / f"d{number}" / "same", b"same")
            write(top / f"d{number}" / "other", b"%d" % (snapshot * (number % 3)))
        rig.snap()
    return rig, place


def updating(place: Path, die_at: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", UPDATE, str(place), str(die_at)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())


def states_of(rig: Rig) -> list[tuple[bytes, list[tuple[int, int]]]]:
    """Everything that the catalogue says, as far as it does not depend on how it was made."""
    with Catalogue.open(rig.open()) as catalogue:
        catalogue.update()
        paths = sorted({catalogue.path_of(held.path) for held in catalogue.held()})
        return [(path, [(each.state.size, each.count) for each in catalogue.versions(path)]) for path in paths]


def test_a_process_that_is_killed_leaves_nothing_half_done(home: Path) -> None:
    rig, place = rig_in(home)
    cache = rig.open().cache / "catalogue.sqlite"
    for die_at in (1, 2, 4, 7):
        process = updating(place, die_at)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    after_kills = states_of(rig)
    for left in cache.parent.glob("catalogue.sqlite*"):
        left.unlink()
    assert states_of(rig) == after_kills
    assert len(after_kills) > 90


def test_several_at_once_do_the_work_once(home: Path) -> None:
    rig, place = rig_in(home)
    processes = [updating(place, 0) for _ in range(4)]
    told = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(told) == 1
    assert len(states_of(rig)) > 90


def test_several_that_meet_a_damaged_file_make_it_anew_once(home: Path) -> None:
    rig, place = rig_in(home)
    (rig.open().cache / "catalogue.sqlite").write_bytes(b"no database at all" * 1000)
    processes = [updating(place, 0) for _ in range(4)]
    told = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(told) == 1
    assert len(states_of(rig)) > 90


def test_a_damaged_pack_is_told_and_the_rest_answers(home: Path) -> None:
    rig, place = rig_in(home)
    write(home / "top/d1/other", b"one more")
    before = set(rig.store.list("meta."))
    rig.snap()
    [fresh] = set(rig.store.list("meta.")) - before
    [found] = place.rglob(fresh)
    data = bytearray(found.read_bytes())
    data[100:2000] = os.urandom(1900)
    found.chmod(0o600)
    found.write_bytes(data)
    with Catalogue.open(rig.open()) as catalogue:
        catalogue.update()
        assert [count for _, count in catalogue.damage()] == [1]
        path = os.fsencode(home / "top/d2/other")
        assert [each.count for each in catalogue.versions(path)] != []
        assert catalogue.versions(path)[-1].gone is None
