"""Pruning in tests: a clock that moves when somebody sleeps, and repositories with something to free."""

import random
from collections.abc import Callable
from pathlib import Path

from tests.rig import Rig

from yester.engine.check.checking import check
from yester.engine.hooks import Hooks, NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.progress import NoProgress
from yester.engine.prune.pruning import PruneOptions, PruneResult, prune


class FakeClock:
    """Sleeping takes no time; what is to happen meanwhile may be given."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.time = 0.0
        self.sleeps = 0
        self._meanwhile = meanwhile

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.sleeps += 1
        self._meanwhile()


EVERYTHING = PruneOptions(max_unused=0.0)


def pruned(
    rig: Rig,
    options: PruneOptions = EVERYTHING,
    *,
    clock: FakeClock | None = None,
    hooks: Hooks | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PruneResult:
    return prune(
        rig.open(),
        options,
        hooks=hooks or NoHooks(),
        progress=NoProgress(),
        clock=clock or FakeClock(),
        cancelled=cancelled,
    )


def forget(rig: Rig, snapshot: SnapshotId | None) -> None:
    assert snapshot is not None
    rig.open().forget_snapshot(snapshot, "test")


def fill(folder: Path, files: int, seed: int, sizes: tuple[int, ...] = (0, 50, 5_000, 100_000, 400_000)) -> None:
    """Write files that follow from the seed."""
    chance = random.Random(seed)
    for row in range(files):
        path = folder / f"{row % 5}/{row % 3}/{row}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.choice(sizes)))


def kept_files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_holds(rig: Rig, snapshot: SnapshotId | None, files: dict[Path, bytes]) -> None:
    taken = rig.taken(snapshot)
    assert all(taken.content(path) == content for path, content in files.items())


def assert_sound(rig: Rig) -> None:
    report = check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert (report.problems, report.notes) == ((), ())


def objects(rig: Rig) -> dict[str, int]:
    """Count objects by kind."""
    counts: dict[str, int] = {}
    for name in rig.store.list():
        kind = name.partition(".")[0]
        counts[kind] = counts.get(kind, 0) + 1
    return counts
