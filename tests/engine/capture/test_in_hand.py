"""What is told of the files that are read and written, and how far each is."""

import os
from itertools import count
from pathlib import Path

import pytest
from tests import zoo
from tests.engine.capture.test_streams import stream
from tests.rig import Rig, write

from yester.engine.capture.request import SnapshotRequest
from yester.engine.capture.snapping import take_snapshot
from yester.engine.events import Phase, RunProgress
from yester.engine.hooks import NoHooks
from yester.engine.progress import Counters, progress_event
from yester.engine.restore import restoring

pytestmark = pytest.mark.usefixtures("settled")

MIB = 1 << 20


class Witness:
    """Keeps what a follower would be told who keeps up with each look."""

    def __init__(self) -> None:
        self.told: list[RunProgress] = []
        self.phases: list[tuple[Phase, str]] = []
        self._counters = Counters()

    def phase(self, phase: Phase) -> None:
        """Note what is in hand then."""
        self.phases.append((phase, progress_event(self._counters).path))

    def update(self, counters: Counters) -> None:
        """Note how far it is."""
        self._counters = counters
        self.told.append(progress_event(counters))

    def of(self, path: Path) -> list[tuple[int, int | None]]:
        """Return how far a file was each time: bytes done, and to do."""
        found = [(each.path_done, each.path_size) for each in self.told if each.path == str(path)]
        return [each for each in found if each != (0, None)]


def test_a_large_file_is_told_with_how_far_it_is(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "letters/a", b"small")
    write(folder / "film", zoo.noise(18 * MIB))
    zoo.write_sparse(os.fsencode(folder / "sparse"), 1 << 33, (MIB, zoo.noise(9 * MIB, 2)))
    rig, seen, dump = Rig.of(home, folder), Witness(), stream(b"/db/dump", *[zoo.noise(MIB, 3)] * 3)[0]
    request, ticks = SnapshotRequest(rig.profile, "run", streams=(dump,)), count()
    taken = take_snapshot(
        rig.open(),
        request,
        places=rig.places,
        hooks=rig.hooks,
        progress=seen,
        cancelled=rig.cancelled,
        clock=lambda: float(next(ticks)),
    )
    assert seen.of(folder / "film")[0] == (8 * MIB, 18 * MIB)
    assert seen.of(folder / "film")[-1] == (18 * MIB, 18 * MIB)
    assert seen.of(folder / "sparse")[-1] == (9 * MIB, 9 * MIB)
    assert {size for _, size in seen.of(Path("/db/dump"))} == {None}
    assert seen.of(Path("/db/dump"))[-1] == (3 * MIB, None)
    assert f"{folder}/letters/" in [each.path for each in seen.told]
    assert seen.phases[-2:] == [(Phase.STORE, ""), (Phase.COMMIT, "")]

    assert taken.snapshot is not None
    back = Witness()
    monkeypatch.setattr(restoring, "UPDATE_INTERVAL_S", 0)
    restoring.restore(rig.open(), taken.snapshot, [], os.fsencode(home / "back"), hooks=NoHooks(), progress=back)
    film = back.of(folder / "film")
    assert len(film) > 2
    assert film == sorted(film)
    assert {size for _, size in film} == {18 * MIB}
